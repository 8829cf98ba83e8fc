-- Ids are ULIDs as text, times UTC milliseconds. title_lower is the title lower-cased by the program,
-- since lower() knows ASCII only.

CREATE TABLE users (
    id            TEXT    NOT NULL PRIMARY KEY,
    email         TEXT    NOT NULL UNIQUE,
    name          TEXT    NOT NULL,
    password_hash TEXT    NOT NULL,
    role          TEXT    NOT NULL,
    state         TEXT    NOT NULL,
    created_at    INTEGER NOT NULL
) STRICT;

CREATE TABLE sessions (
    id           TEXT    NOT NULL PRIMARY KEY,
    user_id      TEXT    NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    created_at   INTEGER NOT NULL,
    last_seen_at INTEGER NOT NULL,
    expires_at   INTEGER NOT NULL,
    user_agent   TEXT    NOT NULL
) STRICT;
CREATE INDEX sessions_user ON sessions (user_id);
CREATE INDEX sessions_expiry ON sessions (expires_at);

CREATE TABLE conversations (
    id            TEXT    NOT NULL PRIMARY KEY,
    user_id       TEXT    NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    title         TEXT    NOT NULL,
    title_lower   TEXT    NOT NULL,
    model         TEXT,
    system_prompt TEXT,
    pinned        INTEGER NOT NULL,
    archived      INTEGER NOT NULL,
    leaf_id       TEXT,
    created_at    INTEGER NOT NULL,
    updated_at    INTEGER NOT NULL,
    last_seq      INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX conversations_listing ON conversations (user_id, archived, updated_at DESC, id DESC);

-- user_id is the owner of the conversation. idempotency_key and question_id stand on the answer of a
-- turn: the key it was begun with, and the question that was stored with it.
CREATE TABLE messages (
    id                TEXT    NOT NULL PRIMARY KEY,
    conversation_id   TEXT    NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    user_id           TEXT    NOT NULL,
    parent_id         TEXT,
    role              TEXT    NOT NULL,
    content           TEXT    NOT NULL,
    reasoning         TEXT    NOT NULL,
    status            TEXT    NOT NULL,
    model             TEXT,
    prompt_tokens     INTEGER,
    completion_tokens INTEGER,
    failure_code      TEXT,
    failure_message   TEXT,
    failure_retryable INTEGER,
    created_at        INTEGER NOT NULL,
    idempotency_key   TEXT,
    question_id       TEXT
) STRICT;
CREATE INDEX messages_thread ON messages (conversation_id, id);
CREATE UNIQUE INDEX messages_key ON messages (user_id, idempotency_key) WHERE idempotency_key IS NOT NULL;
-- One running answer per conversation; it also finds what a crash left behind.
CREATE UNIQUE INDEX messages_generating ON messages (conversation_id) WHERE status = 'generating';

-- The tail of a running answer.
CREATE TABLE chunks (
    message_id TEXT    NOT NULL REFERENCES messages (id) ON DELETE CASCADE,
    seq        INTEGER NOT NULL,
    text       TEXT    NOT NULL,
    PRIMARY KEY (message_id, seq)
) STRICT, WITHOUT ROWID;
