CREATE TABLE `dedup_runs` (
	`run` integer PRIMARY KEY NOT NULL,
	`seq_last` integer NOT NULL,
	`ends_at` integer NOT NULL,
	`filter` blob NOT NULL
);
--> statement-breakpoint
CREATE TABLE `dedup_slices` (
	`id` integer PRIMARY KEY NOT NULL,
	`ids` blob NOT NULL
);
--> statement-breakpoint
ALTER TABLE `inbox` ADD `body_hash` integer;--> statement-breakpoint
ALTER TABLE `inbox` ADD `id_valid_until` integer;--> statement-breakpoint
UPDATE `inbox` SET `body_hash` = `dedup`.`body_hash`, `id_valid_until` = `dedup`.`valid_until`
	FROM `dedup` WHERE `dedup`.`inbox_seq` = `inbox`.`seq`;--> statement-breakpoint
DROP TABLE `dedup`;--> statement-breakpoint
DROP TABLE `dedup_buckets`;
