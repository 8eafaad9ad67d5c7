CREATE TABLE `sensitive_inputs` (
	`function` text PRIMARY KEY NOT NULL,
	`inputs` text NOT NULL
);
