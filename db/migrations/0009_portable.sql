CREATE TABLE `identities` (
	`source` text NOT NULL,
	`event_id` text NOT NULL,
	`inbox_seq` integer NOT NULL,
	PRIMARY KEY(`source`, `event_id`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `leases` (
	`id` integer PRIMARY KEY NOT NULL,
	`holder` text NOT NULL,
	`expires_at` integer NOT NULL,
	`events_to` integer NOT NULL,
	`last_mark` text NOT NULL
);
