-- The identities at providers with which people sign in. subject: what the provider calls the person.
CREATE TABLE identities (
    id       TEXT    NOT NULL PRIMARY KEY,
    user_id  TEXT    NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    provider TEXT    NOT NULL,
    subject  TEXT    NOT NULL,
    made_at  INTEGER NOT NULL,
    used_at  INTEGER NOT NULL,
    UNIQUE (provider, subject)
) STRICT;
CREATE INDEX identities_user ON identities (user_id);
