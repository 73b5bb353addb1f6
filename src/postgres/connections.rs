//! The connections that a store opens itself.

use std::time::Duration;

use sqlx::{
    Connection as _, PgConnection, PgPool,
    postgres::{PgConnectOptions, PgPoolOptions},
};
use tokio::time::Instant;

use crate::postgres::{
    demotions::Demotions, failure::Failure, pooler, read, schema, time_outs::TimeOuts, url,
};

/// How long opening a connection may take, even if the calls that wait for it have ended. If the database is down, the
/// pool tries again at least five times within this time.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(5);

/// A connection that was idle for no longer than this is used without a check. No server restarts faster.
const FRESH: Duration = Duration::from_millis(20);

/// How long the check of an idle connection may take. The check shows that the connection still leads to a primary. It
/// never ends if the server has vanished, and a call may have to check several connections.
const CHECK_TIMEOUT: Duration = Duration::from_millis(200);

/// The greatest age of a connection. New connections look up the host name again, which may lead to another server.
const MAX_LIFETIME: Duration = Duration::from_mins(5);

/// The options for connecting to the database at `url`.
pub(super) fn options(url: &str) -> Result<PgConnectOptions, Failure> {
    url::check(url)?;
    let options: PgConnectOptions = url.parse()?;
    // No column is a float, and PgBouncer refuses this parameter.
    Ok(options.extra_float_digits(None))
}

/// The address of the server, for error messages. It leaves out the name of the database, because in a malformed URL
/// the name may contain a password.
pub(super) fn place(options: &PgConnectOptions) -> String {
    let host = options.get_host();
    match options.get_socket() {
        Some(socket) => socket.display().to_string(),
        None if host.contains(':') => format!("[{host}]:{}", options.get_port()),
        None => format!("{host}:{}", options.get_port()),
    }
}

pub(super) async fn prepare(options: &PgConnectOptions) -> Result<(), Failure> {
    // The pool would hide why connecting fails, so this connects directly.
    let mut connection = pooler::connect(options).await?;
    migrate_on(&mut connection).await?;
    Ok(connection.close().await?)
}

/// Updates the schema if `connection` leads to a primary.
async fn migrate_on(connection: &mut PgConnection) -> Result<(), Failure> {
    read::check(connection).await?;
    schema::migrate(connection).await
}

/// Updates the schema on a connection of `pool` that leads to a primary.
pub(super) async fn migrate(pool: &PgPool) -> Result<(), Failure> {
    // Acquiring a connection first waits as long as the pool is configured to wait. The check of poolers opens separate
    // connections, because it changes a parameter.
    drop(pool.acquire().await?);
    pooler::check(&pool.connect_options()).await?;
    let mut others = pool.num_idle();
    loop {
        let mut connection = pool.acquire().await?;
        match migrate_on(&mut connection).await {
            Err(failure) if failure.is_read_only() && others > 0 => connection.close_on_drop(),
            done => return done,
        }
        others = others.saturating_sub(1);
    }
}

pub(super) fn pool(options: PgConnectOptions, timeouts: TimeOuts, demotions: Demotions) -> PgPool {
    // A new connection needs no check: each statement shows whether the server is a primary.
    let pool = PgPoolOptions::new().after_connect(move |connection, _| {
        let session = timeouts.session();
        Box::pin(async move {
            sqlx::raw_sql(session).execute(connection).await?;
            Ok(())
        })
    });
    let pool = pool.acquire_timeout(ACQUIRE_TIMEOUT);
    let pool = pool.max_lifetime(MAX_LIFETIME);
    // This saves a round trip for each call of a busy server.
    let pool = pool.test_before_acquire(false);
    let pool = pool.before_acquire(move |connection, metadata| {
        let demotions = demotions.clone();
        Box::pin(async move {
            if metadata.age >= MAX_LIFETIME || demotions.affect(metadata.age) {
                return Ok(false);
            }
            if metadata.idle_for <= FRESH {
                return Ok(true);
            }
            let check = tokio::time::timeout(CHECK_TIMEOUT, read::check(connection)).await;
            match check.map_err(std::io::Error::from)? {
                Ok(()) => Ok(true),
                Err(Failure::Database(error)) => Err(error),
                Err(failure) => {
                    if failure.is_read_only() {
                        // The connection led to a primary when it was last used.
                        let now = Instant::now();
                        demotions.record(now.checked_sub(metadata.idle_for).unwrap_or(now));
                    }
                    Ok(false)
                }
            }
        })
    });
    pool.connect_lazy_with(options)
}
