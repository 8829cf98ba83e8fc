-- Of an account: whether an identity provider proved its address, its tier and until when it has it, when it was seen last,
-- and when it will be deleted. The column email holds what the person signs in with: an address, or a name without @.
ALTER TABLE users ADD COLUMN email_verified INTEGER NOT NULL DEFAULT 0;
ALTER TABLE users ADD COLUMN tier TEXT;
ALTER TABLE users ADD COLUMN tier_until INTEGER;
ALTER TABLE users ADD COLUMN seen_at INTEGER;
ALTER TABLE users ADD COLUMN deletes_at INTEGER;

-- A session is a browser or an API key. A key has a name, and the hash of its secret. proved_at: when the person last proved
-- who they are in this session.
ALTER TABLE sessions ADD COLUMN kind TEXT NOT NULL DEFAULT 'browser';
ALTER TABLE sessions ADD COLUMN name TEXT NOT NULL DEFAULT '';
ALTER TABLE sessions ADD COLUMN scope TEXT NOT NULL DEFAULT 'all';
ALTER TABLE sessions ADD COLUMN secret_hash TEXT;
ALTER TABLE sessions ADD COLUMN address TEXT NOT NULL DEFAULT '';
ALTER TABLE sessions ADD COLUMN proved_at INTEGER NOT NULL DEFAULT 0;
