ALTER TABLE `runs` ADD `retire_asked` integer;--> statement-breakpoint
CREATE INDEX `runs_to_retire` ON `runs` (`finished_at`) WHERE finished_at IS NOT NULL AND retire_asked IS NULL;