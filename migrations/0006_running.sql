-- How many answers of a person are being written.
CREATE INDEX messages_running ON messages (user_id) WHERE status = 'generating';
