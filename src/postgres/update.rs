use sqlx::{PgConnection, Row as _};

use crate::{
    postgres::{failure::Failure, read, sql},
    store::{ClientUpdate, UpdateOutcome},
    stored_row,
};

/// How often an update is tried, if others store the client that it follows between its two statements.
const MOST_TRIES: usize = 8;

/// Replaces the client of `update`, whose record is `record`.
///
/// A client that was missing, or that had another revision, may follow before the second statement looks for it.
/// Then the update is tried again, because none of the outcomes says what has happened.
pub(super) async fn update(
    connection: &mut PgConnection,
    update: &ClientUpdate,
    record: &[u8],
) -> Result<UpdateOutcome, Failure> {
    let client = update.client();
    let before = client.revision().checked_sub(1).map(stored_row::revision);
    for _ in 0..MOST_TRIES {
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

/// Whether there was a client that `update` follows.
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
