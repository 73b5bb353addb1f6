-- Only a tenant with a limit needs the number of its clients. So a tenant is counted when an insertion
-- first has a limit; from then on `clients` is right.
ALTER TABLE oauth_dcr_tenants ADD COLUMN counted INTEGER NOT NULL DEFAULT 0;

-- A trigger makes every insertion slower, even where it changes nothing. The first tenant that is counted
-- brings the triggers back.
DROP TRIGGER IF EXISTS oauth_dcr_clients_inserted;
DROP TRIGGER IF EXISTS oauth_dcr_clients_deleted;
