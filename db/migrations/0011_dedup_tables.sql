-- What recognises redeliveries is made again from the inbox, in another form.
DELETE FROM `dedup_slices`;--> statement-breakpoint
DELETE FROM `dedup_runs`;--> statement-breakpoint
ALTER TABLE `dedup_runs` DROP COLUMN `filter`;
