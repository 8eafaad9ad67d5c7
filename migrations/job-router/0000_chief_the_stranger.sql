CREATE TABLE `jobs` (
	`seq` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`id` text NOT NULL,
	`run` text NOT NULL,
	`command` text NOT NULL,
	`attempt` integer NOT NULL,
	`reference` text NOT NULL,
	`inputs` text NOT NULL,
	`environment` text,
	`timeout_ms` integer NOT NULL,
	`queue_timeout_ms` integer NOT NULL,
	`lane` text NOT NULL,
	`idempotency_key` text NOT NULL,
	`traceparent` text,
	`state` text NOT NULL,
	`queue_until` integer DEFAULT 0 NOT NULL,
	`queued_at` integer NOT NULL,
	`handovers` integer DEFAULT 0 NOT NULL,
	`lease` text DEFAULT '' NOT NULL,
	`lease_until` integer DEFAULT 0 NOT NULL,
	`spared` integer DEFAULT 0 NOT NULL,
	`runner` text DEFAULT '' NOT NULL,
	`began_at` integer DEFAULT 0 NOT NULL,
	`cancel_requested` integer DEFAULT 0 NOT NULL,
	`resolved` text DEFAULT '' NOT NULL,
	`cause` text DEFAULT '' NOT NULL,
	`outcome_digest` text DEFAULT '' NOT NULL,
	`finished_at` integer DEFAULT 0 NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `jobs_id_unique` ON `jobs` (`id`);--> statement-breakpoint
CREATE INDEX `jobs_lane` ON `jobs` (`state`,`lane`,`seq`);--> statement-breakpoint
CREATE INDEX `jobs_finished` ON `jobs` (`state`,`finished_at`);--> statement-breakpoint
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
CREATE TABLE `runners` (
	`key` text PRIMARY KEY NOT NULL,
	`info` text NOT NULL,
	`last_seen_at` integer NOT NULL
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
CREATE INDEX `timers_due` ON `timers` (`due_at`);