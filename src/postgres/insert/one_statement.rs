//! Insertions in one statement. It is one round trip, and a transaction by itself.

use std::collections::HashSet;

use sqlx::PgConnection;

use crate::{
    client::Client,
    postgres::{
        failure::Failure,
        insert::columns::{Columns, Stored},
        sql,
    },
    store::Insertion,
    stored_row,
};

/// Stores the clients of `insertions` that it can.
pub(super) async fn insert(
    connection: &mut PgConnection,
    insertions: &[&Insertion],
) -> Result<HashSet<Stored>, Failure> {
    let stored = match insertions {
        [insertion] => insert_alone(connection, insertion.client()).await?,
        _ => insert_group(connection, Columns::new(insertions)?).await?,
    };
    Ok(stored.into_iter().collect())
}

async fn insert_alone(
    connection: &mut PgConnection,
    client: &Client,
) -> Result<Vec<Stored>, Failure> {
    let stored = sqlx::query_as(sql::INSERT_ALONE)
        .bind(client.tenant().as_str())
        .bind(client.id().as_str())
        .bind(stored_row::write(client)?.into_bytes())
        .bind(stored_row::revision(client.revision()))
        .bind(client.is_blocked())
        .bind(stored_row::millis(client.issued_at()));
    Ok(stored.fetch_all(connection).await?)
}

async fn insert_group(
    connection: &mut PgConnection,
    columns: Columns<'_>,
) -> Result<Vec<Stored>, Failure> {
    let stored = sqlx::query_as(sql::INSERT_GROUP)
        .bind(columns.tenants)
        .bind(columns.ids)
        .bind(columns.records)
        .bind(columns.revisions)
        .bind(columns.blocked)
        .bind(columns.idle_since);
    Ok(stored.fetch_all(connection).await?)
}
