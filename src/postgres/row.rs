use sqlx::{Row as _, postgres::PgRow};

use crate::{
    client::StoredClient,
    postgres::failure::Failure,
    stored_row::Row,
    types::{ClientId, TenantId},
};

/// Reads a row. The columns from `first` on are the record, whether the client is blocked, and the revision.
pub(super) fn read(
    tenant: &TenantId,
    id: &ClientId,
    row: &PgRow,
    first: usize,
) -> Result<StoredClient, Failure> {
    let [record, blocked, revision] = [0, 1, 2].map(|column| first.saturating_add(column));
    let row = Row {
        record: row.try_get(record)?,
        blocked: row.try_get(blocked)?,
        revision: row.try_get(revision)?,
    };
    Ok(row.read(tenant, id))
}
