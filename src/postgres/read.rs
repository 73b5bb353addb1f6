//! Reads from a primary. A read-only server is an error.

use sqlx::{
    PgConnection, Postgres, Row as _, ValueRef as _,
    postgres::{PgArguments, PgRow},
    query::Query,
};

use crate::postgres::{failure::Failure, sql};

/// The rows that a statement of `sql::reads` finds.
pub(super) async fn rows(
    connection: &mut PgConnection,
    query: Query<'_, Postgres, PgArguments>,
) -> Result<Vec<PgRow>, Failure> {
    let mut rows = query.fetch_all(connection).await?;
    let first = rows.first().ok_or(sqlx::Error::RowNotFound)?;
    if first.try_get("is_read_only")? {
        return Err(Failure::ReadOnly);
    }
    let is_empty = first.try_get_raw(0)?.is_null();
    if is_empty {
        rows.clear();
    }
    Ok(rows)
}

/// The only row that a statement of `sql::reads` finds, if there is one.
pub(super) async fn row(
    connection: &mut PgConnection,
    query: Query<'_, Postgres, PgArguments>,
) -> Result<Option<PgRow>, Failure> {
    Ok(rows(connection, query).await?.pop())
}

/// Fails if the server is read-only. This takes one round trip.
pub(super) async fn check(connection: &mut PgConnection) -> Result<(), Failure> {
    let query = sqlx::raw_sql(sql::IS_READ_ONLY);
    if query.fetch_one(connection).await?.try_get(0)? {
        return Err(Failure::ReadOnly);
    }
    Ok(())
}
