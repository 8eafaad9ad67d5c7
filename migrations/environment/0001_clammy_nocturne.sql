CREATE TABLE `health_changes` (
	`seq` integer PRIMARY KEY NOT NULL,
	`at` integer NOT NULL,
	`body` text NOT NULL
);
--> statement-breakpoint
CREATE INDEX `health_changes_by_age` ON `health_changes` (`at`);