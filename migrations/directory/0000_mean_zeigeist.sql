CREATE TABLE `approvals` (
	`id` text PRIMARY KEY NOT NULL,
	`opened_at` integer NOT NULL,
	`state` text NOT NULL,
	`body` text NOT NULL
);
--> statement-breakpoint
CREATE INDEX `approvals_by_age` ON `approvals` (`opened_at`,`id`);--> statement-breakpoint
CREATE INDEX `approvals_by_state` ON `approvals` (`state`,`opened_at`,`id`);--> statement-breakpoint
CREATE TABLE `audit` (
	`seq` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`key` text NOT NULL,
	`at` integer NOT NULL,
	`body` text NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `audit_key_unique` ON `audit` (`key`);--> statement-breakpoint
CREATE INDEX `audit_by_age` ON `audit` (`at`);--> statement-breakpoint
CREATE TABLE `environments` (
	`name` text PRIMARY KEY NOT NULL,
	`version` integer NOT NULL,
	`body` text
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
CREATE TABLE `run_environments` (
	`run` text NOT NULL,
	`environment` text NOT NULL,
	`state` text NOT NULL,
	`created_at` integer NOT NULL,
	`workflow` text NOT NULL,
	`initiator` text NOT NULL,
	PRIMARY KEY(`run`, `environment`)
);
--> statement-breakpoint
CREATE INDEX `runs_by_environment` ON `run_environments` (`environment`,`state`,`created_at`,`run`,`workflow`,`initiator`);--> statement-breakpoint
CREATE TABLE `runs` (
	`id` text PRIMARY KEY NOT NULL,
	`created_at` integer NOT NULL,
	`finished_at` integer,
	`state` text NOT NULL,
	`workflow` text NOT NULL,
	`initiator` text NOT NULL,
	`version` integer NOT NULL,
	`body` text NOT NULL
);
--> statement-breakpoint
CREATE INDEX `runs_by_state` ON `runs` (`state`,`created_at`,`id`);--> statement-breakpoint
CREATE INDEX `runs_by_workflow` ON `runs` (`workflow`,`state`,`created_at`,`id`,`initiator`);--> statement-breakpoint
CREATE INDEX `runs_by_initiator` ON `runs` (`initiator`,`state`,`created_at`,`id`);--> statement-breakpoint
CREATE INDEX `runs_by_end` ON `runs` (`finished_at`) WHERE finished_at IS NOT NULL;--> statement-breakpoint
CREATE TABLE `timers` (
	`id` text PRIMARY KEY NOT NULL,
	`kind` text NOT NULL,
	`due_at` integer NOT NULL,
	`data` text NOT NULL,
	`failures` integer DEFAULT 0 NOT NULL
);
--> statement-breakpoint
CREATE INDEX `timers_due` ON `timers` (`due_at`);--> statement-breakpoint
CREATE TABLE `tokens` (
	`id` text PRIMARY KEY NOT NULL,
	`digest` text NOT NULL,
	`subject` text NOT NULL,
	`role` text NOT NULL,
	`created_at` integer NOT NULL,
	`expires_at` integer,
	`last_used_at` integer
);
--> statement-breakpoint
CREATE UNIQUE INDEX `tokens_digest_unique` ON `tokens` (`digest`);