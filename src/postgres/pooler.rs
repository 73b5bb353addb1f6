//! Detects poolers that give a session another connection for each transaction.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use sqlx::{Connection as _, PgConnection, PgPool, Row as _, postgres::PgConnectOptions};
use tokio::{sync::OnceCell, time::Instant};

use crate::postgres::{failure::Failure, sql};

/// How often both sessions are queried. One round is not enough, because a busy pooler may look like a server by chance.
const ROUNDS: u32 = 4;

/// How long the check may take. A pooler may have no free connection for the second session.
const CHECK_TIMEOUT: Duration = Duration::from_secs(5);

/// How long the store waits before it checks again after it found shared connections.
const REFUSED_FOR: Duration = Duration::from_secs(1);

/// Whether the sessions of a pool have been checked. No call may use the pool before that: on a shared connection, a
/// prepared statement may be the statement of another program.
#[derive(Clone, Default)]
pub(super) struct PoolerCheck {
    passed: Arc<OnceCell<()>>,
    refused: Arc<Mutex<Option<Instant>>>,
}

/// Two simultaneous sessions, and the server processes that answered them.
struct Sessions {
    connections: [PgConnection; 2],
    processes: [Option<String>; 2],
}

impl PoolerCheck {
    /// The check for connections that are known to be separate sessions.
    pub(super) fn passed() -> Self {
        Self {
            passed: Arc::new(OnceCell::new_with(Some(()))),
            ..Self::default()
        }
    }

    /// Checks the sessions of `pool`, unless a check has already succeeded. Only one call at a time checks.
    pub(super) async fn pass(&self, pool: &PgPool) -> Result<(), Failure> {
        let done = self.passed.get_or_try_init(|| self.check(pool)).await;
        done.copied()
    }

    async fn check(&self, pool: &PgPool) -> Result<(), Failure> {
        let is_refused = |at: Instant| at.elapsed() < REFUSED_FOR;
        if self.lock().is_some_and(is_refused) {
            return Err(Failure::Pooled(None));
        }
        let done = check(&pool.connect_options()).await;
        if matches!(done, Err(Failure::Pooled(_))) {
            *self.lock() = Some(Instant::now());
        }
        done
    }

    fn lock(&self) -> MutexGuard<'_, Option<Instant>> {
        self.refused.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Fails if two sessions share connections to the server. A session could then lose its prepared statements and
/// settings, or other sessions could find them.
pub(super) async fn check(options: &PgConnectOptions) -> Result<(), Failure> {
    Ok(connect(options).await?.close().await?)
}

/// Connects, and fails if two sessions share connections to the server.
pub(super) async fn connect(options: &PgConnectOptions) -> Result<PgConnection, Failure> {
    let connected = tokio::time::timeout(CHECK_TIMEOUT, connect_twice(options)).await;
    connected.unwrap_or(Err(Failure::PoolerTimedOut(CHECK_TIMEOUT)))
}

async fn connect_twice(options: &PgConnectOptions) -> Result<PgConnection, Failure> {
    let first = PgConnection::connect_with(options).await?;
    let second = PgConnection::connect_with(options).await?;
    let mut sessions = Sessions {
        connections: [first, second],
        processes: [None, None],
    };
    for _ in 0..ROUNDS {
        sessions.check().await?;
        // Using both orders also detects a pooler that lends two connections alternately.
        sessions.connections.reverse();
        sessions.processes.reverse();
    }
    let [first, second] = sessions.connections;
    second.close().await?;
    Ok(first)
}

impl Sessions {
    async fn check(&mut self) -> Result<(), Failure> {
        for (connection, known) in self.connections.iter_mut().zip(&mut self.processes) {
            let process = process(connection).await?;
            if known.as_ref().is_some_and(|known| *known != process) {
                return Err(Failure::Pooled(None));
            }
            *known = Some(process);
        }
        let [first, second] = &self.processes;
        // A server without processes returns a negative number.
        let is_known = first
            .as_ref()
            .is_some_and(|process| !process.starts_with('-'));
        if is_known && first == second {
            return Err(Failure::Pooled(None));
        }
        Ok(())
    }
}

/// The server process that answers this connection.
async fn process(connection: &mut PgConnection) -> Result<String, Failure> {
    let row = sqlx::raw_sql(sql::PROCESS).fetch_one(connection).await?;
    Ok(row.try_get(0)?)
}
