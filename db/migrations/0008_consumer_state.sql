CREATE TABLE `consumer_state` (
	`owner` text NOT NULL,
	`key` text NOT NULL,
	`value` text NOT NULL,
	`updated_at` integer NOT NULL,
	PRIMARY KEY(`owner`, `key`)
);
--> statement-breakpoint
CREATE TABLE `consumer_watermarks` (
	`owner` text NOT NULL,
	`topic` text NOT NULL,
	`partition` integer NOT NULL,
	`watermark` integer NOT NULL,
	PRIMARY KEY(`owner`, `topic`, `partition`)
);
--> statement-breakpoint
CREATE TABLE `consumer_windows` (
	`owner` text NOT NULL,
	`topic` text NOT NULL,
	`partition` integer NOT NULL,
	`key` text NOT NULL,
	`start` integer NOT NULL,
	`end` integer NOT NULL,
	`due_at` integer NOT NULL,
	`is_closed` integer NOT NULL,
	`state` text NOT NULL,
	PRIMARY KEY(`owner`, `topic`, `partition`, `key`, `start`, `end`)
);
--> statement-breakpoint
CREATE INDEX `consumer_windows_due` ON `consumer_windows` (`owner`,`topic`,`partition`,`due_at`);