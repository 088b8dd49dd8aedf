CREATE TABLE `handler_retries` (
	`inbox_seq` integer PRIMARY KEY NOT NULL,
	`attempts` integer NOT NULL,
	`next_at` integer
);
--> statement-breakpoint
CREATE INDEX `handler_retries_due` ON `handler_retries` (`next_at`) WHERE "handler_retries"."next_at" is not null;