-- Who reacted to a message with what. The counts stand in messages.talk, too.
CREATE TABLE reactions (
    message_id TEXT    NOT NULL REFERENCES messages (id) ON DELETE CASCADE,
    emoji      TEXT    NOT NULL,
    user_id    TEXT    NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    at         INTEGER NOT NULL,
    PRIMARY KEY (message_id, emoji, user_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX reactions_of_person ON reactions (user_id);

-- The pinned messages of a room.
CREATE INDEX messages_pinned ON messages (conversation_id, json_extract(talk, '$.pinned.at'))
    WHERE json_extract(talk, '$.pinned.at') IS NOT NULL;

-- What members tell moderators about messages. settled_at, settled_by and how: NULL while it is open.
CREATE TABLE reports (
    id              TEXT    NOT NULL PRIMARY KEY,
    conversation_id TEXT    NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    message_id      TEXT    NOT NULL REFERENCES messages (id) ON DELETE CASCADE,
    reporter_id     TEXT    NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    reason          TEXT    NOT NULL,
    created_at      INTEGER NOT NULL,
    settled_at      INTEGER,
    settled_by      TEXT,
    how             TEXT
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX reports_once ON reports (message_id, reporter_id);
CREATE INDEX reports_of_room ON reports (conversation_id, id);
CREATE INDEX reports_open ON reports (conversation_id) WHERE settled_at IS NULL;
CREATE INDEX reports_of_person ON reports (reporter_id);
