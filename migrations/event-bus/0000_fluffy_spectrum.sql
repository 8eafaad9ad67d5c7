CREATE TABLE `events` (
	`seq` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`source` text NOT NULL,
	`id` text NOT NULL,
	`type` text NOT NULL,
	`received_at` integer NOT NULL,
	`initiator` text NOT NULL,
	`body` text NOT NULL,
	`receipt` text NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `events_identity` ON `events` (`source`,`id`);--> statement-breakpoint
CREATE INDEX `events_by_type` ON `events` (`type`,`seq`);--> statement-breakpoint
CREATE INDEX `events_by_age` ON `events` (`received_at`);--> statement-breakpoint
CREATE TABLE `outbox` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`receiver` text NOT NULL,
	`method` text NOT NULL,
	`args` text NOT NULL,
	`attempts` integer DEFAULT 0 NOT NULL,
	`due_at` integer NOT NULL,
	`last_error` text,
	`parked` integer DEFAULT 0 NOT NULL
);
--> statement-breakpoint
CREATE INDEX `outbox_order` ON `outbox` (`parked`,`receiver`,`id`);--> statement-breakpoint
CREATE TABLE `programs` (
	`digest` text PRIMARY KEY NOT NULL,
	`program` text NOT NULL,
	`unused_since` integer
);
--> statement-breakpoint
CREATE TABLE `timers` (
	`id` text PRIMARY KEY NOT NULL,
	`kind` text NOT NULL,
	`due_at` integer NOT NULL,
	`data` text NOT NULL,
	`failures` integer DEFAULT 0 NOT NULL
);
--> statement-breakpoint
CREATE INDEX `timers_due` ON `timers` (`due_at`);--> statement-breakpoint
CREATE TABLE `triggers` (
	`id` text PRIMARY KEY NOT NULL,
	`workflow` text NOT NULL,
	`definition` text NOT NULL,
	`failures` integer DEFAULT 0 NOT NULL,
	`last_failure` text
);
--> statement-breakpoint
CREATE INDEX `triggers_by_workflow` ON `triggers` (`workflow`);--> statement-breakpoint
CREATE TABLE `waits` (
	`run` text NOT NULL,
	`command` text NOT NULL,
	`type` text NOT NULL,
	`is_prefix` integer NOT NULL,
	`filter` text,
	`match` text,
	`after_seq` integer NOT NULL,
	`registered_at` integer NOT NULL,
	`state` text NOT NULL,
	`seq` integer,
	PRIMARY KEY(`run`, `command`)
);
--> statement-breakpoint
CREATE INDEX `waits_open` ON `waits` (`is_prefix`,`type`) WHERE state = 'open';--> statement-breakpoint
CREATE TABLE `workflows` (
	`name` text PRIMARY KEY NOT NULL,
	`version` integer NOT NULL,
	`digest` text
);
