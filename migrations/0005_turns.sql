-- An idempotency key names what was asked with it, in one conversation (or in none, '', for one that began a
-- conversation) and for a day. request is a hash of what was asked; in rows from before it is NULL, where the stored
-- question is compared, or empty, where an answer was continued.
CREATE TABLE idempotency_keys (
    user_id         TEXT    NOT NULL,
    conversation_id TEXT    NOT NULL,
    key             TEXT    NOT NULL,
    request         TEXT,
    answer_id       TEXT    NOT NULL,
    created_at      INTEGER NOT NULL,
    PRIMARY KEY (user_id, conversation_id, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX idempotency_keys_age ON idempotency_keys (created_at);

-- Keys from before counted in all conversations.
INSERT OR IGNORE INTO idempotency_keys
    SELECT user_id, conversation_id, idempotency_key, NULL, id, created_at
    FROM messages WHERE idempotency_key IS NOT NULL
    UNION ALL
    SELECT user_id, '', idempotency_key, NULL, id, created_at
    FROM messages WHERE idempotency_key IS NOT NULL;
INSERT OR IGNORE INTO idempotency_keys
    SELECT continuations.user_id, conversation_id, key, '', message_id, unixepoch() * 1000
    FROM continuations JOIN messages ON messages.id = message_id;
DROP TABLE continuations;
DROP INDEX messages_key;
ALTER TABLE messages DROP COLUMN idempotency_key;

-- Which of several runs writes, or wrote, an answer: a continued one has one run after the other.
ALTER TABLE messages ADD COLUMN run TEXT;

-- Deleted, and so long that its messages are removed some at a time.
ALTER TABLE conversations ADD COLUMN deleted INTEGER NOT NULL DEFAULT 0;
CREATE INDEX conversations_deleted ON conversations (id) WHERE deleted;
