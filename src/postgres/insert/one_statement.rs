//! Insertions that need nothing but a free id, in one statement. It is one round trip, and a transaction
//! by itself.

use std::collections::HashSet;

use crate::{
    client::Client,
    postgres::{
        database::Database,
        failure::Failure,
        insert::{
            columns::{Columns, Stored},
            job::ids,
        },
        sql,
        time_outs::TimeLimit,
    },
    store::{InsertOutcome, Insertion},
    stored_row,
};

pub(super) async fn insert(
    database: &Database,
    limit: TimeLimit,
    insertions: &[&Insertion],
) -> Result<Vec<Option<InsertOutcome>>, Failure> {
    let stored = match insertions {
        [insertion] => insert_alone(database, limit, insertion.client()).await?,
        _ => insert_group(database, limit, &Columns::new(insertions)?).await?,
    };
    let mut stored: HashSet<_> = stored.into_iter().collect();
    // Of several with one id only the first finds it here.
    let outcomes = insertions.iter().map(|insertion| {
        let (tenant, id) = ids(insertion);
        Some(if stored.remove(&(tenant.to_owned(), id.to_owned())) {
            let removed = Vec::new();
            InsertOutcome::Inserted { removed }
        } else {
            InsertOutcome::IdTaken
        })
    });
    Ok(outcomes.collect())
}

async fn insert_alone(
    database: &Database,
    limit: TimeLimit,
    client: &Client,
) -> Result<Vec<Stored>, Failure> {
    let record = stored_row::write(client)?;
    let record = record.as_bytes();
    let stored = database.run_within(limit, |connection, _| {
        Box::pin(async move {
            let stored = sqlx::query_as(sql::INSERT_ALONE)
                .bind(client.tenant().as_str())
                .bind(client.id().as_str())
                .bind(record)
                .bind(stored_row::revision(client.revision()))
                .bind(client.is_blocked())
                .bind(stored_row::millis(client.issued_at()));
            Ok(stored.fetch_all(connection).await?)
        })
    });
    stored.await
}

async fn insert_group(
    database: &Database,
    limit: TimeLimit,
    columns: &Columns<'_>,
) -> Result<Vec<Stored>, Failure> {
    let stored = database.run_within(limit, |connection, _| {
        Box::pin(async move {
            let stored = sqlx::query_as(sql::INSERT_GROUP)
                .bind(&columns.tenants)
                .bind(&columns.ids)
                .bind(&columns.records)
                .bind(&columns.revisions)
                .bind(&columns.blocked)
                .bind(&columns.idle_since);
            Ok(stored.fetch_all(connection).await?)
        })
    });
    stored.await
}
