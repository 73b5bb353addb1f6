use std::time::Duration;

use sqlx::PgConnection;

use crate::{
    postgres::{failure::Failure, sql},
    store::RemoveOutcome,
    types::{ClientId, TenantId},
};

/// Removes a client. Waits for each lock for at most `lock_timeout`.
pub(super) async fn remove(
    connection: &mut PgConnection,
    tenant: &TenantId,
    id: &ClientId,
    lock_timeout: Duration,
) -> Result<RemoveOutcome, Failure> {
    let removed: i64 = sqlx::query_scalar(sql::REMOVE)
        .bind(tenant.as_str())
        .bind(id.as_str())
        .bind(sql::setting(lock_timeout))
        .fetch_one(connection)
        .await
        .map_err(Failure::of_tenant_lock)?;
    Ok(match removed {
        0 => RemoveOutcome::Missing,
        _ => RemoveOutcome::Removed,
    })
}
