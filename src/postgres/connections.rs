//! The connections that a store opens itself.

use std::time::Duration;

use sqlx::{
    Connection as _, PgConnection, PgPool,
    postgres::{PgConnectOptions, PgPoolOptions},
};

use crate::postgres::{failure::Failure, schema, time_outs::TimeOuts, url};

/// How long making a connection may take while calls come and go. A database that is not there is
/// tried again at least every fifth of that.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(5);

/// For how long a connection may have been idle and yet be taken as it is. A server does not restart
/// in less.
const FRESH: Duration = Duration::from_millis(20);

/// How long a connection that has been idle may take to show that it still leads somewhere. One to a
/// server that has vanished never does, and a call may come upon several of them.
const PING_TIMEOUT: Duration = Duration::from_millis(200);

/// How to connect to the database at `url`.
pub(super) fn options(url: &str) -> Result<PgConnectOptions, Failure> {
    url::check(url)?;
    Ok(url.parse()?)
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
    let mut connection = PgConnection::connect_with(options).await?;
    schema::migrate(&mut connection).await?;
    Ok(connection.close().await?)
}

pub(super) fn pool(options: PgConnectOptions, timeouts: TimeOuts) -> PgPool {
    let pool = PgPoolOptions::new().after_connect(move |connection, _| {
        let session = timeouts.session();
        Box::pin(async move {
            sqlx::raw_sql(session).execute(connection).await?;
            Ok(())
        })
    });
    let pool = pool.acquire_timeout(ACQUIRE_TIMEOUT);
    // A round trip less for each call of a server that is busy.
    let pool = pool.test_before_acquire(false);
    let pool = pool.before_acquire(|connection, metadata| {
        Box::pin(async move {
            if metadata.idle_for > FRESH {
                let ping = tokio::time::timeout(PING_TIMEOUT, connection.ping()).await;
                ping.map_err(std::io::Error::from)??;
            }
            Ok(true)
        })
    });
    pool.connect_lazy_with(options)
}
