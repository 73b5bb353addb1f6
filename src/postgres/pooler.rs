//! Poolers that give a session another connection for each transaction.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use sqlx::{Connection as _, PgConnection, PgPool, Row as _, postgres::PgConnectOptions};
use tokio::{sync::OnceCell, time::Instant};

use crate::postgres::{failure::Failure, sql};

/// How often both sessions are asked. A busy pooler may look like a server by chance, so one
/// round is not enough.
const ROUNDS: u32 = 4;

/// How long the check may take. A pooler may have no room for the second session.
const CHECK_TIMEOUT: Duration = Duration::from_secs(5);

/// For how long the store does not check again after a check that found shared connections.
const REFUSED_FOR: Duration = Duration::from_secs(1);

/// Whether the sessions of a pool have been checked. No call may use the pool before: a call that prepares a
/// statement on a shared connection may carry out a statement of another program.
#[derive(Clone, Default)]
pub(super) struct PoolerCheck {
    passed: Arc<OnceCell<()>>,
    refused: Arc<Mutex<Option<Instant>>>,
}

/// Two sessions at the same time, and the processes of the server that they had.
struct Sessions {
    connections: [PgConnection; 2],
    processes: [Option<String>; 2],
}

impl PoolerCheck {
    /// For connections that are known to be sessions of their own.
    pub(super) fn passed() -> Self {
        Self {
            passed: Arc::new(OnceCell::new_with(Some(()))),
            ..Self::default()
        }
    }

    /// Checks the sessions of `pool`, unless a check has succeeded before. One call at a time does it.
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

/// Fails if two sessions share connections to the server. In them a prepared statement or a setting would be lost,
/// or be found by others.
pub(super) async fn check(options: &PgConnectOptions) -> Result<(), Failure> {
    Ok(connect(options).await?.close().await?)
}

/// Connects, and fails if two sessions share connections to the server.
pub(super) async fn connect(options: &PgConnectOptions) -> Result<PgConnection, Failure> {
    let connected = tokio::time::timeout(CHECK_TIMEOUT, connect_twice(options)).await;
    connected.unwrap_or(Err(Failure::PoolerTimedOut(CHECK_TIMEOUT)))
}

async fn connect_twice(options: &PgConnectOptions) -> Result<PgConnection, Failure> {
    let one = PgConnection::connect_with(options).await?;
    let other = PgConnection::connect_with(options).await?;
    let mut sessions = Sessions {
        connections: [one, other],
        processes: [None, None],
    };
    for _ in 0..ROUNDS {
        sessions.look().await?;
        // Both orders, so that two connections that a pooler lends alternately are noticed.
        sessions.connections.reverse();
        sessions.processes.reverse();
    }
    let [one, other] = sessions.connections;
    other.close().await?;
    Ok(one)
}

impl Sessions {
    async fn look(&mut self) -> Result<(), Failure> {
        for (connection, known) in self.connections.iter_mut().zip(&mut self.processes) {
            let process = process(connection).await?;
            if known.as_ref().is_some_and(|known| *known != process) {
                return Err(Failure::Pooled(None));
            }
            *known = Some(process);
        }
        let [one, other] = &self.processes;
        // A server without processes says a negative number.
        let is_known = one.as_ref().is_some_and(|it| !it.starts_with('-'));
        if is_known && one == other {
            return Err(Failure::Pooled(None));
        }
        Ok(())
    }
}

/// The process of the server that this is answered by.
async fn process(connection: &mut PgConnection) -> Result<String, Failure> {
    let row = sqlx::raw_sql(sql::PROCESS).fetch_one(connection).await?;
    Ok(row.try_get(0)?)
}
