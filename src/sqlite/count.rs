//! Counts the clients of a tenant. Only a limit needs this number.

use sqlx::{Connection as _, SqliteConnection};

use crate::{sqlite::failure::Failure, types::TenantId};

/// Triggers that update the numbers of counted tenants. A migration creates them. If they were dropped, they are
/// created again for the next tenant that is counted.
const TRIGGERS: &str = include_str!("migrations/0003_triggers.sql");

/// The number of clients of the tenant. The first call for a tenant counts them, and later calls read the number.
///
/// The transaction must have the write lock, so that no client is added or removed during the count.
pub(super) async fn count(
    connection: &mut SqliteConnection,
    tenant: &TenantId,
) -> Result<u64, Failure> {
    let sql = "SELECT clients FROM oauth_dcr_tenants WHERE tenant = ? AND counted = 1";
    let number: Option<i64> = sqlx::query_scalar(sql)
        .bind(tenant.as_str())
        .fetch_optional(&mut *connection)
        .await?;
    let clients = match number {
        Some(clients) => clients,
        None => start_counting(connection, tenant).await?,
    };
    Ok(clients.unsigned_abs())
}

/// Counts the clients of the tenant. From then on, triggers update the number.
async fn start_counting(
    connection: &mut SqliteConnection,
    tenant: &TenantId,
) -> Result<i64, Failure> {
    sqlx::raw_sql(TRIGGERS).execute(&mut *connection).await?;
    // The number in an existing row is out of date.
    let sql = "INSERT INTO oauth_dcr_tenants (tenant, clients, counted)
               SELECT ?1, count(*), 1 FROM oauth_dcr_clients WHERE tenant = ?1
               ON CONFLICT (tenant) DO UPDATE SET clients = excluded.clients, counted = 1
               RETURNING clients";
    let counted = sqlx::query_scalar(sql).bind(tenant.as_str());
    Ok(counted.fetch_one(connection).await?)
}

/// Drops the triggers if no tenant is counted: they slow down every insertion.
pub(super) async fn drop_idle_triggers(connection: &mut SqliteConnection) -> Result<(), Failure> {
    if !triggers_are_idle(connection).await? {
        return Ok(());
    }
    let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await?;
    // Another process may have started counting before this process had the lock.
    if triggers_are_idle(&mut transaction).await? {
        let sql = "DROP TRIGGER IF EXISTS oauth_dcr_counted_inserted;
                   DROP TRIGGER IF EXISTS oauth_dcr_counted_deleted;";
        sqlx::raw_sql(sql).execute(&mut *transaction).await?;
    }
    Ok(transaction.commit().await?)
}

/// Whether there are triggers although no tenant is counted.
async fn triggers_are_idle(connection: &mut SqliteConnection) -> Result<bool, Failure> {
    let sql = "SELECT EXISTS (
                   SELECT 1 FROM sqlite_schema WHERE name = 'oauth_dcr_counted_inserted')
               AND NOT EXISTS (SELECT 1 FROM oauth_dcr_tenants WHERE counted = 1)";
    Ok(sqlx::query_scalar(sql).fetch_one(connection).await?)
}
