-- Links with which a person sets a new password once; a person has one of them at the most. hash is the SHA-256 of what is
-- in the link.
CREATE TABLE resets (
    user_id    TEXT    NOT NULL PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
    hash       TEXT    NOT NULL UNIQUE,
    expires_at INTEGER NOT NULL
) STRICT;

-- The accounts that are to be deleted, which are few.
CREATE INDEX users_deleting ON users (deletes_at) WHERE deletes_at IS NOT NULL;
