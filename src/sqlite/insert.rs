//! New clients.

use sqlx::{QueryBuilder, SqliteConnection};

use crate::{
    sqlite::{
        failure::Failure,
        removal::{left, remove_idle},
        row,
        touch::touch,
    },
    store::{InsertOutcome, Insertion, Usage},
    stored_row::{self, millis},
};

/// A client to insert, and its record.
pub(super) type Row<'a> = (&'a Insertion, &'a str);

const INSERT_INTO: &str = "INSERT INTO oauth_dcr_clients \
    (tenant, client_id, record, revision, blocked, is_used, idle_since, fold_key) ";

pub(super) async fn insert(
    connection: &mut SqliteConnection,
    insertion: &Insertion,
    record: &str,
) -> Result<InsertOutcome, Failure> {
    let client = insertion.client();
    let tenant = client.tenant();
    if let Some(key) = insertion.duplicate_key()
        && let Some(same) = row::same(&mut *connection, tenant, key).await?
    {
        let client = same.client()?;
        touch(
            connection,
            tenant,
            client.id(),
            insertion.registered_again(),
        )
        .await?;
        return Ok(InsertOutcome::Duplicate(client));
    }
    if !insertion.has_limit() {
        return insert_row(connection, (insertion, record)).await;
    }
    if row::exists(&mut *connection, tenant, client.id()).await? {
        return Ok(InsertOutcome::IdTaken);
    }
    let evictions = insertion.evictions(row::count(connection, tenant).await?);
    let mut removed = Vec::new();
    for (is_used, before) in [(false, i64::MAX), (true, millis(insertion.idle_before()))] {
        let left = left(evictions, &removed);
        removed.extend(remove_idle(connection, tenant, is_used, before, left).await?);
    }
    if evictions > 0 && removed.is_empty() {
        return Ok(InsertOutcome::Full);
    }
    Ok(match insert_row(connection, (insertion, record)).await? {
        InsertOutcome::Inserted { .. } => InsertOutcome::Inserted { removed },
        other => other,
    })
}

pub(super) const fn inserted() -> InsertOutcome {
    let removed = Vec::new();
    InsertOutcome::Inserted { removed }
}

pub(super) async fn insert_row(
    connection: &mut SqliteConnection,
    row: Row<'_>,
) -> Result<InsertOutcome, Failure> {
    let is_new = insert_rows(connection, &[row]).await?;
    Ok(if is_new {
        inserted()
    } else {
        InsertOutcome::IdTaken
    })
}

/// Inserts all of them, or none if an id is taken: then the transaction can go on. Says whether.
pub(super) async fn insert_rows(
    connection: &mut SqliteConnection,
    rows: &[Row<'_>],
) -> Result<bool, Failure> {
    if rows.is_empty() {
        return Ok(true);
    }
    let mut sql = QueryBuilder::new(INSERT_INTO);
    sql.push_values(rows, |mut values, (insertion, record)| {
        let client = insertion.client();
        let usage = Usage::registered(client.issued_at());
        values
            .push_bind(client.tenant().as_str())
            .push_bind(client.id().as_str())
            .push_bind(*record)
            .push_bind(stored_row::revision(client.revision()))
            .push_bind(client.is_blocked())
            .push_bind(usage.is_used())
            .push_bind(millis(usage.idle_since()))
            .push_bind(insertion.duplicate_key().map(|key| key.as_bytes().to_vec()));
    });
    // Statements of one row are many; those of any other number are few, and not worth keeping.
    let insert = sql.build().persistent(rows.len() == 1);
    match insert.execute(connection).await {
        Ok(_) => Ok(true),
        Err(sqlx::Error::Database(error)) if error.is_unique_violation() => Ok(false),
        Err(error) => Err(error.into()),
    }
}
