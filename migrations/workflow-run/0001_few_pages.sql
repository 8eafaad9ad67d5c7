-- By hand, for drizzle cannot say WITHOUT ROWID: a table with a key of text is one b-tree, not two.
DROP INDEX `timers_due`;
--> statement-breakpoint
DROP INDEX `outbox_order`;
--> statement-breakpoint
ALTER TABLE `inbox` RENAME TO `old_inbox`;
--> statement-breakpoint
CREATE TABLE `inbox` (
	`id` integer PRIMARY KEY NOT NULL,
	`input` text NOT NULL
);
--> statement-breakpoint
INSERT INTO `inbox` (`id`,`input`) SELECT `id`,`input` FROM `old_inbox`;
--> statement-breakpoint
DROP TABLE `old_inbox`;
--> statement-breakpoint
ALTER TABLE `log_lines` RENAME TO `old_log_lines`;
--> statement-breakpoint
CREATE TABLE `log_lines` (
	`seq` integer PRIMARY KEY NOT NULL,
	`at` integer NOT NULL,
	`command` text,
	`attempt` integer,
	`stream` text NOT NULL,
	`text` text NOT NULL
);
--> statement-breakpoint
INSERT INTO `log_lines` (`seq`,`at`,`command`,`attempt`,`stream`,`text`) SELECT `seq`,`at`,`command`,`attempt`,`stream`,`text` FROM `old_log_lines`;
--> statement-breakpoint
DROP TABLE `old_log_lines`;
--> statement-breakpoint
ALTER TABLE `log_tails` RENAME TO `old_log_tails`;
--> statement-breakpoint
CREATE TABLE `log_tails` (
	`command` text NOT NULL,
	`attempt` integer NOT NULL,
	`bytes` integer NOT NULL,
	`partial` text NOT NULL,
	PRIMARY KEY(`command`, `attempt`)
) WITHOUT ROWID;
--> statement-breakpoint
INSERT INTO `log_tails` (`command`,`attempt`,`bytes`,`partial`) SELECT `command`,`attempt`,`bytes`,`partial` FROM `old_log_tails`;
--> statement-breakpoint
DROP TABLE `old_log_tails`;
--> statement-breakpoint
ALTER TABLE `outbox` RENAME TO `old_outbox`;
--> statement-breakpoint
CREATE TABLE `outbox` (
	`id` integer PRIMARY KEY NOT NULL,
	`receiver` text NOT NULL,
	`method` text NOT NULL,
	`args` text NOT NULL,
	`attempts` integer DEFAULT 0 NOT NULL,
	`due_at` integer NOT NULL,
	`last_error` text,
	`parked` integer DEFAULT 0 NOT NULL
);
--> statement-breakpoint
INSERT INTO `outbox` (`id`,`receiver`,`method`,`args`,`attempts`,`due_at`,`last_error`,`parked`) SELECT `id`,`receiver`,`method`,`args`,`attempts`,`due_at`,`last_error`,`parked` FROM `old_outbox`;
--> statement-breakpoint
DROP TABLE `old_outbox`;
--> statement-breakpoint
ALTER TABLE `parts` RENAME TO `old_parts`;
--> statement-breakpoint
CREATE TABLE `parts` (
	`name` text PRIMARY KEY NOT NULL,
	`value` text NOT NULL
) WITHOUT ROWID;
--> statement-breakpoint
INSERT INTO `parts` (`name`,`value`) SELECT `name`,`value` FROM `old_parts`;
--> statement-breakpoint
DROP TABLE `old_parts`;
--> statement-breakpoint
ALTER TABLE `progress` RENAME TO `old_progress`;
--> statement-breakpoint
CREATE TABLE `progress` (
	`command` text PRIMARY KEY NOT NULL,
	`attempt` integer NOT NULL,
	`value` text NOT NULL
) WITHOUT ROWID;
--> statement-breakpoint
INSERT INTO `progress` (`command`,`attempt`,`value`) SELECT `command`,`attempt`,`value` FROM `old_progress`;
--> statement-breakpoint
DROP TABLE `old_progress`;
--> statement-breakpoint
ALTER TABLE `timers` RENAME TO `old_timers`;
--> statement-breakpoint
CREATE TABLE `timers` (
	`id` text PRIMARY KEY NOT NULL,
	`kind` text NOT NULL,
	`due_at` integer NOT NULL,
	`data` text NOT NULL,
	`failures` integer DEFAULT 0 NOT NULL
) WITHOUT ROWID;
--> statement-breakpoint
INSERT INTO `timers` (`id`,`kind`,`due_at`,`data`,`failures`) SELECT `id`,`kind`,`due_at`,`data`,`failures` FROM `old_timers`;
--> statement-breakpoint
DROP TABLE `old_timers`;
--> statement-breakpoint
CREATE INDEX `outbox_order` ON `outbox` (`parked`,`receiver`,`id`);
