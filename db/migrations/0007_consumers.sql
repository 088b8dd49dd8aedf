CREATE TABLE `consumer_positions` (
	`group` text NOT NULL,
	`topic` text NOT NULL,
	`partition` integer NOT NULL,
	`offset` integer NOT NULL,
	PRIMARY KEY(`group`, `topic`, `partition`)
);
