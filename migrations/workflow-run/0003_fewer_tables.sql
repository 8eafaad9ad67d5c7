-- By hand, for drizzle cannot say WITHOUT ROWID, and does not move rows to another table.
CREATE TABLE `attempts` (
	`command` text NOT NULL,
	`attempt` integer NOT NULL,
	`bytes` integer DEFAULT 0 NOT NULL,
	`partial` text DEFAULT '' NOT NULL,
	`begun` integer DEFAULT 0 NOT NULL,
	`progress` text,
	PRIMARY KEY(`command`, `attempt`)
) WITHOUT ROWID;
--> statement-breakpoint
INSERT INTO `attempts` (`command`,`attempt`,`bytes`,`partial`,`begun`) SELECT `command`,`attempt`,`bytes`,`partial`,`begun` FROM `log_tails`;
--> statement-breakpoint
INSERT INTO `attempts` (`command`,`attempt`,`progress`) SELECT `command`,`attempt`,`value` FROM `progress` WHERE true ON CONFLICT (`command`,`attempt`) DO UPDATE SET `progress` = excluded.`progress`;
--> statement-breakpoint
INSERT INTO `parts` (`name`,`value`) SELECT printf('inbox/%012d', `id`), `input` FROM `inbox`;
--> statement-breakpoint
DROP TABLE `log_tails`;
--> statement-breakpoint
DROP TABLE `progress`;
--> statement-breakpoint
DROP TABLE `inbox`;
