-- What a person chose for all conversations, as JSON; NULL while all is as it comes.
ALTER TABLE users ADD COLUMN preferences TEXT;

-- How the model answers in a conversation, as JSON; NULL while nothing is decided there.
ALTER TABLE conversations ADD COLUMN params TEXT;
