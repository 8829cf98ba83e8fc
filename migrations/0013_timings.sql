-- On an answer: how long it took, in milliseconds; NULL where nobody measured.
ALTER TABLE messages ADD COLUMN first_token_ms INTEGER;
ALTER TABLE messages ADD COLUMN duration_ms INTEGER;
ALTER TABLE messages ADD COLUMN reasoning_ms INTEGER;
