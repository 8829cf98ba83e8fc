-- When a conversation was put into the bin; until it is removed for good it can be restored. A conversation that is
-- `deleted` without it is being removed.
ALTER TABLE conversations ADD COLUMN binned_at INTEGER;
CREATE INDEX conversations_binned ON conversations (owner_id, binned_at) WHERE binned_at IS NOT NULL;

-- An answer has ended since the owner last looked; an answer is being written.
ALTER TABLE conversations ADD COLUMN unread INTEGER NOT NULL DEFAULT 0;
ALTER TABLE conversations ADD COLUMN running INTEGER NOT NULL DEFAULT 0;
UPDATE conversations SET running = 1
    WHERE id IN (SELECT conversation_id FROM messages WHERE status = 'generating');

-- Deleted messages that can be restored, see store/tree.rs. parent_id: what a message comes back to, as long as that is
-- there; children: the ids of those that followed it (JSON) and were given to gave_to; on_screen: whether it was on the
-- branch on screen; message: as JSON.
CREATE TABLE deleted_messages (
    message_id      TEXT    NOT NULL PRIMARY KEY,
    conversation_id TEXT    NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    parent_id       TEXT,
    gave_to         TEXT,
    message         TEXT    NOT NULL,
    children        TEXT    NOT NULL,
    on_screen       INTEGER NOT NULL,
    deleted_at      INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX deleted_messages_conversation ON deleted_messages (conversation_id);
CREATE INDEX deleted_messages_age ON deleted_messages (deleted_at);

-- Questions that wait for the end of an answer, see store/queued.rs. refused: why one could not be asked, a reason as
-- JSON. send_now: it is asked next, however the running answer ends.
CREATE TABLE queued (
    id              TEXT    NOT NULL PRIMARY KEY,
    conversation_id TEXT    NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    author_id       TEXT    NOT NULL,
    text            TEXT    NOT NULL,
    model           TEXT,
    position        INTEGER NOT NULL,
    refused         TEXT,
    send_now        INTEGER NOT NULL DEFAULT 0,
    created_at      INTEGER NOT NULL
) STRICT;
CREATE INDEX queued_order ON queued (conversation_id, position, id);
-- The last_seq of the last change of a conversation's queue.
ALTER TABLE conversations ADD COLUMN queue_revision INTEGER NOT NULL DEFAULT 0;
