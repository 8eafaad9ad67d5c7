CREATE TABLE `lineage_events` (
	`first` text NOT NULL,
	`seq` integer NOT NULL,
	`generation` integer NOT NULL,
	PRIMARY KEY(`first`, `seq`)
);
--> statement-breakpoint
ALTER TABLE `waits` ADD `first` text;--> statement-breakpoint
ALTER TABLE `waits` ADD `generation` integer;