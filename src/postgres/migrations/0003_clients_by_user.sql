-- The clients of each user: shared ones last, the longest idle first. A file of its own: CockroachDB has a
-- new column only once the transaction that adds it is committed.
CREATE INDEX IF NOT EXISTS oauth_dcr_clients_user
    ON oauth_dcr_clients (tenant, user_key, is_shared, idle_since, client_id)
    WHERE user_key IS NOT NULL AND NOT blocked;
