//! The row of a tenant, which a transaction locks before it adds or removes clients of a counted tenant.

use std::time::Duration;

use sqlx::PgConnection;
use tokio::time::Instant;

use crate::{
    group_commit::deadline_after,
    postgres::{failure::Failure, sql},
};

/// The first pause between two checks whether insertions have ended. The pause doubles each time.
const PAUSE: Duration = Duration::from_millis(2);

/// Whether the clients of a tenant are counted.
#[derive(Clone, Copy)]
pub(super) enum Counter {
    Uncounted,
    /// A transaction with a limit is about to count the clients. From now on, each insertion locks the row.
    Announced,
    Counted(i64),
}

impl Counter {
    /// Locks the row of `tenant`. Creates the row if there is none.
    pub(super) async fn lock(connection: &mut PgConnection, tenant: &str) -> Result<Self, Failure> {
        let mut row = lock_row(connection, tenant).await?;
        if row.is_none() {
            let add = sqlx::query(sql::ADD_TENANT).bind(tenant);
            add.execute(&mut *connection).await?;
            row = lock_row(connection, tenant).await?;
        }
        // If the row is gone again, somebody removes these rows by hand.
        Ok(match row.ok_or(Failure::Overtaken)? {
            (Some(true), clients) => Self::Counted(clients),
            (Some(false), _) => Self::Uncounted,
            (None, _) => Self::Announced,
        })
    }
}

/// Whether the clients of `tenant` are counted. This takes no lock, so the answer may change at any time.
pub(super) async fn is_counted(
    connection: &mut PgConnection,
    tenant: &str,
) -> Result<bool, Failure> {
    let is_counted = sqlx::query_scalar(sql::IS_COUNTED).bind(tenant);
    Ok(is_counted.fetch_one(connection).await?)
}

type Row = (Option<bool>, i64);

async fn lock_row(connection: &mut PgConnection, tenant: &str) -> Result<Option<Row>, Failure> {
    let row = sqlx::query_as(sql::LOCK_TENANT).bind(tenant);
    match row.fetch_optional(connection).await.map_err(Failure::from) {
        Err(failure) if failure.is_locked() => Err(Failure::TenantLocked),
        row => row,
    }
}

/// Makes all later insertions of `tenant` lock its row, once this is committed. The caller has locked the row.
pub(super) async fn announce(connection: &mut PgConnection, tenant: &str) -> Result<(), Failure> {
    let announce = sqlx::query(sql::ANNOUNCE_COUNT).bind(tenant);
    announce.execute(connection).await?;
    Ok(())
}

/// Waits up to `timeout` for the insertions that began before the count was announced. Returns whether all of them have
/// ended.
pub(super) async fn wait_for_insertions(
    connection: &mut PgConnection,
    timeout: Duration,
) -> Result<bool, Failure> {
    let end = deadline_after(timeout);
    let writers = sqlx::query_scalar(sql::WRITERS);
    let mut unfinished: Vec<String> = writers.fetch_all(&mut *connection).await?;
    let mut pause = PAUSE;
    while !unfinished.is_empty() {
        if Instant::now() >= end {
            return Ok(false);
        }
        tokio::time::sleep(pause).await;
        pause = pause.saturating_mul(2);
        let remaining = sqlx::query_scalar(sql::UNFINISHED).bind(unfinished);
        unfinished = remaining.fetch_all(&mut *connection).await?;
    }
    Ok(true)
}

/// Counts the clients of `tenant`. The caller has locked the row of the tenant.
pub(super) async fn count(connection: &mut PgConnection, tenant: &str) -> Result<i64, Failure> {
    let clients = sqlx::query_scalar(sql::COUNT_OF_TENANT).bind(tenant);
    Ok(clients.fetch_one(connection).await?)
}

/// Writes the number of clients of `tenant`. From now on the tenant is counted.
pub(super) async fn write(
    connection: &mut PgConnection,
    tenant: &str,
    clients: i64,
) -> Result<(), Failure> {
    let count = sqlx::query(sql::WRITE_COUNT).bind(tenant).bind(clients);
    count.execute(connection).await?;
    Ok(())
}
