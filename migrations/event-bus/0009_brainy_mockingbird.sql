CREATE INDEX `lineage_events_by_event` ON `lineage_events` (`seq`);--> statement-breakpoint
CREATE INDEX `waits_over` ON `waits` (`registered_at`) WHERE state = 'over';