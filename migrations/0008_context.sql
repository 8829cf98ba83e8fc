-- On an answer: how many messages before it had no room in the model's context and were not sent.
ALTER TABLE messages ADD COLUMN left_out INTEGER NOT NULL DEFAULT 0;
