//! The row of a tenant, which a transaction locks before it adds or removes clients.

use sqlx::PgConnection;

use crate::postgres::{failure::Failure, sql};

/// Whether the clients of a tenant are counted.
#[derive(Clone, Copy)]
pub(super) enum Counter {
    Uncounted,
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
            (true, clients) => Self::Counted(clients),
            (false, _) => Self::Uncounted,
        })
    }
}

async fn lock_row(
    connection: &mut PgConnection,
    tenant: &str,
) -> Result<Option<(bool, i64)>, Failure> {
    let row = sqlx::query_as(sql::LOCK_TENANT).bind(tenant);
    Ok(row.fetch_optional(connection).await?)
}

/// Counts the clients of `tenant`, whose row is locked.
///
/// It is a statement of its own, so that it sees what was committed while the lock was waited for.
pub(super) async fn count(connection: &mut PgConnection, tenant: &str) -> Result<i64, Failure> {
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
