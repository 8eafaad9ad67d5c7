CREATE TABLE `forms` (
	`id` text PRIMARY KEY NOT NULL,
	`opened_at` integer NOT NULL,
	`state` text NOT NULL,
	`body` text NOT NULL
);
--> statement-breakpoint
CREATE INDEX `forms_by_age` ON `forms` (`opened_at`,`id`);--> statement-breakpoint
CREATE INDEX `forms_by_state` ON `forms` (`state`,`opened_at`,`id`);--> statement-breakpoint
CREATE TABLE `locks` (
	`key` text PRIMARY KEY NOT NULL,
	`version` integer NOT NULL,
	`body` text NOT NULL
);
--> statement-breakpoint
CREATE TABLE `run_labels` (
	`run` text NOT NULL,
	`key` text NOT NULL,
	`value` text NOT NULL,
	`state` text NOT NULL,
	`created_at` integer NOT NULL,
	`workflow` text NOT NULL,
	`initiator` text NOT NULL,
	PRIMARY KEY(`run`, `key`)
);
--> statement-breakpoint
CREATE INDEX `runs_by_label` ON `run_labels` (`key`,`value`,`state`,`created_at`,`run`);--> statement-breakpoint
ALTER TABLE `runs` ADD `parent` text;--> statement-breakpoint
CREATE INDEX `runs_by_parent` ON `runs` (`parent`,`state`,`created_at`,`id`) WHERE parent IS NOT NULL;