DROP INDEX `waits_by_event`;--> statement-breakpoint
ALTER TABLE `waits` ADD `looked_seq` integer DEFAULT 0 NOT NULL;--> statement-breakpoint
CREATE INDEX `waits_looking` ON `waits` (`run`) WHERE state = 'looking';--> statement-breakpoint
CREATE INDEX `waits_looked` ON `waits` (`run`,`type`,`looked_seq`);--> statement-breakpoint
CREATE INDEX `waits_by_event` ON `waits` (`seq`,`run`) WHERE seq IS NOT NULL;