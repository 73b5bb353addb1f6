//! Carries out insertions in one statement, which is one round trip and a transaction by itself.

use sqlx::PgConnection;

use crate::{
    postgres::{
        failure::Failure,
        insert::{columns::Columns, job::ids, stored::Stored},
        sql,
    },
    store::Insertion,
    stored_row,
};

/// Stores the clients of `insertions` whose ids and duplicate keys are free, of tenants that are not counted.
pub(super) async fn insert(
    connection: &mut PgConnection,
    insertions: &[&Insertion],
) -> Result<Stored, Failure> {
    if let [insertion] = insertions {
        return insert_alone(connection, insertion).await;
    }
    let columns = Columns::new(insertions)?;
    columns.store(connection, sql::INSERT_GROUP).await
}

async fn insert_alone(
    connection: &mut PgConnection,
    insertion: &Insertion,
) -> Result<Stored, Failure> {
    let client = insertion.client();
    let (tenant, id) = ids(insertion);
    let key = insertion.duplicate_key();
    let insert = sqlx::query(sql::INSERT_ALONE)
        .bind(tenant)
        .bind(id)
        .bind(stored_row::write(client)?.into_bytes())
        .bind(stored_row::revision(client.revision()))
        .bind(client.is_blocked())
        .bind(stored_row::millis(client.issued_at()))
        .bind(key.as_ref().map(|key| key.as_bytes().as_slice()));
    let is_stored = insert.execute(connection).await?.rows_affected() > 0;
    let stored = is_stored.then(|| (tenant.to_owned(), id.to_owned()));
    Ok(stored.into_iter().collect())
}
