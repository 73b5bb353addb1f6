//! All SQL statements.
//!
//! # Counting the clients of a tenant
//!
//! Only a tenant with a limit is counted. Its row then has the number of its clients, and each transaction that adds or
//! removes clients locks the row first, so the number is always correct. An insertion without a limit reads `counted`.
//! If it is FALSE, the same statement stores the client and locks nothing. Otherwise it stores nothing, and a
//! transaction that locks the row stores the client.
//!
//! A tenant gets its first limit in three steps:
//!
//! 1. `counted` becomes NULL, and this is committed. Each insertion that begins later is carried out by a transaction
//!    that locks the row.
//! 2. Statements that began earlier may still read FALSE. Each of them has locked the table of clients before it reads
//!    anything, as PostgreSQL does for each statement that writes, so `pg_locks` shows them. The insertion waits until
//!    they have ended, for at most an eighth of the time-out.
//! 3. The insertion locks the row, counts the clients once and sets `counted` to TRUE.
//!
//! If a transaction that has written to the table does not end in step 2, `counted` stays NULL, and each insertion with
//! a limit counts the clients again.
//!
//! All of this must run in READ COMMITTED, PostgreSQL's default. In a stricter isolation level, PostgreSQL takes the
//! snapshot before the locks. Transactions set the level. In a stricter level, an insertion in one statement stores
//! nothing, so that a transaction stores the client.
//!
//! # Order of locks
//!
//! A transaction that locks the row of a tenant does so before it locks or removes any client that other transactions
//! can see. So two of these transactions never deadlock. A statement that removes selected rows compares the rows again,
//! because a row that was touched while the statement waited has changed.

mod reads;

use std::time::Duration;

use sqlx::{AssertSqlSafe, SqlSafeStr as _, SqlStr};

pub(super) use self::reads::{
    EXISTS, FIND, FIND_DUPLICATES, IS_READ_ONLY, LIST, NOW, PROCESS, REVISION, USAGE,
};

/// Stores clients whose ids and duplicate keys are free, of tenants that are not counted. The parameters are arrays:
/// tenants, ids, records, revisions, blocked, times and duplicate keys. Returns the clients that are stored.
pub(super) const INSERT_GROUP: &str = "
INSERT INTO oauth_dcr_clients
    (tenant, client_id, record, revision, blocked, is_used, idle_since, fold_key)
SELECT new.tenant, new.client_id, new.record, new.revision, new.blocked, FALSE, new.idle_since,
    new.fold_key
FROM UNNEST(
    $1::TEXT[], $2::TEXT[], $3::BYTEA[], $4::BIGINT[], $5::BOOLEAN[], $6::BIGINT[], $7::BYTEA[]
) AS new (tenant, client_id, record, revision, blocked, idle_since, fold_key)
JOIN oauth_dcr_tenants AS counter ON counter.tenant = new.tenant AND NOT counter.counted
WHERE current_setting('transaction_isolation') IN ('read committed', 'read uncommitted')
ORDER BY new.tenant, new.fold_key, new.client_id
ON CONFLICT DO NOTHING
RETURNING tenant, client_id
";

/// Does the same as [`INSERT_GROUP`] for one client. The plan of this statement can be cached.
pub(super) const INSERT_ALONE: &str = "
INSERT INTO oauth_dcr_clients
    (tenant, client_id, record, revision, blocked, is_used, idle_since, fold_key)
SELECT $1, $2, $3, $4, $5, FALSE, $6, $7
FROM oauth_dcr_tenants
WHERE tenant = $1 AND NOT counted
    AND current_setting('transaction_isolation') IN ('read committed', 'read uncommitted')
ON CONFLICT DO NOTHING
";

/// Stores one client, unless its id or its duplicate key is taken. The caller updates the count.
pub(super) const INSERT: &str = "
INSERT INTO oauth_dcr_clients
    (tenant, client_id, record, revision, blocked, is_used, idle_since, fold_key)
VALUES ($1, $2, $3, $4, $5, FALSE, $6, $7)
ON CONFLICT DO NOTHING
";

/// Does the same as [`INSERT`] for several clients. The parameters are arrays of the columns. Returns the clients that
/// are stored.
pub(super) const INSERT_SEVERAL: &str = "
INSERT INTO oauth_dcr_clients
    (tenant, client_id, record, revision, blocked, is_used, idle_since, fold_key)
SELECT tenant, client_id, record, revision, blocked, FALSE, idle_since, fold_key
FROM UNNEST(
    $1::TEXT[], $2::TEXT[], $3::BYTEA[], $4::BIGINT[], $5::BOOLEAN[], $6::BIGINT[], $7::BYTEA[]
) AS new (tenant, client_id, record, revision, blocked, idle_since, fold_key)
ORDER BY tenant, fold_key, client_id
ON CONFLICT DO NOTHING
RETURNING tenant, client_id
";

/// Removes the client that [`INSERT`] stored in the same transaction.
pub(super) const TAKE_BACK: &str =
    "DELETE FROM oauth_dcr_clients WHERE tenant = $1 AND client_id = $2";

/// Writes the activity of a program that registered again, if the client still has the duplicate key. Returns the client
/// as it is stored.
pub(super) const TOUCH_DUPLICATE: &str = "
UPDATE oauth_dcr_clients SET idle_since = GREATEST(idle_since, $4)
WHERE tenant = $1 AND client_id = $2 AND fold_key = $3
RETURNING substring(record FROM 1 FOR 4194305), blocked, revision
";

/// Whether the clients of the tenant are counted.
pub(super) const IS_COUNTED: &str = "
SELECT EXISTS (SELECT 1 FROM oauth_dcr_tenants WHERE tenant = $1 AND counted)
";

/// Locks the row of the tenant. Returns whether its clients are counted (NULL: soon), and their number.
pub(super) const LOCK_TENANT: &str = "
SELECT counted, clients FROM oauth_dcr_tenants WHERE tenant = $1 FOR NO KEY UPDATE
";

/// Creates a row for the tenant if there is none.
pub(super) const ADD_TENANT: &str = "
INSERT INTO oauth_dcr_tenants (tenant, clients) VALUES ($1, 0) ON CONFLICT DO NOTHING
";

/// Makes later insertions lock the row of the tenant, once this is committed. The caller has locked the row.
pub(super) const ANNOUNCE_COUNT: &str = "
UPDATE oauth_dcr_tenants SET counted = NULL WHERE tenant = $1
";

/// The transactions that currently write to the table of clients.
pub(super) const WRITERS: &str = "
SELECT virtualtransaction FROM pg_locks
WHERE locktype = 'relation' AND mode = 'RowExclusiveLock' AND granted
    AND relation = 'oauth_dcr_clients'::REGCLASS
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
";

/// The given transactions that have not ended.
pub(super) const UNFINISHED: &str = "
SELECT virtualtransaction FROM pg_locks WHERE virtualtransaction = ANY($1::TEXT[])
";

/// Counts the rows of the tenant.
pub(super) const COUNT_OF_TENANT: &str = "
SELECT count(*) FROM oauth_dcr_clients WHERE tenant = $1
";

/// Writes the number of clients of the tenant. The caller has locked its row. From now on the tenant is counted.
pub(super) const WRITE_COUNT: &str = "
UPDATE oauth_dcr_tenants SET clients = $2, counted = TRUE WHERE tenant = $1
";

/// Evicts up to `$3` clients for the client with id `$2`, which is already stored: first unused clients, then used clients
/// that have been idle since before `$4`. Returns the chosen clients and whether each is gone. The caller updates the
/// count.
pub(super) const EVICT: &str = "
WITH due AS (
    (
        SELECT client_id, is_used, idle_since FROM oauth_dcr_clients
        WHERE tenant = $1 AND NOT blocked AND NOT is_used AND client_id <> $2
        ORDER BY idle_since, client_id LIMIT $3
    ) UNION ALL (
        SELECT client_id, is_used, idle_since FROM oauth_dcr_clients
        WHERE tenant = $1 AND NOT blocked AND is_used AND idle_since < $4 AND client_id <> $2
        ORDER BY idle_since, client_id LIMIT $3
    )
    ORDER BY is_used, idle_since, client_id LIMIT $3
), gone AS (
    DELETE FROM oauth_dcr_clients AS client USING due
    WHERE client.tenant = $1 AND client.client_id = due.client_id
        AND client.is_used = due.is_used AND client.idle_since = due.idle_since
        AND NOT client.blocked
    RETURNING client.client_id
)
SELECT due.client_id, gone.client_id IS NOT NULL
FROM due LEFT JOIN gone ON gone.client_id = due.client_id
ORDER BY due.is_used, due.idle_since, due.client_id
";

/// Counts the clients of a user that are not blocked.
pub(super) const COUNT_OF_USER: &str = "
SELECT count(*) FROM oauth_dcr_clients WHERE tenant = $1 AND user_key = $2 AND NOT blocked
";

/// Evicts `$4` clients of the user `$2`, except the client with id `$3`: the longest idle clients first, and shared
/// clients last. The caller has locked the row of the tenant. Returns the chosen clients and whether each is gone.
pub(super) const EVICT_OF_USER: &str = "
WITH due AS (
    SELECT client_id, is_shared, idle_since FROM oauth_dcr_clients
    WHERE tenant = $1 AND user_key = $2 AND NOT blocked AND client_id <> $3
    ORDER BY is_shared, idle_since, client_id LIMIT $4
), gone AS (
    DELETE FROM oauth_dcr_clients AS client USING due
    WHERE client.tenant = $1 AND client.client_id = due.client_id
        AND client.is_shared = due.is_shared AND client.idle_since = due.idle_since
        AND NOT client.blocked
    RETURNING client.client_id
), counted AS (
    UPDATE oauth_dcr_tenants AS counter SET clients = counter.clients - removed.clients
    FROM (SELECT count(*) AS clients FROM gone) AS removed
    WHERE counter.tenant = $1 AND counter.counted AND removed.clients > 0
)
SELECT due.client_id, gone.client_id IS NOT NULL
FROM due LEFT JOIN gone ON gone.client_id = due.client_id
ORDER BY due.is_shared, due.idle_since, due.client_id
";

/// Removes up to `$4` clients: unused clients that have been idle since before `$2`, and used clients that have been idle
/// since before `$3`. Waits for each lock for at most `$5` milliseconds. Returns the chosen clients and whether each is
/// gone.
///
/// `counted` comes from the locked row, which may be newer than the snapshot of the statement.
pub(super) const SWEEP: &str = "
WITH counter AS (
    SELECT tenant, counted FROM oauth_dcr_tenants
    WHERE tenant = $1 AND set_config('lock_timeout', $5, TRUE) IS NOT NULL FOR NO KEY UPDATE
), due AS (
    (
        SELECT client_id, is_used, idle_since FROM oauth_dcr_clients
        WHERE tenant = $1 AND NOT blocked AND NOT is_used AND idle_since < $2
        ORDER BY idle_since, client_id LIMIT $4
    ) UNION ALL (
        SELECT client_id, is_used, idle_since FROM oauth_dcr_clients
        WHERE tenant = $1 AND NOT blocked AND is_used AND idle_since < $3
        ORDER BY idle_since, client_id LIMIT $4
    )
    ORDER BY is_used, idle_since, client_id LIMIT $4
), gone AS (
    DELETE FROM oauth_dcr_clients AS client USING counter, due
    WHERE client.tenant = counter.tenant AND client.client_id = due.client_id
        AND client.is_used = due.is_used AND client.idle_since = due.idle_since
        AND NOT client.blocked
    RETURNING client.client_id
), counted AS (
    UPDATE oauth_dcr_tenants AS target SET clients = target.clients - removed.clients
    FROM counter, (SELECT count(*) AS clients FROM gone) AS removed
    WHERE target.tenant = counter.tenant AND counter.counted AND removed.clients > 0
)
SELECT due.client_id, gone.client_id IS NOT NULL
FROM due LEFT JOIN gone ON gone.client_id = due.client_id
ORDER BY due.is_used, due.idle_since, due.client_id
";

/// Removes one client. Waits for each lock for at most `$3` milliseconds. Returns the number of removed clients.
pub(super) const REMOVE: &str = "
WITH counter AS (
    SELECT tenant, counted FROM oauth_dcr_tenants
    WHERE tenant = $1 AND set_config('lock_timeout', $3, TRUE) IS NOT NULL FOR NO KEY UPDATE
), gone AS (
    DELETE FROM oauth_dcr_clients AS client USING counter
    WHERE client.tenant = counter.tenant AND client.client_id = $2
    RETURNING client.tenant
), counted AS (
    UPDATE oauth_dcr_tenants AS target SET clients = target.clients - 1
    FROM counter, gone WHERE target.tenant = gone.tenant AND counter.counted
)
SELECT count(*) FROM gone
";

/// Replaces the revision `$6` of a client.
pub(super) const UPDATE: &str = "
UPDATE oauth_dcr_clients
SET record = $3, revision = $4, blocked = $5,
    fold_key = CASE WHEN $7 THEN NULL ELSE fold_key END
WHERE tenant = $1 AND client_id = $2 AND revision = $6
";

/// Blocks or unblocks a client, whatever its record is. Adds one to the revision and returns it. The revision is an
/// unsigned number in a signed column, and stays at its maximum.
pub(super) const SET_BLOCKED: &str = "
UPDATE oauth_dcr_clients
SET blocked = $3, revision = CASE revision
    WHEN -1 THEN -1
    WHEN 9223372036854775807 THEN (-9223372036854775808)::BIGINT
    ELSE revision + 1 END
WHERE tenant = $1 AND client_id = $2
RETURNING revision
";

/// Writes an activity, as [`Activity`](crate::store::Activity) documents. The parameters are the tenant, the id,
/// [`is_use`](crate::store::Activity::is_use), [`idle_since`](crate::store::Activity::idle_since),
/// [`until`](crate::store::Activity::until) and [`user`](crate::store::Activity::user). Returns the client's first user.
pub(super) const TOUCH: &str = "
UPDATE oauth_dcr_clients
SET is_used = is_used OR $3, idle_since = GREATEST(idle_since, $4),
    user_key = COALESCE(user_key, $6::BYTEA),
    is_shared = is_shared OR COALESCE(user_key <> $6::BYTEA, FALSE)
WHERE tenant = $1 AND client_id = $2
    AND (idle_since < $5 OR ($3 AND NOT is_used)
        OR (user_key IS NULL AND $6::BYTEA IS NOT NULL)
        OR (NOT is_shared AND user_key <> $6::BYTEA))
RETURNING user_key
";

/// Fails if the table of migrations does not exist.
pub(super) const MIGRATIONS: &str = "SELECT 1 FROM oauth_dcr_migrations LIMIT 1";

/// The name and version of the server.
pub(super) const VERSION: &str = "SELECT version()";

/// Begins a transaction that waits for each lock for at most `lock_timeout`.
///
/// Its isolation level is READ COMMITTED, whatever the default of the database is. So after a statement has waited for a
/// lock, the next statement sees what other transactions have committed meanwhile.
pub(super) fn begin(lock_timeout: Duration) -> SqlStr {
    let begin = format!(
        "BEGIN ISOLATION LEVEL READ COMMITTED; SET LOCAL lock_timeout = {}",
        millis(lock_timeout)
    );
    AssertSqlSafe(begin).into_sql_str()
}

/// Sets the parameters of a connection that the store opens itself: how long a statement waits for a lock, and the time
/// after which the caller has gone. The server then cancels the statement and releases its locks.
pub(super) fn session(lock_timeout: Duration, limit: Duration) -> SqlStr {
    let (lock_timeout, limit) = (millis(lock_timeout), millis(limit));
    let session = format!(
        "SET lock_timeout = {lock_timeout}; SET statement_timeout = {limit}; \
         SET idle_in_transaction_session_timeout = {limit}; \
         SET default_transaction_isolation = 'read committed'"
    );
    AssertSqlSafe(session).into_sql_str()
}

/// A duration as the value of a setting.
pub(super) fn setting(duration: Duration) -> String {
    millis(duration).to_string()
}

/// A setting in milliseconds. It is never 0, which would mean no limit.
fn millis(duration: Duration) -> i32 {
    i32::try_from(duration.as_millis())
        .unwrap_or(i32::MAX)
        .max(1)
}
