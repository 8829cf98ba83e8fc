-- The second factor of a person who has one, or is about to: the sealed seed of the codes, whether a right code confirmed
-- it, the last step whose code was used, and the hashes of the recovery codes that are left, as a JSON array.
CREATE TABLE second_factors (
    user_id TEXT PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
    seed TEXT NOT NULL,
    confirmed INTEGER NOT NULL DEFAULT 0,
    last_step INTEGER NOT NULL DEFAULT 0,
    recovery TEXT NOT NULL DEFAULT '[]'
) STRICT;

-- Sign-in on another device: the link that a session shows for two minutes, the device that asked with it first, and what
-- became of that. It goes with its session. code is sealed; asked_hash is of the secret that the other device keeps.
CREATE TABLE device_links (
    session_id TEXT PRIMARY KEY REFERENCES sessions (id) ON DELETE CASCADE,
    code_hash TEXT NOT NULL UNIQUE,
    code TEXT NOT NULL,
    expires_at INTEGER NOT NULL,
    asked_hash TEXT,
    asked_number INTEGER,
    asked_agent TEXT,
    asked_address TEXT,
    confirmed INTEGER NOT NULL DEFAULT 0,
    done INTEGER NOT NULL DEFAULT 0
) STRICT;
