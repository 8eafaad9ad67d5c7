-- Custom SQL migration file, put your code below! --
CREATE VIRTUAL TABLE `run_search` USING fts5(terms, detail=none, prefix='2 3', tokenize="ascii tokenchars '='");
