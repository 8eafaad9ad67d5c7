ALTER TABLE `starts` ADD `continues` text;--> statement-breakpoint
-- Until now their reason said so.
UPDATE `starts` SET `continues` = substr(`reason`, 11) WHERE `state` = 'started' AND `reason` LIKE 'continues %';
