//! Stores clients in PostgreSQL, which several nodes can share.
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
//! [`PostgresStore`] is the only item of this module. [`connect`](PostgresStore::connect) opens its own connections,
//! and [`with_pool`](PostgresStore::with_pool) uses your pool. [`migrate`](PostgresStore::migrate) creates the tables.

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

/// How long connecting may take, including migrations.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// Stores clients in PostgreSQL 14 or later. Nodes share a database. Clones share a pool.
///
/// Registrations that wait at the same time are committed in one transaction, so many registrations cost little more
/// than one. Limits and deduplication work across all nodes. Once a tenant has a limit, its clients are counted.
/// Registrations of a tenant that is not counted lock no common row, so they don't wait for each other.
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
/// The store belongs to the Tokio runtime in which it was created. When the runtime ends, the connections and the task
/// that commits registrations end, too.
///
/// # Schema
///
/// The tables are `oauth_dcr_clients`, `oauth_dcr_tenants` and `oauth_dcr_migrations`. They are in the schema in which
/// the connection creates and finds tables. [`connect`](Self::connect) creates and updates them.
///
/// If the role of the server may not do this, there are two ways. Another role calls [`migrate`](Self::migrate) first.
/// Or an operator applies the files in `src/postgres/migrations` of this crate by hand, and the server uses
/// [`with_pool`](Self::with_pool). Then the server needs only the rights to read `oauth_dcr_migrations`, and to read,
/// insert, update and delete rows of the other two tables.
///
/// There are no extensions, sequences or triggers, and each key begins with the tenant.
///
/// # Time
///
/// No call takes longer than the [time-out](Self::with_timeout), whatever PostgreSQL does. If a call times out, its
/// work may have been done or not, and its connection is closed. If opening a connection takes longer than the call,
/// later calls use the connection.
///
/// If another program has locked the row of a tenant, the calls of this tenant that need the row fail:
/// registrations of a counted tenant, removals, sweeps, and uses with a limit for each user. Calls of other
/// tenants are not affected. Calls that need the row use at most half of the connections. Tenants with locked rows
/// share one more connection. Give the pool at least four connections.
///
/// [`connect`](Self::connect) sets these parameters for its connections:
///
/// - `statement_timeout` and `idle_in_transaction_session_timeout` are five seconds, or twice the time-out if that is
///   more. So an overloaded server does not work for callers that have gone.
/// - `lock_timeout` is an eighth of the time-out, so that no registration spends all of its time waiting for a lock.
/// - `default_transaction_isolation` is PostgreSQL's own default, `read committed`. With a stricter isolation level, the
///   store works, but registrations of all tenants lock rows.
///
/// Each connection is used for at most five minutes. A pool of the host should have the same parameters and limit.
///
/// # Failover
///
/// No read-only server answers a call. A read-only server is a standby, or a primary that was demoted
/// (`default_transaction_read_only`). If a call reaches one, it closes the connection and tries another connection,
/// for up to half of the time-out. So a name, a proxy or a virtual IP may switch to another server at any time, and
/// connections to the old server may stay open. To demote a server, use `ALTER SYSTEM` and a reload, because
/// `ALTER DATABASE` and `ALTER ROLE` change new sessions only. If a commit waits while its server is demoted, it may be
/// lost, unless PostgreSQL replicates synchronously.
///
/// # Poolers
///
/// Each connection has to be a separate session of the server, because sqlx prepares statements. So PgBouncer needs
/// `pool_mode = session`. [`connect`](Self::connect), [`migrate`](Self::migrate) and the first call of a store
/// [with a host's pool](Self::with_pool) check this with two connections, within five seconds, and refuse other
/// modes. Turn off `extra_float_digits` in the options of a host's pool, or let PgBouncer ignore this parameter.
///
/// # TLS
///
/// The crate enables none of sqlx's TLS features. If the host enables one, such as `sqlx/tls-rustls-ring-webpki`, the
/// store uses TLS as the URL says (`sslmode=verify-full`).
#[derive(Clone)]
pub struct PostgresStore {
    database: Database,
    inserts: Inserts,
}

impl PostgresStore {
    /// Connects to the database at `url` (`postgres://user:password@host:port/database`) and updates its schema. The
    /// store opens up to ten connections as it needs them.
    ///
    /// Several nodes may start at the same time. An older version can start on the schema of a newer version. Do not
    /// set a new limit until all nodes have the same version.
    ///
    /// Building an index on a large table can take longer than the ten seconds that this call has, and registrations
    /// wait meanwhile. In this case, call [`migrate`](Self::migrate) first, or apply the files by hand with
    /// `CREATE INDEX CONCURRENTLY`.
    ///
    /// # Errors
    /// [`BackendError`], after at most ten seconds, if
    ///
    /// - the URL is not valid or has a parameter that sqlx does not know,
    /// - the database can't be reached, is a standby, or is behind a pooler that shares connections between sessions,
    /// - or the schema can't be updated.
    ///
    /// The source of the error is the error of sqlx. A server that should start without its database uses
    /// [`with_pool`](Self::with_pool).
    ///
    /// # Panics
    /// Panics outside of a Tokio runtime.
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

    /// Uses a pool of the host. This does not connect to the database yet, so the pool may be lazy and the database may
    /// be down. [`migrate`](Self::migrate) or an operator has to create the schema before the first call.
    ///
    /// Before the first call, the store opens two connections outside of the pool, to find out whether sessions share
    /// connections, as with some [poolers](Self#poolers). Every call fails until this check has succeeded once.
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
    /// // Once the database is up:
    /// PostgresStore::migrate(&pool).await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Panics
    /// Panics outside of a Tokio runtime.
    pub fn with_pool(pool: PgPool) -> Self {
        // The host sets the parameters of its connections itself.
        let leases = Leases::new(pool, Demotions::default(), PoolerCheck::default());
        Self::new(Database::new(leases, TimeOuts::new(TIMEOUT), TIMEOUT))
    }

    /// Sets the time-out of each call. Default: one second.
    ///
    /// A registration waits for each lock for at most an eighth of the time-out. Connections of
    /// [`connect`](Self::connect) get this limit when they are opened, so call this before anything else.
    ///
    /// # Panics
    /// Panics outside of a Tokio runtime.
    #[must_use]
    pub fn with_timeout(self, timeout: Duration) -> Self {
        Self::new(self.database.with_timeout(timeout))
    }

    /// Creates or updates the schema. This has no time-out. If the schema is up to date, the only right that this needs
    /// is to read `oauth_dcr_migrations`. It opens two connections outside of the pool, to find out whether sessions
    /// share connections.
    ///
    /// # Errors
    /// [`BackendError`] with the error of sqlx as its source, or if the database is a standby or behind a pooler that
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

/// Shows nothing about its connections.
impl fmt::Debug for PostgresStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostgresStore")
            .field("timeout", &self.database.timeout())
            .finish_non_exhaustive()
    }
}
