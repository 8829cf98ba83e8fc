-- Conversations may be shared. Whoever began one owns it, and is not among its members.
ALTER TABLE conversations RENAME COLUMN user_id TO owner_id;
ALTER TABLE conversations ADD COLUMN kind TEXT NOT NULL DEFAULT 'private';

CREATE TABLE members (
    conversation_id TEXT    NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    user_id         TEXT    NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    role            TEXT    NOT NULL,
    joined_at       INTEGER NOT NULL,
    -- The highest event number that the member has seen.
    read_seq        INTEGER NOT NULL,
    notify          INTEGER NOT NULL,
    PRIMARY KEY (conversation_id, user_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX members_user ON members (user_id);

-- A person's message has its writer, an answer the person who asked for it.
ALTER TABLE messages RENAME COLUMN user_id TO author_id;

-- revision: the conversation's last_seq of the last change of a message; of a conversation, of its title, its settings or
-- the branch on screen. began_seq: on an answer, the last_seq with which its last run began.
ALTER TABLE conversations ADD COLUMN revision INTEGER NOT NULL DEFAULT 0;
ALTER TABLE messages ADD COLUMN revision INTEGER NOT NULL DEFAULT 0;
ALTER TABLE messages ADD COLUMN began_seq INTEGER;
UPDATE conversations SET revision = last_seq;
UPDATE messages SET revision = (SELECT last_seq FROM conversations WHERE conversations.id = conversation_id);
UPDATE messages SET began_seq = revision WHERE status = 'generating';
CREATE INDEX messages_revision ON messages (conversation_id, revision);

-- Messages that are gone, so that somebody who was away can be told.
CREATE TABLE removed_messages (
    conversation_id TEXT    NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    message_id      TEXT    NOT NULL,
    revision        INTEGER NOT NULL,
    PRIMARY KEY (conversation_id, message_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX removed_messages_revision ON removed_messages (conversation_id, revision);
