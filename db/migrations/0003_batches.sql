CREATE TABLE `batches` (
	`inbox_first` integer PRIMARY KEY NOT NULL,
	`inbox_last` integer NOT NULL,
	`body_offset` integer NOT NULL,
	`body_length` integer NOT NULL
);
