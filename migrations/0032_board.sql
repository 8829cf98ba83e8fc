-- A room that was copied from a private conversation: when, and by whom.
ALTER TABLE rooms ADD COLUMN copied_at INTEGER;
ALTER TABLE rooms ADD COLUMN copied_by TEXT;

-- The board is the room of the whole site. closed: an administrator has switched it off. writers: who may write in it besides
-- its moderators. guests: whoever is not signed in may read it. on_start: how many of its notes the start page shows.
ALTER TABLE rooms ADD COLUMN closed INTEGER NOT NULL DEFAULT 0;
ALTER TABLE rooms ADD COLUMN writers TEXT NOT NULL DEFAULT 'everybody';
ALTER TABLE rooms ADD COLUMN guests INTEGER NOT NULL DEFAULT 0;
ALTER TABLE rooms ADD COLUMN on_start INTEGER NOT NULL DEFAULT 0;
CREATE UNIQUE INDEX conversations_board ON conversations (kind) WHERE kind = 'board';
