//! The connections that a store opens itself.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use sqlx::{
    Connection as _, PgConnection, PgPool, SqlStr,
    postgres::{PgConnectOptions, PgPoolOptions},
};

use crate::postgres::{database, failure::Failure, schema, sql};

/// How long making a connection may take while calls come and go. A database that is not there is
/// tried again at least every fifth of that.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(5);

/// For how long a connection may have been idle and yet be taken as it is. A server does not restart
/// in less.
const FRESH: Duration = Duration::from_millis(100);

/// How long a connection that has been idle may take to show that it still leads somewhere. One to a
/// server that has vanished never does, and a call may come upon several of them.
const PING_TIMEOUT: Duration = Duration::from_millis(200);

/// After how long the server gives up a statement, at least.
const STATEMENT_TIMEOUT: Duration = Duration::from_secs(5);

/// The time-outs of the stores that share the connections, in milliseconds.
#[derive(Clone)]
pub(super) struct TimeOuts(Arc<Range>);

struct Range {
    shortest: AtomicU64,
    longest: AtomicU64,
}

impl TimeOuts {
    pub(super) fn new(timeout: Duration) -> Self {
        let millis = millis(timeout);
        Self(Arc::new(Range {
            shortest: millis.into(),
            longest: millis.into(),
        }))
    }

    /// Has connections that are made from now on be set for a store of this time-out, too.
    pub(super) fn add(&self, timeout: Duration) {
        self.0.shortest.fetch_min(millis(timeout), Relaxed);
        self.0.longest.fetch_max(millis(timeout), Relaxed);
    }

    /// What connections are set to.
    fn session(&self) -> SqlStr {
        let shortest = Duration::from_millis(self.0.shortest.load(Relaxed));
        let longest = Duration::from_millis(self.0.longest.load(Relaxed));
        let limit = longest.saturating_mul(2).max(STATEMENT_TIMEOUT);
        sql::session(database::patience(shortest), limit)
    }
}

fn millis(duration: Duration) -> u64 {
    duration.as_millis().try_into().unwrap_or(u64::MAX)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_server_gives_up_after_the_store_does() {
        let timeouts = TimeOuts::new(Duration::from_secs(1));
        let set = |locks: u64, statements: u64| {
            format!(
                "SET lock_timeout = {locks}; SET statement_timeout = {statements}; \
                 SET idle_in_transaction_session_timeout = {statements}"
            )
        };
        assert_eq!(timeouts.session().as_str(), set(125, 5_000));
        timeouts.add(Duration::from_mins(1));
        assert_eq!(timeouts.session().as_str(), set(125, 120_000));
        timeouts.add(Duration::from_millis(2));
        // 0 would be for ever.
        assert_eq!(timeouts.session().as_str(), set(1, 120_000));
        timeouts.add(Duration::MAX);
        let longest = u64::try_from(i32::MAX).unwrap();
        assert_eq!(timeouts.session().as_str(), set(1, longest));
    }
}
