//! Poolers that give a session another connection for each transaction.

use sqlx::{Connection as _, PgConnection, Row as _, postgres::PgConnectOptions};

use crate::postgres::{failure::Failure, sql};

/// How often both sessions are asked. A pooler that others use as well may answer as a server would by chance.
const ROUNDS: u32 = 4;

/// Two sessions at the same time, and the processes of the server that they had.
struct Sessions {
    connections: [PgConnection; 2],
    processes: [Option<String>; 2],
}

/// Fails if two sessions share connections to the server. In them a prepared statement or a setting would be lost,
/// or be found by others.
pub(super) async fn check(options: &PgConnectOptions) -> Result<(), Failure> {
    let one = PgConnection::connect_with(options).await?;
    let other = PgConnection::connect_with(options).await?;
    let mut sessions = Sessions {
        connections: [one, other],
        processes: [None, None],
    };
    for _ in 0..ROUNDS {
        sessions.look().await?;
        // In turn, so that two connections that a pooler lends in turn are noticed.
        sessions.connections.reverse();
        sessions.processes.reverse();
    }
    for connection in sessions.connections {
        connection.close().await?;
    }
    Ok(())
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
