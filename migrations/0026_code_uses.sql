-- The list of codes shows the newest uses of each.
CREATE INDEX code_uses_by_time ON code_uses (code_id, at, user_id);
