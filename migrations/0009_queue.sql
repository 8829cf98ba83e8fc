-- Work that outlives a process, see store/queue.rs.
CREATE TABLE jobs (
    id         TEXT    NOT NULL PRIMARY KEY,
    kind       TEXT    NOT NULL,
    key        TEXT,
    payload    TEXT    NOT NULL,
    run_at     INTEGER NOT NULL,
    -- When a process may take it: run_at, or the end of its lease. NULL when it is kept as failed.
    due_at     INTEGER,
    attempts   INTEGER NOT NULL DEFAULT 0,
    -- The process that has a lease of it, until due_at.
    leased_by  TEXT,
    last_error TEXT,
    failed_at  INTEGER,
    created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
-- Of a kind and key there is one.
CREATE UNIQUE INDEX jobs_key ON jobs (kind, key) WHERE key IS NOT NULL;
CREATE INDEX jobs_due ON jobs (due_at, id) WHERE due_at IS NOT NULL;
