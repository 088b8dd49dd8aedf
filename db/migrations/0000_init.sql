CREATE TABLE `chunks` (
	`seq` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`committed_at` integer NOT NULL,
	`inbox_first` integer NOT NULL,
	`inbox_last` integer NOT NULL,
	`bodies` blob NOT NULL
);
--> statement-breakpoint
CREATE TABLE `dedup` (
	`bucket` integer NOT NULL,
	`source` text NOT NULL,
	`event_id` text NOT NULL,
	`inbox_seq` integer NOT NULL,
	`body_hash` integer NOT NULL,
	`valid_until` integer,
	PRIMARY KEY(`bucket`, `source`, `event_id`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `dedup_buckets` (
	`start` integer PRIMARY KEY NOT NULL,
	`ends_at` integer NOT NULL
);
--> statement-breakpoint
CREATE TABLE `inbox` (
	`seq` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`received_at` integer NOT NULL,
	`state` text NOT NULL,
	`source` text NOT NULL,
	`event_id` text NOT NULL,
	`type` text NOT NULL,
	`key` text NOT NULL,
	`content_type` text NOT NULL,
	`headers` text,
	`reason` text,
	`chunk_seq` integer NOT NULL,
	`body_offset` integer NOT NULL,
	`body_length` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `inbox_not_accepted` ON `inbox` (`state`,`seq`) WHERE "inbox"."state" <> 'accepted';--> statement-breakpoint
CREATE TABLE `meta` (
	`name` text PRIMARY KEY NOT NULL,
	`value` text NOT NULL
);
--> statement-breakpoint
CREATE TABLE `outbox` (
	`seq` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`inbox_seq` integer NOT NULL,
	`n` integer NOT NULL,
	`topic` text NOT NULL,
	`key` text NOT NULL,
	`headers` text,
	`value` blob
);
--> statement-breakpoint
CREATE INDEX `outbox_inbox_seq` ON `outbox` (`inbox_seq`);--> statement-breakpoint
CREATE TABLE `outbox_exceptions` (
	`seq` integer PRIMARY KEY NOT NULL,
	`status` text NOT NULL,
	`topic` text NOT NULL,
	`key` text NOT NULL,
	`attempts` integer NOT NULL,
	`next_at` integer,
	`code` text NOT NULL,
	`reason` text NOT NULL
);
--> statement-breakpoint
CREATE INDEX `outbox_exceptions_status` ON `outbox_exceptions` (`status`,`topic`,`seq`);--> statement-breakpoint
CREATE TABLE `publish_log` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`at` integer NOT NULL,
	`topic` text NOT NULL,
	`partition` integer NOT NULL,
	`seq_first` integer NOT NULL,
	`seq_last` integer NOT NULL,
	`records` integer NOT NULL,
	`base_offset` text NOT NULL
);
--> statement-breakpoint
CREATE TABLE `relay_progress` (
	`id` integer PRIMARY KEY NOT NULL,
	`high_water` integer NOT NULL,
	`at` integer NOT NULL
);
--> statement-breakpoint
CREATE TABLE `variants` (
	`inbox_seq` integer PRIMARY KEY NOT NULL,
	`count` integer NOT NULL,
	`first_received_at` integer NOT NULL,
	`first_body` blob NOT NULL
);
--> statement-breakpoint
CREATE VIEW `events` AS select "inbox"."seq", "inbox"."received_at", "inbox"."state", "inbox"."source", "inbox"."event_id", "inbox"."type", "inbox"."key", "inbox"."content_type", "inbox"."headers", "inbox"."reason", substr("chunks"."bodies", "inbox"."body_offset" + 1, "inbox"."body_length") as "body" from "inbox" inner join "chunks" on "chunks"."seq" = "inbox"."chunk_seq";
