-- Only tenants with a limit are counted. `clients` means something only where `counted` is TRUE: there,
-- whatever adds or removes clients locks the tenant's row first, so the number is always right. A tenant
-- without a limit has a row that nothing updates, so its registrations don't wait for each other.
--
-- The first registration with a limit locks the row, which waits for the registrations that are under way.
-- Then it counts the clients once and sets `counted` to TRUE.
--
-- It stays TRUE. Where a limit was removed for good, you may set it to FALSE by hand: a limit that is set
-- later has the clients counted again.
ALTER TABLE oauth_dcr_tenants ADD COLUMN IF NOT EXISTS counted BOOLEAN NOT NULL DEFAULT FALSE;
