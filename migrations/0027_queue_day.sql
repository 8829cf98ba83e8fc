-- Until when a question waits whose author used up what a day allows, in UTC milliseconds.
ALTER TABLE queued ADD COLUMN waits_until INTEGER;
