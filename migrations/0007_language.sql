-- The language that a person has chosen, by its tag; NULL while none was.
ALTER TABLE users ADD COLUMN language TEXT;

-- Why an answer failed, as a key with parameters (JSON). Rows of older versions have none, but a sentence in English in
-- failure_message; newer rows have none there.
ALTER TABLE messages ADD COLUMN failure_reason TEXT;
