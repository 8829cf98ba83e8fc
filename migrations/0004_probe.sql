-- The row that is written to find out whether anything can be written.
CREATE TABLE probe (
    id      INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    filling BLOB    NOT NULL
) STRICT;
