-- Only tenants with a limit are counted. `clients` is valid only where `counted` is TRUE: there, whatever adds
-- or removes clients locks the tenant's row first, so the number is always right. A tenant without a limit has a
-- row that nothing updates, so its registrations don't wait for each other.
--
-- The first registration with a limit sets `counted` to NULL, waits for registrations that are under way,
-- counts the clients, and sets it to TRUE. So it misses none.
--
-- It stays TRUE. Where a limit was removed for good, you may set it to FALSE by hand: a limit that is set
-- later has the clients counted again.

-- The rows that are there are counted, and their numbers are right.
ALTER TABLE oauth_dcr_tenants ADD COLUMN IF NOT EXISTS counted BOOLEAN DEFAULT TRUE;

ALTER TABLE oauth_dcr_tenants ALTER COLUMN counted SET DEFAULT FALSE;
