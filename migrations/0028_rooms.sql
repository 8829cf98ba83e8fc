-- Rooms: conversations that several people share. member_count: how many of the members are active.
CREATE TABLE rooms (
    conversation_id TEXT    NOT NULL PRIMARY KEY REFERENCES conversations (id) ON DELETE CASCADE,
    topic           TEXT    NOT NULL,
    initial         TEXT,
    colour          TEXT,
    listed          INTEGER NOT NULL,
    answers         TEXT    NOT NULL,
    payer           TEXT    NOT NULL,
    slow_seconds    INTEGER NOT NULL,
    member_count    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX rooms_listed ON rooms (conversation_id) WHERE listed;

-- No earlier version made rooms, so there are no members yet. The owner is one of them. name_key: what names that look the
-- same have in common; only of active members, because a name is free again when somebody goes. read_id: the newest message
-- that the member has seen. written_at: when the member last wrote, for the slow mode.
DROP TABLE members;
CREATE TABLE members (
    conversation_id TEXT    NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    user_id         TEXT    NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    name            TEXT    NOT NULL,
    name_key        TEXT    NOT NULL,
    role            TEXT    NOT NULL,
    state           TEXT    NOT NULL,
    hidden          INTEGER NOT NULL DEFAULT 0,
    joined_at       INTEGER NOT NULL,
    notify          TEXT    NOT NULL,
    read_id         TEXT,
    written_at      INTEGER,
    PRIMARY KEY (conversation_id, user_id)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX members_name ON members (conversation_id, name_key, user_id);
CREATE UNIQUE INDEX members_own_name ON members (conversation_id, name_key) WHERE state = 'active';
CREATE INDEX members_user ON members (user_id, state);

-- members_revision: the conversation's last_seq of the last change of its members or of the room's settings.
ALTER TABLE conversations ADD COLUMN members_revision INTEGER;

-- JSON of what a message has in a room; NULL: nothing.
ALTER TABLE messages ADD COLUMN talk TEXT;

-- What messages said before they were changed or deleted.
CREATE TABLE versions (
    message_id TEXT    NOT NULL REFERENCES messages (id) ON DELETE CASCADE,
    until      INTEGER NOT NULL,
    changed_by TEXT    NOT NULL,
    content    TEXT    NOT NULL
) STRICT;
CREATE INDEX versions_of_message ON versions (message_id);

CREATE TABLE mentions (
    conversation_id TEXT NOT NULL,
    user_id         TEXT NOT NULL,
    message_id      TEXT NOT NULL REFERENCES messages (id) ON DELETE CASCADE,
    PRIMARY KEY (conversation_id, user_id, message_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX mentions_of_message ON mentions (message_id);

-- A question that waits in a room is a message already.
ALTER TABLE queued ADD COLUMN message_id TEXT;

-- The room that a code leads to.
ALTER TABLE codes ADD COLUMN room_id TEXT;
CREATE INDEX codes_of_room ON codes (room_id) WHERE room_id IS NOT NULL;
