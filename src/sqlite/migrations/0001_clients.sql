CREATE TABLE IF NOT EXISTS oauth_dcr_clients (
    tenant     TEXT    NOT NULL,
    client_id  TEXT    NOT NULL,
    -- The client as JSON.
    record     TEXT    NOT NULL,
    -- Copies of what the record says, to be looked for and compared. The record is what counts:
    -- changing these by hand has no effect on what the client may do.
    revision   INTEGER NOT NULL,
    blocked    INTEGER NOT NULL,
    -- How the client is used: whether it ever was, and since when it is idle, in Unix milliseconds.
    is_used    INTEGER NOT NULL,
    idle_since INTEGER NOT NULL,
    -- What it is folded by, if anything.
    fold_key   BLOB,
    PRIMARY KEY (tenant, client_id)
) STRICT;

CREATE UNIQUE INDEX IF NOT EXISTS oauth_dcr_clients_by_fold_key
    ON oauth_dcr_clients (tenant, fold_key)
    WHERE fold_key IS NOT NULL;

-- Those that may be removed unasked, the longest idle first.
CREATE INDEX IF NOT EXISTS oauth_dcr_clients_removable
    ON oauth_dcr_clients (tenant, is_used, idle_since, client_id)
    WHERE blocked = 0;

-- How many clients each tenant has.
CREATE TABLE IF NOT EXISTS oauth_dcr_tenants (
    tenant  TEXT    NOT NULL PRIMARY KEY,
    clients INTEGER NOT NULL
) STRICT;

CREATE TRIGGER IF NOT EXISTS oauth_dcr_clients_inserted
AFTER INSERT ON oauth_dcr_clients
BEGIN
    INSERT INTO oauth_dcr_tenants (tenant, clients) VALUES (new.tenant, 1)
    ON CONFLICT (tenant) DO UPDATE SET clients = clients + 1;
END;

CREATE TRIGGER IF NOT EXISTS oauth_dcr_clients_deleted
AFTER DELETE ON oauth_dcr_clients
BEGIN
    UPDATE oauth_dcr_tenants SET clients = clients - 1 WHERE tenant = old.tenant;
END;
