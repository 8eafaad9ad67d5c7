CREATE TABLE `journal` (
	`seq` integer PRIMARY KEY NOT NULL,
	`record` text NOT NULL
);
CREATE TABLE `log_lines` (
	`seq` integer PRIMARY KEY NOT NULL,
	`at` integer NOT NULL,
	`command` text,
	`attempt` integer,
	`stream` text NOT NULL,
	`text` text NOT NULL
, `continues` integer);
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
CREATE TABLE `parts` (
	`name` text PRIMARY KEY NOT NULL,
	`value` text NOT NULL
) WITHOUT ROWID;
CREATE TABLE `timers` (
	`id` text PRIMARY KEY NOT NULL,
	`kind` text NOT NULL,
	`due_at` integer NOT NULL,
	`data` text NOT NULL,
	`failures` integer DEFAULT 0 NOT NULL
) WITHOUT ROWID;
CREATE INDEX `outbox_order` ON `outbox` (`parked`,`receiver`,`id`);
CREATE TABLE `attempts` (
	`command` text NOT NULL,
	`attempt` integer NOT NULL,
	`bytes` integer DEFAULT 0 NOT NULL,
	`partial` text DEFAULT '' NOT NULL,
	`begun` integer DEFAULT 0 NOT NULL,
	`progress` text,
	PRIMARY KEY(`command`, `attempt`)
) WITHOUT ROWID
