-- When people had a page open; hidden: the person lets nobody know, and the times are 0.
CREATE TABLE presences (
    user_id         TEXT NOT NULL PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
    active_until    INTEGER NOT NULL DEFAULT 0,
    connected_until INTEGER NOT NULL DEFAULT 0,
    seen_at         INTEGER NOT NULL DEFAULT 0,
    hidden          INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;
CREATE INDEX presences_connected ON presences (connected_until);
