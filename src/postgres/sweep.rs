use std::time::Duration;

use sqlx::PgConnection;

use crate::{
    postgres::{failure::Failure, removal::Chosen, sql},
    store::Sweep,
    stored_row,
    types::TenantId,
};

/// Removes up to `limit` clients that are due. Waits for each lock for at most `lock_timeout`.
pub(super) async fn sweep(
    connection: &mut PgConnection,
    tenant: &TenantId,
    sweep: Sweep,
    limit: i64,
    lock_timeout: Duration,
) -> Result<Vec<Chosen>, Failure> {
    let before = |is_used| sweep.before(is_used).map(stored_row::millis);
    let removed = sqlx::query_as(sql::SWEEP)
        .bind(tenant.as_str())
        .bind(before(false))
        .bind(before(true))
        .bind(limit)
        .bind(sql::setting(lock_timeout))
        .fetch_all(connection)
        .await;
    removed.map_err(Failure::of_tenant_lock)
}
