-- In a room: the number of the last change of whose messages it hides.
ALTER TABLE conversations ADD COLUMN hidden_revision INTEGER NOT NULL DEFAULT 0;
