-- The clients of all tenants, and how many each tenant has.
--
-- Ids sort by their bytes. CockroachDB always sorts text so, and refuses COLLATE "C" in a column: there,
-- the store leaves it out, and so should you.

CREATE TABLE IF NOT EXISTS oauth_dcr_clients (
    tenant TEXT COLLATE "C" NOT NULL,
    client_id TEXT COLLATE "C" NOT NULL,
    -- The client as JSON. It holds the digest of the secret, never the secret.
    record BYTEA NOT NULL,
    -- Copies of what the record says, to compare and to index. To change them by hand does nothing to
    -- what the client may do: only to block it by the interface does.
    --
    -- How often the owner has changed it.
    revision BIGINT NOT NULL,
    -- Whether the owner has blocked it.
    blocked BOOLEAN NOT NULL,
    is_used BOOLEAN NOT NULL,
    -- In milliseconds since the Unix epoch.
    idle_since BIGINT NOT NULL,
    -- Only of clients that others may be folded into.
    fold_key BYTEA,
    PRIMARY KEY (tenant, client_id)
);

CREATE UNIQUE INDEX IF NOT EXISTS oauth_dcr_clients_fold_key
    ON oauth_dcr_clients (tenant, fold_key)
    WHERE fold_key IS NOT NULL;

-- Who makes room and who is swept away: blocked clients never are.
CREATE INDEX IF NOT EXISTS oauth_dcr_clients_idle
    ON oauth_dcr_clients (tenant, is_used, idle_since, client_id)
    WHERE NOT blocked;

-- Whatever adds or removes clients of a tenant changes its row in the same transaction, so that
-- nobody has to count, and a limit holds whoever else registers.
CREATE TABLE IF NOT EXISTS oauth_dcr_tenants (
    tenant TEXT COLLATE "C" NOT NULL,
    clients BIGINT NOT NULL,
    PRIMARY KEY (tenant)
);
