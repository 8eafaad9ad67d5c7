CREATE TABLE `functions` (
	`name` text PRIMARY KEY NOT NULL,
	`trust_score` real NOT NULL,
	`description` text NOT NULL,
	`updated_at` integer NOT NULL
);
--> statement-breakpoint
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
	`program` text NOT NULL
);
--> statement-breakpoint
CREATE TABLE `targets` (
	`environment` text PRIMARY KEY NOT NULL,
	`version` integer NOT NULL,
	`targets` text
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
CREATE TABLE `versions` (
	`name` text NOT NULL,
	`version` integer NOT NULL,
	`digest` text,
	`by` text NOT NULL,
	`at` integer NOT NULL,
	PRIMARY KEY(`name`, `version`)
);
--> statement-breakpoint
CREATE TABLE `workflows` (
	`name` text PRIMARY KEY NOT NULL,
	`version` integer NOT NULL,
	`digest` text NOT NULL,
	`entry` text NOT NULL,
	`triggers` text NOT NULL,
	`updated_at` integer NOT NULL,
	`removed` integer DEFAULT 0 NOT NULL
);
