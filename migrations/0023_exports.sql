-- Archives of all that a person has. run: the try that writes it, or wrote it. reason: JSON, why it failed.
CREATE TABLE exports (
    user_id TEXT    NOT NULL PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
    id      TEXT    NOT NULL UNIQUE,
    run     TEXT,
    state   TEXT    NOT NULL,
    done    INTEGER NOT NULL DEFAULT 0,
    total   INTEGER NOT NULL DEFAULT 0,
    bytes   INTEGER NOT NULL DEFAULT 0,
    reason  TEXT,
    made_at INTEGER NOT NULL,
    ends_at INTEGER NOT NULL
) STRICT;

-- The bytes of the tries. Those of a try that no export names belong to nobody and are removed some at a time.
CREATE TABLE export_parts (
    run   TEXT    NOT NULL,
    n     INTEGER NOT NULL,
    bytes BLOB    NOT NULL,
    PRIMARY KEY (run, n)
) STRICT;
