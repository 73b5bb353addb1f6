//! Writes the activity of clients, and applies the limit of a user.

use sqlx::SqliteConnection;

use crate::{
    sqlite::{failure::Failure, removal::remaining, row},
    store::{Activity, TouchOutcome, UserLimit},
    stored_row::{self, millis},
    types::{ClientId, TenantId},
};

pub(super) async fn touch(
    connection: &mut SqliteConnection,
    tenant: &TenantId,
    id: &ClientId,
    touch: Activity,
) -> Result<TouchOutcome, Failure> {
    let sql = "UPDATE oauth_dcr_clients
               SET is_used = is_used OR ?1, idle_since = MAX(idle_since, ?2),
                   user_key = COALESCE(user_key, ?6),
                   is_shared = is_shared OR COALESCE(user_key <> ?6, FALSE)
               WHERE tenant = ?3 AND client_id = ?4
               AND (idle_since < ?5 OR (?1 AND NOT is_used)
                   OR (user_key IS NULL AND ?6 IS NOT NULL)
                   OR (NOT is_shared AND user_key <> ?6))
               RETURNING user_key";
    let touched: Option<Option<Vec<u8>>> = sqlx::query_scalar(sql)
        .bind(touch.is_use())
        .bind(millis(touch.idle_since()))
        .bind(tenant.as_str())
        .bind(id.as_str())
        .bind(millis(touch.until()))
        .bind(stored_row::user_key(touch.user()))
        .fetch_optional(&mut *connection)
        .await?;
    let Some(user) = touched else {
        return Ok(match row::usage(connection, tenant, id).await? {
            Some(_) => TouchOutcome::Unchanged,
            None => TouchOutcome::Missing,
        });
    };
    let is_of_user = |limit: &UserLimit| user.as_deref() == Some(limit.user.as_bytes());
    let evicted = match touch.limit().filter(is_of_user) {
        Some(limit) => evict_of_user(connection, tenant, limit, id).await?,
        None => Vec::new(),
    };
    Ok(TouchOutcome::Written { evicted })
}

/// Removes clients of a user, except `touched`, until the limit holds: the longest idle clients first, and shared
/// clients last.
async fn evict_of_user(
    connection: &mut SqliteConnection,
    tenant: &TenantId,
    limit: UserLimit,
    touched: &ClientId,
) -> Result<Vec<ClientId>, Failure> {
    let clients = row::count_of_user(connection, tenant, limit.user).await?;
    let evictions = remaining(limit.evictions(clients), &[]);
    if evictions == 0 {
        return Ok(Vec::new());
    }
    let sql = "DELETE FROM oauth_dcr_clients WHERE rowid IN (
                   SELECT rowid FROM oauth_dcr_clients
                   WHERE tenant = ? AND user_key = ? AND blocked = 0 AND client_id <> ?
                   ORDER BY is_shared, idle_since, client_id LIMIT ?)
               RETURNING is_shared, idle_since, CAST(client_id AS BLOB)";
    let mut evicted: Vec<(bool, i64, Vec<u8>)> = sqlx::query_as(sql)
        .bind(tenant.as_str())
        .bind(limit.user.as_bytes().as_slice())
        .bind(touched.as_str())
        .bind(evictions)
        .fetch_all(connection)
        .await?;
    evicted.sort_unstable();
    Ok(evicted.iter().map(|(.., id)| row::id(id)).collect())
}
