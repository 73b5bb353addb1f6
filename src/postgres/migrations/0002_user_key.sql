-- `blocked` and `revision` are no longer copies of what the record says: they count, and the record's own
-- are ignored, so that a client can be blocked whose record can't be read.

-- The first user of the client, as a digest.
ALTER TABLE oauth_dcr_clients ADD COLUMN IF NOT EXISTS user_key BYTEA;

-- Whether a second user has used it.
ALTER TABLE oauth_dcr_clients ADD COLUMN IF NOT EXISTS is_shared BOOLEAN NOT NULL DEFAULT FALSE;
