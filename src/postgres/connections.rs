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

/// How long making a connection may take while calls come and go. A database that is not there is
/// tried again at least every fifth of that.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(5);

/// A connection that was idle for no longer than this is used without a check. A server does not restart
/// in less.
const FRESH: Duration = Duration::from_millis(20);

/// How long a connection that has been idle may take to show that it still leads to a primary. A connection to
/// a server that has vanished never does, and a call may come upon several of them.
const CHECK_TIMEOUT: Duration = Duration::from_millis(200);

/// How old a connection gets. Then a name that leads elsewhere has been looked up again.
const MAX_LIFETIME: Duration = Duration::from_mins(5);

/// How to connect to the database at `url`.
pub(super) fn options(url: &str) -> Result<PgConnectOptions, Failure> {
    url::check(url)?;
    let options: PgConnectOptions = url.parse()?;
    // No column is a float, and PgBouncer refuses the setting.
    Ok(options.extra_float_digits(None))
}

/// Where the server is. The path of a URL that is written wrongly may hold a password, so the name of the
/// database is left out.
pub(super) fn place(options: &PgConnectOptions) -> String {
    let host = options.get_host();
    match options.get_socket() {
        Some(socket) => socket.display().to_string(),
        None if host.contains(':') => format!("[{host}]:{}", options.get_port()),
        None => format!("{host}:{}", options.get_port()),
    }
}

pub(super) async fn prepare(options: &PgConnectOptions) -> Result<(), Failure> {
    // Not from the pool, which would not say what it waits for.
    let mut connection = pooler::connect(options).await?;
    migrate_on(&mut connection).await?;
    Ok(connection.close().await?)
}

/// Brings the schema up to date, if `connection` leads to a primary.
async fn migrate_on(connection: &mut PgConnection) -> Result<(), Failure> {
    read::check(connection).await?;
    schema::migrate(connection).await
}

/// Brings the schema up to date, by a connection of `pool` to a primary.
pub(super) async fn migrate(pool: &PgPool) -> Result<(), Failure> {
    // The pool knows for how long to try. Connections of its own would be changed by the check of poolers.
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
    // Whether a new connection leads to a primary shows with its first statement, as with each.
    let pool = PgPoolOptions::new().after_connect(move |connection, _| {
        let session = timeouts.session();
        Box::pin(async move {
            sqlx::raw_sql(session).execute(connection).await?;
            Ok(())
        })
    });
    let pool = pool.acquire_timeout(ACQUIRE_TIMEOUT);
    let pool = pool.max_lifetime(MAX_LIFETIME);
    // A round trip less for each call of a server that is busy.
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
                        // It led to a primary when it was last used.
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
