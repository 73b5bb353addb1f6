//! How many clients a tenant has, which only a limit depends on.

use sqlx::SqliteConnection;

use crate::{sqlite::failure::Failure, types::TenantId};

/// Keep the numbers of the tenants that are counted.
const TRIGGERS: &str = include_str!("count/triggers.sql");

/// How many clients the tenant has. The first call for a tenant counts them, and later calls read the
/// number.
///
/// The transaction must hold the lock for writing: then no client comes or goes while they are counted.
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

/// Counts the clients of the tenant, and has the number kept from then on.
async fn start_counting(
    connection: &mut SqliteConnection,
    tenant: &TenantId,
) -> Result<i64, Failure> {
    sqlx::raw_sql(TRIGGERS).execute(&mut *connection).await?;
    // An older file has a row already, whose number is out of date.
    let sql = "INSERT INTO oauth_dcr_tenants (tenant, clients, counted)
               SELECT ?1, count(*), 1 FROM oauth_dcr_clients WHERE tenant = ?1
               ON CONFLICT (tenant) DO UPDATE SET clients = excluded.clients, counted = 1
               RETURNING clients";
    let counted = sqlx::query_scalar(sql).bind(tenant.as_str());
    Ok(counted.fetch_one(connection).await?)
}
