-- Triggers that update the numbers of counted tenants, for every process that has the file open, whatever its
-- version. They slow down every insertion, so the store drops them when it opens a file in which
-- no tenant is counted.

CREATE TRIGGER IF NOT EXISTS oauth_dcr_counted_inserted
AFTER INSERT ON oauth_dcr_clients
BEGIN
    UPDATE oauth_dcr_tenants SET clients = clients + 1 WHERE tenant = new.tenant AND counted = 1;
END;

CREATE TRIGGER IF NOT EXISTS oauth_dcr_counted_deleted
AFTER DELETE ON oauth_dcr_clients
BEGIN
    UPDATE oauth_dcr_tenants SET clients = clients - 1 WHERE tenant = old.tenant AND counted = 1;
END;
