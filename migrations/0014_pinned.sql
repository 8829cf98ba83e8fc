-- The pinned conversations of a person, which are few, without a look at all others.
CREATE INDEX conversations_pinned ON conversations (owner_id, archived, updated_at DESC, id DESC) WHERE pinned;
