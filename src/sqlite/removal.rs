//! Clients that go: deleted, swept or evicted.

use sqlx::SqliteConnection;

use crate::{
    sqlite::{failure::Failure, row},
    store::{RemoveOutcome, Sweep},
    stored_row::millis,
    types::{ClientId, TenantId},
};

pub(super) async fn remove(
    connection: &mut SqliteConnection,
    tenant: &TenantId,
    id: &ClientId,
) -> Result<RemoveOutcome, Failure> {
    let removed = sqlx::query("DELETE FROM oauth_dcr_clients WHERE tenant = ? AND client_id = ?")
        .bind(tenant.as_str())
        .bind(id.as_str())
        .execute(connection)
        .await?;
    Ok(match removed.rows_affected() {
        0 => RemoveOutcome::Missing,
        _ => RemoveOutcome::Removed,
    })
}

pub(super) async fn sweep(
    connection: &mut SqliteConnection,
    tenant: &TenantId,
    sweep: Sweep,
) -> Result<Vec<ClientId>, Failure> {
    let mut removed = Vec::new();
    for is_used in [false, true] {
        if let Some(before) = sweep.before(is_used) {
            let latest = millis(before).saturating_sub(1);
            let left = left(u64::from(sweep.max_removed()), &removed);
            let some = remove_idle(connection, tenant, is_used, latest, left).await?;
            removed.extend(some);
        }
    }
    Ok(removed)
}

/// How many of `limit` are left to remove.
pub(super) fn left(limit: u64, removed: &[ClientId]) -> i64 {
    let removed = u64::try_from(removed.len()).unwrap_or(u64::MAX);
    i64::try_from(limit.saturating_sub(removed)).unwrap_or(i64::MAX)
}

/// Removes up to `limit` of those that may be removed, used or unused, that are idle since `latest` or
/// before, the longest idle first.
pub(super) async fn remove_idle(
    connection: &mut SqliteConnection,
    tenant: &TenantId,
    is_used: bool,
    latest: i64,
    limit: i64,
) -> Result<Vec<ClientId>, Failure> {
    if limit == 0 {
        return Ok(Vec::new());
    }
    let sql = "DELETE FROM oauth_dcr_clients WHERE rowid IN (
                   SELECT rowid FROM oauth_dcr_clients
                   WHERE tenant = ? AND is_used = ? AND blocked = 0 AND idle_since <= ?
                   ORDER BY idle_since, client_id LIMIT ?)
               RETURNING idle_since, CAST(client_id AS BLOB)";
    let removed: Vec<Removed> = sqlx::query_as(sql)
        .bind(tenant.as_str())
        .bind(is_used)
        .bind(latest)
        .bind(limit)
        .fetch_all(connection)
        .await?;
    Ok(in_order(removed))
}

/// Since when a client that was removed had been idle, and its id.
type Removed = (i64, Vec<u8>);

/// SQLite gives back what it has removed in an order of its own.
fn in_order(mut removed: Vec<Removed>) -> Vec<ClientId> {
    removed.sort_unstable();
    removed.iter().map(|(_, id)| row::id(id)).collect()
}
