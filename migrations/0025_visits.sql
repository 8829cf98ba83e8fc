-- The visits to a provider that ended, until their time is over, so that each counts once. hash: of its state.
CREATE TABLE ended_visits (
    hash  TEXT    NOT NULL PRIMARY KEY,
    until INTEGER NOT NULL
) STRICT;
