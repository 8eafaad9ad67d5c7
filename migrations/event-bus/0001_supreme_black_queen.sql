CREATE TABLE `drop_counts` (
	`trigger_id` text PRIMARY KEY NOT NULL,
	`dropped` integer NOT NULL
);
--> statement-breakpoint
CREATE TABLE `permits` (
	`scope` text NOT NULL,
	`at` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `permits_by_scope` ON `permits` (`scope`,`at`);--> statement-breakpoint
CREATE TABLE `schedules` (
	`id` text PRIMARY KEY NOT NULL,
	`workflow` text NOT NULL,
	`definition` text NOT NULL,
	`next_time` integer,
	`last_time` integer,
	`last_seq` integer,
	`paused_at` integer,
	`paused_by` text,
	`pause_reason` text
);
--> statement-breakpoint
CREATE INDEX `schedules_by_workflow` ON `schedules` (`workflow`);--> statement-breakpoint
CREATE TABLE `start_events` (
	`run` text NOT NULL,
	`seq` integer NOT NULL,
	PRIMARY KEY(`run`, `seq`)
);
--> statement-breakpoint
CREATE INDEX `start_events_by_event` ON `start_events` (`seq`);--> statement-breakpoint
CREATE TABLE `starts` (
	`run` text PRIMARY KEY NOT NULL,
	`trigger_id` text NOT NULL,
	`workflow` text NOT NULL,
	`digest` text NOT NULL,
	`definition` text NOT NULL,
	`initiator` text NOT NULL,
	`state` text NOT NULL,
	`reason` text NOT NULL,
	`gather_key` text,
	`permit_scope` text,
	`place_group` text,
	`is_cancelled` integer DEFAULT 0 NOT NULL,
	`priority` integer NOT NULL,
	`arrival` integer NOT NULL,
	`events` integer NOT NULL,
	`length` integer NOT NULL,
	`merged` integer DEFAULT 0 NOT NULL,
	`created_at` integer NOT NULL,
	`changed_at` integer NOT NULL,
	`due_at` integer
);
--> statement-breakpoint
CREATE INDEX `starts_gathering` ON `starts` (`trigger_id`,`gather_key`) WHERE state = 'gathering';--> statement-breakpoint
CREATE INDEX `starts_limited` ON `starts` (`permit_scope`) WHERE state = 'limited';--> statement-breakpoint
CREATE INDEX `starts_places` ON `starts` (`place_group`,`state`) WHERE state IN ('queued', 'started');--> statement-breakpoint
CREATE INDEX `starts_by_age` ON `starts` (`created_at`);