-- Conversations of two people: the pair, of which there is one conversation, and what they were called when it began, for
-- when an account is gone.
CREATE TABLE directs (
    conversation_id TEXT NOT NULL PRIMARY KEY REFERENCES conversations (id) ON DELETE CASCADE,
    low_id          TEXT NOT NULL,
    high_id         TEXT NOT NULL,
    low_name        TEXT NOT NULL,
    high_name       TEXT NOT NULL,
    UNIQUE (low_id, high_id)
) STRICT, WITHOUT ROWID;

-- The newest message when the member put the conversation away; empty: there was none. It is listed again with the next one.
ALTER TABLE members ADD COLUMN put_away TEXT;

CREATE TABLE blocks (
    user_id    TEXT    NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    blocked_id TEXT    NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    at         INTEGER NOT NULL,
    PRIMARY KEY (user_id, blocked_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX blocks_of ON blocks (blocked_id);

-- Notes that people left on the profile of somebody.
CREATE TABLE notes (
    id         TEXT    NOT NULL PRIMARY KEY,
    wall_id    TEXT    NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    author_id  TEXT    NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    text       TEXT    NOT NULL,
    created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX notes_of_wall ON notes (wall_id, id);
CREATE INDEX notes_of_author ON notes (author_id, id);
