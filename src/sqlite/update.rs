//! Changes stored clients.

use sqlx::SqliteConnection;

use crate::{
    sqlite::{failure::Failure, row},
    store::{BlockOutcome, ClientUpdate, UpdateOutcome},
    stored_row,
    types::{ClientId, TenantId},
};

pub(super) async fn update(
    connection: &mut SqliteConnection,
    update: &ClientUpdate,
    record: &str,
) -> Result<UpdateOutcome, Failure> {
    let client = update.client();
    let sql = "UPDATE oauth_dcr_clients SET record = ?, revision = ?, blocked = ?,
               fold_key = CASE WHEN ? THEN NULL ELSE fold_key END
               WHERE tenant = ? AND client_id = ? AND revision = ?";
    let updated = sqlx::query(sql)
        .bind(record)
        .bind(stored_row::revision(client.revision()))
        .bind(client.is_blocked())
        .bind(update.removes_duplicate_key())
        .bind(client.tenant().as_str())
        .bind(client.id().as_str())
        .bind(client.revision().checked_sub(1).map(stored_row::revision))
        .execute(&mut *connection)
        .await?;
    if updated.rows_affected() > 0 {
        return Ok(UpdateOutcome::Updated);
    }
    Ok(
        if row::exists(connection, client.tenant(), client.id()).await? {
            UpdateOutcome::Changed
        } else {
            UpdateOutcome::Missing
        },
    )
}

pub(super) async fn set_blocked(
    connection: &mut SqliteConnection,
    tenant: &TenantId,
    id: &ClientId,
    blocked: bool,
) -> Result<BlockOutcome, Failure> {
    let sql = "UPDATE oauth_dcr_clients
               SET blocked = ?, revision = CASE revision
                   WHEN -1 THEN -1
                   WHEN 0x7FFFFFFFFFFFFFFF THEN 0x8000000000000000
                   ELSE revision + 1 END
               WHERE tenant = ? AND client_id = ? RETURNING revision";
    let revision: Option<i64> = sqlx::query_scalar(sql)
        .bind(blocked)
        .bind(tenant.as_str())
        .bind(id.as_str())
        .fetch_optional(connection)
        .await?;
    Ok(
        revision.map_or(BlockOutcome::Missing, |revision| BlockOutcome::Written {
            revision: revision.cast_unsigned(),
        }),
    )
}
