-- The answer was cut at a length limit.
ALTER TABLE messages ADD COLUMN length_limited INTEGER NOT NULL DEFAULT 0;

-- Siblings, and what is below a message.
CREATE INDEX messages_children ON messages (conversation_id, parent_id, id);

-- The idempotency keys with which answers were continued.
CREATE TABLE continuations (
    user_id    TEXT NOT NULL,
    key        TEXT NOT NULL,
    message_id TEXT NOT NULL REFERENCES messages (id) ON DELETE CASCADE,
    PRIMARY KEY (user_id, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX continuations_message ON continuations (message_id);
