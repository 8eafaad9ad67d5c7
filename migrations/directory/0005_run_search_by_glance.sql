-- Custom SQL migration file: terms of filters are marked, and words need no indexes of their beginnings any more.
DROP TABLE `run_search`;--> statement-breakpoint
CREATE VIRTUAL TABLE `run_search` USING fts5(terms, detail=none, tokenize="ascii tokenchars '='");--> statement-breakpoint
UPDATE `runs` SET `doc` = NULL;
