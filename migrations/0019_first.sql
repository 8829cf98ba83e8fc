-- What a database knows about itself, by name. first-code: the hash of the code with which somebody becomes the first
-- person, and so the administrator.
CREATE TABLE facts (
    name  TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;
