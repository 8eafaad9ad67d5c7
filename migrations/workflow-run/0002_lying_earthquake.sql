ALTER TABLE `log_lines` ADD `continues` integer;--> statement-breakpoint
ALTER TABLE `log_tails` ADD `begun` integer DEFAULT 0 NOT NULL;