use sqlx::PgConnection;

use crate::{
    postgres::{failure::Failure, read, sql},
    store::{ClientUpdate, UpdateOutcome},
    stored_row,
};

/// Replaces the client of `update`, whose record is `record`.
pub(super) async fn update(
    connection: &mut PgConnection,
    update: &ClientUpdate,
    record: &[u8],
) -> Result<UpdateOutcome, Failure> {
    let client = update.client();
    let (tenant, id) = (client.tenant().as_str(), client.id().as_str());
    let replaced = sqlx::query(sql::UPDATE)
        .bind(tenant)
        .bind(id)
        .bind(record)
        .bind(stored_row::revision(client.revision()))
        .bind(client.is_blocked())
        .bind(client.revision().checked_sub(1).map(stored_row::revision))
        .bind(update.removes_duplicate_key())
        .execute(&mut *connection)
        .await?;
    if replaced.rows_affected() > 0 {
        return Ok(UpdateOutcome::Updated);
    }
    let found = sqlx::query(sql::EXISTS).bind(tenant).bind(id);
    Ok(match read::row(connection, found).await? {
        Some(_) => UpdateOutcome::Changed,
        None => UpdateOutcome::Missing,
    })
}
