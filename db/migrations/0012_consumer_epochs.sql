ALTER TABLE `consumer_positions` ADD `epoch` text;--> statement-breakpoint
-- They are this file's own. One that comes from a backup has none, and so do they then.
UPDATE `consumer_positions` SET `epoch` = (SELECT `value` FROM `meta` WHERE `name` = 'epoch');
