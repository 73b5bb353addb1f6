-- Only a tenant with a limit needs the number of its clients. So a tenant is counted when an insertion
-- first has a limit; from then on `clients` is right.
--
-- It stays counted. Where a limit was removed for good, you may set `counted` to 0 by hand: a limit that is
-- set later has the clients counted again.
ALTER TABLE oauth_dcr_tenants ADD COLUMN counted INTEGER NOT NULL DEFAULT 0;

-- The numbers that are there are right, and an older process that has the file open depends on them.
UPDATE oauth_dcr_tenants SET counted = 1;

-- These counted every tenant. The triggers that replace them have other names.
DROP TRIGGER IF EXISTS oauth_dcr_clients_inserted;
DROP TRIGGER IF EXISTS oauth_dcr_clients_deleted;
