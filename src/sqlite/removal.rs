//! Removes clients that are deleted, swept or evicted.

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
            let remaining = remaining(u64::from(sweep.max_removed()), &removed);
            let idle = remove_idle(connection, tenant, is_used, latest, remaining).await?;
            removed.extend(idle);
        }
    }
    Ok(removed)
}

/// How many more clients may be removed.
pub(super) fn remaining(limit: u64, removed: &[ClientId]) -> i64 {
    let removed = u64::try_from(removed.len()).unwrap_or(u64::MAX);
    i64::try_from(limit.saturating_sub(removed)).unwrap_or(i64::MAX)
}

/// Removes up to `limit` clients that can be removed, used or unused, and that have been idle since `latest` or earlier:
/// the longest idle clients first.
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

/// A removed client: since when it had been idle, and its id.
type Removed = (i64, Vec<u8>);

/// Sorts removed clients, because SQLite returns them in any order.
fn in_order(mut removed: Vec<Removed>) -> Vec<ClientId> {
    removed.sort_unstable();
    removed.iter().map(|(_, id)| row::id(id)).collect()
}
