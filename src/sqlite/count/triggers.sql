-- Triggers count for every process that has the file open, whatever its version.

CREATE TRIGGER IF NOT EXISTS oauth_dcr_clients_inserted
AFTER INSERT ON oauth_dcr_clients
BEGIN
    UPDATE oauth_dcr_tenants SET clients = clients + 1 WHERE tenant = new.tenant AND counted = 1;
END;

CREATE TRIGGER IF NOT EXISTS oauth_dcr_clients_deleted
AFTER DELETE ON oauth_dcr_clients
BEGIN
    UPDATE oauth_dcr_tenants SET clients = clients - 1 WHERE tenant = old.tenant AND counted = 1;
END;
