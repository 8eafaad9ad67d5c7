DROP INDEX `starts_places`;--> statement-breakpoint
DROP INDEX `starts_limited`;--> statement-breakpoint
CREATE INDEX `starts_queued` ON `starts` (`place_group`,`arrival`,`run`) WHERE state = 'queued';--> statement-breakpoint
CREATE INDEX `starts_holding` ON `starts` (`place_group`,`arrival`) WHERE state = 'started' AND place_group IS NOT NULL;--> statement-breakpoint
CREATE INDEX `starts_limited` ON `starts` (`permit_scope`,priority DESC,`arrival`,`run`) WHERE state = 'limited';