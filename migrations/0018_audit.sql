-- The audit log, see domain/audit.rs. The names are those of the time when it happened, and the ids may be gone.
CREATE TABLE audit (
    id           TEXT    NOT NULL PRIMARY KEY,
    at           INTEGER NOT NULL,
    kind         TEXT    NOT NULL,
    actor_id     TEXT,
    actor_name   TEXT,
    subject_id   TEXT,
    subject_name TEXT,
    address      TEXT    NOT NULL,
    count        INTEGER NOT NULL DEFAULT 1,
    -- A sentence as a key with parameters, in JSON.
    detail       TEXT,
    -- Of entries with the same text there is one, which counts them.
    counted_as   TEXT    UNIQUE
) STRICT, WITHOUT ROWID;
CREATE INDEX audit_kind ON audit (kind, id);
CREATE INDEX audit_actor ON audit (actor_id, id) WHERE actor_id IS NOT NULL;
CREATE INDEX audit_subject ON audit (subject_id, id) WHERE subject_id IS NOT NULL;
CREATE INDEX audit_at ON audit (at);
