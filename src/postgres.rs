//! A store in PostgreSQL, which several nodes share.
//!
//! ```no_run
//! use std::time::Duration;
//!
//! use oauth_dcr::{Registrar, TenantSettings, postgres::PostgresStore};
//!
//! # async fn start() -> Result<(), Box<dyn std::error::Error>> {
//! let url = "postgres://auth:secret@db.example.com/auth";
//! let store = PostgresStore::connect(url).await?.with_timeout(Duration::from_secs(2));
//! let registrar = Registrar::builder(store)
//!     .tenant(TenantSettings::new().enabled())
//!     .build()?;
//! # Ok(())
//! # }
//! ```
//!
//! [`PostgresStore`] is the whole module. It opens its own connections with
//! [`connect`](PostgresStore::connect), or uses a pool of yours with
//! [`with_pool`](PostgresStore::with_pool); [`migrate`](PostgresStore::migrate) creates the tables.

mod client_store;
mod connections;
mod counter;
mod database;
mod demotions;
mod failure;
mod insert;
mod lease;
mod per_tenant;
mod pooler;
mod read;
mod removal;
mod remove;
mod row;
mod schema;
mod sql;
mod sweep;
mod tenant_locks;
mod time_outs;
mod touch;
mod update;
mod url;

use std::{fmt, time::Duration};

use sqlx::PgPool;

use crate::{
    backend_error::BackendError,
    postgres::{
        database::Database, demotions::Demotions, failure::Failure, insert::Inserts, lease::Leases,
        pooler::PoolerCheck, time_outs::TimeOuts,
    },
};

/// How long a call may take.
const TIMEOUT: Duration = Duration::from_secs(1);

/// How long connecting may take, migrations included.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// Keeps clients in PostgreSQL 14 or later. Nodes share a database; clones share a pool.
///
/// Registrations that wait at the same time are committed together, so that many cost little more
/// than one. Limits and deduplication work across all nodes. The first limit of a tenant begins to count its
/// clients. Registrations of a tenant that is not counted share no row, so they don't wait for each other.
///
/// ```no_run
/// use oauth_dcr::{postgres::PostgresStore, Registrar, TenantSettings};
///
/// # async fn start() -> Result<(), Box<dyn std::error::Error>> {
/// let store = PostgresStore::connect("postgres://auth:secret@db.example.com/auth").await?;
/// let registrar = Registrar::builder(store)
///     .tenant(TenantSettings::new().enabled())
///     .build()?;
/// # Ok(())
/// # }
/// ```
///
/// It belongs to the Tokio runtime that it was made in: once that is gone, so are its connections and
/// the task that commits registrations.
///
/// # Schema
///
/// The tables are `oauth_dcr_clients`, `oauth_dcr_tenants` and `oauth_dcr_migrations`, in whatever
/// schema the connection creates and finds tables in. [`connect`](Self::connect) brings them up to
/// date. Where the server's role has no right to, either another calls [`migrate`](Self::migrate)
/// before, or an operator applies the files in `src/postgres/migrations` of this crate by hand and
/// the server uses [`with_pool`](Self::with_pool). Reading `oauth_dcr_migrations` and reading,
/// inserting, updating and deleting rows of the other two is all that remains.
///
/// There is no extension, sequence or trigger, and each key begins with the tenant.
///
/// # Time
///
/// No call takes longer than the [time-out](Self::with_timeout), whatever PostgreSQL does. What was
/// under way then may have been done or not; its connection is closed. A connection that takes
/// longer to make is there for later calls.
///
/// If another program has locked the row of a tenant, the calls of this tenant that need the row fail:
/// registrations of a counted tenant, removals, sweeps, and uses with a limit for each user. Calls of other
/// tenants go on. Calls that need the row use at most half of the connections. Tenants with locked rows share one
/// more. Give the pool at least four.
///
/// Connections of [`connect`](Self::connect) set `statement_timeout` and
/// `idle_in_transaction_session_timeout` to five seconds, or to twice the time-out if that is more, so
/// that a server that is overloaded is not kept busy by those who have gone; `lock_timeout` to an eighth
/// of the time-out, so that no registration waits for a lock to the end; and `default_transaction_isolation` to
/// PostgreSQL's own default, `read committed`. They are used for five minutes at most. A pool of the host's should do
/// the same. With a stricter isolation the store does the same work, but registrations of all tenants lock rows.
///
/// # Failover
///
/// No call is answered by a server that only reads: a standby, or a primary that was demoted
/// (`default_transaction_read_only`). A call that reaches one closes the connection and is carried out on another,
/// for up to half of the time-out. So a name, a proxy or a virtual IP may lead to another server at any time,
/// and connections to the old server may stay open. Demote with `ALTER SYSTEM` and a reload, because `ALTER DATABASE`
/// and `ALTER ROLE` change new sessions only. A commit that waits when its server is demoted may be lost
/// unless PostgreSQL replicates synchronously.
///
/// # Poolers
///
/// Each connection has to be a session of its own, because sqlx prepares statements: PgBouncer needs
/// `pool_mode = session`. [`connect`](Self::connect), [`migrate`](Self::migrate) and the first call of a store
/// [with a host's pool](Self::with_pool) check that with two connections, within five seconds, and refuse other
/// modes. Turn off `extra_float_digits` in the options of a host's pool, or have PgBouncer ignore that parameter.
///
/// # TLS
///
/// The crate turns on none of sqlx's TLS features. A host that has another one on, such as
/// `sqlx/tls-rustls-ring-webpki`, gets TLS here, as the URL says (`sslmode=verify-full`).
#[derive(Clone)]
pub struct PostgresStore {
    database: Database,
    inserts: Inserts,
}

impl PostgresStore {
    /// Connects to the database at `url` (`postgres://user:password@host:port/database`), brings its
    /// schema up to date, and opens up to ten connections as they are needed.
    ///
    /// Nodes that start at the same time don't get in each other's way, and an older one starts on
    /// the schema of a newer one. Set no new limit until all nodes have the same version. Building an index on a large table takes longer than the ten seconds that
    /// this call has, and registrations wait meanwhile: call [`migrate`](Self::migrate) before, or apply the
    /// files by hand with `CREATE INDEX CONCURRENTLY`.
    ///
    /// # Errors
    /// [`BackendError`], with what sqlx says as its source and after ten seconds at most, if the
    /// URL is not valid or has a parameter that sqlx does not know, the database can't be reached, is a standby or is
    /// behind a pooler that shares connections between sessions, or the schema can't be brought up to date. A
    /// server that should start without its database uses [`with_pool`](Self::with_pool).
    ///
    /// # Panics
    /// Outside of a Tokio runtime.
    pub async fn connect(url: &str) -> Result<Self, BackendError> {
        let options = connections::options(url)?;
        let prepared = tokio::time::timeout(CONNECT_TIMEOUT, connections::prepare(&options)).await;
        let prepared = prepared.unwrap_or(Err(Failure::TimedOut(CONNECT_TIMEOUT)));
        let place = |failure| BackendError::from(failure).at(connections::place(&options));
        prepared.map_err(place)?;
        let (timeouts, demotions) = (TimeOuts::new(TIMEOUT), Demotions::default());
        let pool = connections::pool(options, timeouts.clone(), demotions.clone());
        let leases = Leases::new(pool, demotions, PoolerCheck::passed());
        Ok(Self::new(Database::new(leases, timeouts, TIMEOUT)))
    }

    /// Uses a pool of the host's. Asks the database for nothing yet, so that the pool may be lazy
    /// and the database down; the schema has to be there when the first call is made, by
    /// [`migrate`](Self::migrate) or by hand.
    ///
    /// Before the first call, the store makes two connections beside the pool, to find out whether sessions share
    /// connections, as with some [poolers](Self#poolers). Every call fails until that check has succeeded once.
    ///
    /// ```no_run
    /// use oauth_dcr::postgres::PostgresStore;
    /// use sqlx::postgres::PgPoolOptions;
    ///
    /// # async fn start() -> Result<(), Box<dyn std::error::Error>> {
    /// let pool = PgPoolOptions::new()
    ///     .max_connections(20)
    ///     .connect_lazy("postgres://auth:secret@db.example.com/auth")?;
    /// let store = PostgresStore::with_pool(pool.clone());
    /// // Whenever the database is there:
    /// PostgresStore::migrate(&pool).await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Panics
    /// Outside of a Tokio runtime.
    pub fn with_pool(pool: PgPool) -> Self {
        // Those of the host are as it sets them.
        let leases = Leases::new(pool, Demotions::default(), PoolerCheck::default());
        Self::new(Database::new(leases, TimeOuts::new(TIMEOUT), TIMEOUT))
    }

    /// How long a call may take, from its beginning to its answer. Default: one second.
    ///
    /// A registration waits for a lock for no longer than an eighth of that at a time. Connections of
    /// [`connect`](Self::connect) are set for that when they are made: call this before anything else.
    ///
    /// # Panics
    /// Outside of a Tokio runtime.
    #[must_use]
    pub fn with_timeout(self, timeout: Duration) -> Self {
        Self::new(self.database.with_timeout(timeout))
    }

    /// Brings the schema up to date. If it is, this takes no right but to read
    /// `oauth_dcr_migrations`. It takes as long as the database does. To find out whether sessions share
    /// connections, it makes two connections beside the pool.
    ///
    /// # Errors
    /// [`BackendError`], with what sqlx says as its source, or if the database is a standby or behind a pooler that
    /// shares connections between sessions.
    pub async fn migrate(pool: &PgPool) -> Result<(), BackendError> {
        Ok(connections::migrate(pool).await?)
    }

    fn new(database: Database) -> Self {
        Self {
            inserts: Inserts::new(database.clone()),
            database,
        }
    }
}

/// Shows nothing of how it connects.
impl fmt::Debug for PostgresStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostgresStore")
            .field("timeout", &self.database.timeout())
            .finish_non_exhaustive()
    }
}
