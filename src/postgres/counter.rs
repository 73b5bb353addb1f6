//! The row of a tenant, which a transaction locks before it adds or removes clients.

use sqlx::PgConnection;

use crate::postgres::{failure::Failure, sql};

/// Whether the clients of a tenant are counted.
#[derive(Clone, Copy)]
pub(super) enum Counter {
    Uncounted,
    /// The next transaction with a limit counts them, and until then each insertion locks the row.
    Announced,
    Counted(i64),
}

impl Counter {
    /// Locks the row of `tenant`, and makes it if there is none.
    pub(super) async fn lock(connection: &mut PgConnection, tenant: &str) -> Result<Self, Failure> {
        let mut row = lock_row(connection, tenant).await?;
        if row.is_none() {
            let add = sqlx::query(sql::ADD_TENANT).bind(tenant);
            add.execute(&mut *connection).await?;
            row = lock_row(connection, tenant).await?;
        }
        // If it is gone, somebody removes such rows by hand.
        Ok(match row.ok_or(Failure::Overtaken)? {
            (Some(true), clients) => Self::Counted(clients),
            (Some(false), _) => Self::Uncounted,
            (None, _) => Self::Announced,
        })
    }
}

type Row = (Option<bool>, i64);

async fn lock_row(connection: &mut PgConnection, tenant: &str) -> Result<Option<Row>, Failure> {
    let row = sqlx::query_as(sql::LOCK_TENANT).bind(tenant);
    Ok(row.fetch_optional(connection).await?)
}

/// Has later insertions of `tenant` lock its row, once this is committed.
pub(super) async fn announce(connection: &mut PgConnection, tenant: &str) -> Result<(), Failure> {
    let announce = sqlx::query(sql::ANNOUNCE_COUNT).bind(tenant);
    announce.execute(connection).await?;
    Ok(())
}

/// Counts the clients of `tenant`, whose row is locked and whose count is announced.
pub(super) async fn count(connection: &mut PgConnection, tenant: &str) -> Result<i64, Failure> {
    let wait = sqlx::query(sql::AWAIT_INSERTIONS).bind(tenant);
    wait.execute(&mut *connection).await?;
    // A new statement, so that it sees what was committed while the first one waited.
    let clients = sqlx::query_scalar(sql::COUNT_OF_TENANT).bind(tenant);
    Ok(clients.fetch_one(connection).await?)
}

/// Writes down that `tenant` has so many clients. From now on it is counted.
pub(super) async fn write(
    connection: &mut PgConnection,
    tenant: &str,
    clients: i64,
) -> Result<(), Failure> {
    let count = sqlx::query(sql::COUNT).bind(tenant).bind(clients);
    count.execute(connection).await?;
    Ok(())
}
