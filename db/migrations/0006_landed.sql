ALTER TABLE `publish_log` ADD `partitions` integer;--> statement-breakpoint
ALTER TABLE `publish_log` ADD `published_at` integer;