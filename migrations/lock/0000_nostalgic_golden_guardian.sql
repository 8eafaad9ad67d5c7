CREATE TABLE `claims` (
	`seq` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`claimant` text NOT NULL,
	`state` text NOT NULL,
	`limit` integer NOT NULL,
	`run` text NOT NULL,
	`command` text NOT NULL,
	`workflow` text NOT NULL,
	`requested_at` integer NOT NULL,
	`granted_at` integer,
	`over_at` integer
);
--> statement-breakpoint
CREATE UNIQUE INDEX `claims_claimant_unique` ON `claims` (`claimant`);--> statement-breakpoint
CREATE INDEX `claims_by_state` ON `claims` (`state`,`seq`);--> statement-breakpoint
CREATE INDEX `claims_over` ON `claims` (`state`,`over_at`);--> statement-breakpoint
CREATE TABLE `lock` (
	`id` integer PRIMARY KEY NOT NULL,
	`key` text NOT NULL,
	`version` integer NOT NULL
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
CREATE TABLE `timers` (
	`id` text PRIMARY KEY NOT NULL,
	`kind` text NOT NULL,
	`due_at` integer NOT NULL,
	`data` text NOT NULL,
	`failures` integer DEFAULT 0 NOT NULL
);
--> statement-breakpoint
CREATE INDEX `timers_due` ON `timers` (`due_at`);