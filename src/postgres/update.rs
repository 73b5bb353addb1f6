use sqlx::{PgConnection, Row as _};

use crate::{
    postgres::{failure::Failure, read, sql},
    store::{ClientUpdate, UpdateOutcome},
    stored_row,
};

/// How often an update is tried if other transactions store the previous revision between the two statements.
const MAX_ATTEMPTS: usize = 8;

/// Replaces the client of `update`, whose record is `record`.
///
/// The previous revision may be stored after the first statement and before the second statement looks for it. Then the
/// update is tried again, because no outcome describes this case.
pub(super) async fn update(
    connection: &mut PgConnection,
    update: &ClientUpdate,
    record: &[u8],
) -> Result<UpdateOutcome, Failure> {
    let client = update.client();
    let before = client.revision().checked_sub(1).map(stored_row::revision);
    for _ in 0..MAX_ATTEMPTS {
        if replace(connection, update, record).await? {
            return Ok(UpdateOutcome::Updated);
        }
        let found = sqlx::query(sql::REVISION)
            .bind(client.tenant().as_str())
            .bind(client.id().as_str());
        let Some(row) = read::row(connection, found).await? else {
            return Ok(UpdateOutcome::Missing);
        };
        let revision: i64 = row.try_get(0)?;
        if before != Some(revision) {
            break;
        }
    }
    Ok(UpdateOutcome::Changed)
}

/// Replaces the client, and returns whether there was a client that `update` follows.
async fn replace(
    connection: &mut PgConnection,
    update: &ClientUpdate,
    record: &[u8],
) -> Result<bool, Failure> {
    let client = update.client();
    let replaced = sqlx::query(sql::UPDATE)
        .bind(client.tenant().as_str())
        .bind(client.id().as_str())
        .bind(record)
        .bind(stored_row::revision(client.revision()))
        .bind(client.is_blocked())
        .bind(client.revision().checked_sub(1).map(stored_row::revision))
        .bind(update.removes_duplicate_key())
        .execute(connection)
        .await?;
    Ok(replaced.rows_affected() > 0)
}
