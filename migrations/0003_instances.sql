-- instance: the process that writes, or wrote, an answer.
ALTER TABLE messages ADD COLUMN instance TEXT;

-- Where text and reasoning begin in the whole answer, in bytes; text_at is NULL in rows from before.
ALTER TABLE chunks ADD COLUMN text_at INTEGER;
ALTER TABLE chunks ADD COLUMN reasoning_at INTEGER NOT NULL DEFAULT 0;
ALTER TABLE chunks ADD COLUMN reasoning TEXT NOT NULL DEFAULT '';
