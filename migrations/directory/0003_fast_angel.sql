ALTER TABLE `runs` ADD `doc` integer;--> statement-breakpoint
CREATE UNIQUE INDEX `runs_by_doc` ON `runs` (`doc`) WHERE doc IS NOT NULL;--> statement-breakpoint
CREATE INDEX `runs_without_doc` ON `runs` (`created_at`) WHERE doc IS NULL;