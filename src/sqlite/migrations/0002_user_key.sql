-- `blocked` and `revision` are no longer copies of what the record says: they count, and the record's own
-- are ignored, so that a client can be blocked whose record can't be read.

-- The first user of the client, as a digest.
ALTER TABLE oauth_dcr_clients ADD COLUMN user_key BLOB;

-- Whether a second user has used it.
ALTER TABLE oauth_dcr_clients ADD COLUMN is_shared INTEGER NOT NULL DEFAULT 0;

-- Those of each user that may be removed unasked: shared ones last, the longest idle first.
CREATE INDEX IF NOT EXISTS oauth_dcr_clients_by_user
    ON oauth_dcr_clients (tenant, user_key, is_shared, idle_since, client_id)
    WHERE user_key IS NOT NULL AND blocked = 0;
