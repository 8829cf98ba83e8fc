-- What people may use. NULL: no limit; models: a JSON list of their ids. The row `default` counts for everybody without a
-- tier of their own; it has no name until somebody gives it one.
CREATE TABLE tiers (
    id               TEXT NOT NULL PRIMARY KEY,
    name             TEXT NOT NULL,
    name_lower       TEXT NOT NULL UNIQUE,
    models           TEXT,
    messages_per_day INTEGER,
    tokens_per_day   INTEGER,
    rooms            INTEGER,
    upload_bytes     INTEGER
) STRICT, WITHOUT ROWID;
INSERT INTO tiers (id, name, name_lower) VALUES ('default', '', '');
CREATE INDEX users_of_tier ON users (tier) WHERE tier IS NOT NULL;

-- Invitations (registers = 1) and activation codes. hash: of the code, which is stored nowhere. tier_days: how long the tier
-- counts from its redemption; NULL: for good. created_by: NULL when the command line made it.
CREATE TABLE codes (
    id         TEXT NOT NULL PRIMARY KEY,
    batch_id   TEXT NOT NULL,
    hash       TEXT NOT NULL UNIQUE,
    label      TEXT NOT NULL,
    registers  INTEGER NOT NULL,
    role       TEXT NOT NULL,
    tier       TEXT,
    tier_days  INTEGER,
    uses       INTEGER NOT NULL,
    used       INTEGER NOT NULL DEFAULT 0,
    expires_at INTEGER,
    created_by TEXT,
    created_at INTEGER NOT NULL,
    ended_at   INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX codes_of_batch ON codes (batch_id);
CREATE INDEX codes_of_tier ON codes (tier) WHERE tier IS NOT NULL;

-- Who used a code, and when; also of people whose account is gone.
CREATE TABLE code_uses (
    code_id TEXT NOT NULL REFERENCES codes (id) ON DELETE CASCADE,
    user_id TEXT NOT NULL,
    at      INTEGER NOT NULL,
    PRIMARY KEY (code_id, user_id)
) STRICT, WITHOUT ROWID;

-- What a person used on a day. day: days since 1970 in UTC.
CREATE TABLE budgets (
    user_id  TEXT NOT NULL,
    day      INTEGER NOT NULL,
    messages INTEGER NOT NULL,
    tokens   INTEGER NOT NULL,
    PRIMARY KEY (user_id, day)
) STRICT, WITHOUT ROWID;
CREATE INDEX budgets_of_day ON budgets (day);
