CREATE TABLE `reruns` (
	`seq` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`id` text NOT NULL,
	`kind` text NOT NULL,
	`state` text NOT NULL,
	`query` text NOT NULL,
	`by` text NOT NULL,
	`created_at` integer NOT NULL,
	`finished_at` integer,
	`cursor` integer NOT NULL,
	`bound` integer NOT NULL,
	`per_second` integer NOT NULL,
	`total` integer,
	`done` integer NOT NULL,
	`failed` integer NOT NULL,
	`records` integer NOT NULL,
	`starts` integer NOT NULL,
	`reason` text
);
--> statement-breakpoint
CREATE UNIQUE INDEX `reruns_id_unique` ON `reruns` (`id`);--> statement-breakpoint
CREATE INDEX `outbox_exceptions_blocked_key` ON `outbox_exceptions` (`topic`,`key`) WHERE "outbox_exceptions"."status" = 'blocked';