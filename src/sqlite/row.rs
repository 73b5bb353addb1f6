//! Reads rows.

use std::sync::Arc;

use sqlx::{Executor, Sqlite, SqliteConnection};

use crate::{
    client::{Client, StoredClient},
    sqlite::failure::Failure,
    store::{DuplicateKey, Usage, UserKey},
    stored_row::{self, Row},
    types::{ClientId, TenantId},
};

/// The id, the row and the usage of a client.
type Found = (
    Vec<u8>,
    Vec<u8>,
    bool,
    i64,
    bool,
    i64,
    Option<Vec<u8>>,
    bool,
);

/// The stored client that a registration is a duplicate of.
pub(super) struct Duplicate {
    client: StoredClient,
    pub(super) usage: Usage,
}

impl Duplicate {
    pub(super) fn client(self) -> Result<Arc<Client>, Failure> {
        Ok(self.client.readable()?)
    }
}

pub(super) async fn find(
    reader: impl Executor<'_, Database = Sqlite>,
    tenant: &TenantId,
    id: &ClientId,
) -> Result<Option<StoredClient>, Failure> {
    // Text that is not UTF-8 would fail the whole query, so it is read as a BLOB. Of a record that is too long, only
    // enough bytes are read to notice this.
    let sql =
        "SELECT substr(CAST(record AS BLOB), 1, 4194305), blocked, revision FROM oauth_dcr_clients
               WHERE tenant = ? AND client_id = ?";
    let row: Option<(Vec<u8>, bool, i64)> = sqlx::query_as(sql)
        .bind(tenant.as_str())
        .bind(id.as_str())
        .fetch_optional(reader)
        .await?;
    Ok(row.map(|(record, blocked, revision)| {
        let record = &*record;
        Row {
            record,
            blocked,
            revision,
        }
        .read(tenant, id)
    }))
}

pub(super) async fn exists(
    reader: impl Executor<'_, Database = Sqlite>,
    tenant: &TenantId,
    id: &ClientId,
) -> Result<bool, Failure> {
    let sql = "SELECT EXISTS (SELECT 1 FROM oauth_dcr_clients WHERE tenant = ? AND client_id = ?)";
    let exists = sqlx::query_scalar(sql)
        .bind(tenant.as_str())
        .bind(id.as_str())
        .fetch_one(reader)
        .await?;
    Ok(exists)
}

pub(super) async fn list(
    reader: impl Executor<'_, Database = Sqlite>,
    tenant: &TenantId,
    after: Option<&ClientId>,
    limit: u32,
) -> Result<Vec<StoredClient>, Failure> {
    let sql = "SELECT CAST(client_id AS BLOB), substr(CAST(record AS BLOB), 1, 4194305), blocked, revision
               FROM oauth_dcr_clients
               WHERE tenant = ? AND client_id > CAST(? AS TEXT) ORDER BY client_id LIMIT ?";
    let rows: Vec<(Vec<u8>, Vec<u8>, bool, i64)> = sqlx::query_as(sql)
        .bind(tenant.as_str())
        .bind(after.map_or_else(Vec::new, beyond))
        .bind(limit)
        .fetch_all(reader)
        .await?;
    let clients = rows.into_iter().map(|(id, record, blocked, revision)| {
        let (id, record) = (self::id(&id), &*record);
        Row {
            record,
            blocked,
            revision,
        }
        .read(tenant, &id)
    });
    Ok(clients.collect())
}

/// The id in a row. SQLite stores any bytes as text, and an id that is not UTF-8 must not make other rows unreadable.
pub(super) fn id(bytes: &[u8]) -> ClientId {
    ClientId::restore(String::from_utf8_lossy(bytes).into_owned())
}

/// The bytes after which the next page begins. If the id was not UTF-8, these bytes are greater than those of every id
/// with the same beginning, so each row is on only one page.
fn beyond(after: &ClientId) -> Vec<u8> {
    let (text, is_whole) = match after.as_str().split_once(char::REPLACEMENT_CHARACTER) {
        Some((before, _)) => (before, false),
        None => (after.as_str(), true),
    };
    let mut bytes = text.as_bytes().to_vec();
    if !is_whole {
        bytes.extend([u8::MAX; ClientId::MAX_CHARS]);
    }
    bytes
}

pub(super) async fn usage(
    reader: impl Executor<'_, Database = Sqlite>,
    tenant: &TenantId,
    id: &ClientId,
) -> Result<Option<Usage>, Failure> {
    let sql = "SELECT is_used, idle_since, user_key, is_shared FROM oauth_dcr_clients
               WHERE tenant = ? AND client_id = ?";
    let row: Option<stored_row::UsageColumns> = sqlx::query_as(sql)
        .bind(tenant.as_str())
        .bind(id.as_str())
        .fetch_optional(reader)
        .await?;
    Ok(row.map(stored_row::usage))
}

pub(super) async fn duplicate(
    reader: impl Executor<'_, Database = Sqlite>,
    tenant: &TenantId,
    key: DuplicateKey,
) -> Result<Option<Duplicate>, Failure> {
    let sql = "SELECT CAST(client_id AS BLOB), substr(CAST(record AS BLOB), 1, 4194305), blocked, revision,
                   is_used, idle_since, user_key, is_shared
               FROM oauth_dcr_clients WHERE tenant = ? AND fold_key = ?";
    let row: Option<Found> = sqlx::query_as(sql)
        .bind(tenant.as_str())
        .bind(key.as_bytes().as_slice())
        .fetch_optional(reader)
        .await?;
    Ok(row.map(
        |(id, record, blocked, revision, is_used, idle_since, user, is_shared)| {
            let (id, record) = (self::id(&id), &*record);
            let row = Row {
                record,
                blocked,
                revision,
            };
            Duplicate {
                client: row.read(tenant, &id),
                usage: stored_row::usage((is_used, idle_since, user, is_shared)),
            }
        },
    ))
}

/// The number of clients of a user that are not blocked.
pub(super) async fn count_of_user(
    connection: &mut SqliteConnection,
    tenant: &TenantId,
    user: UserKey,
) -> Result<u64, Failure> {
    let sql = "SELECT count(*) FROM oauth_dcr_clients
               WHERE tenant = ? AND user_key = ? AND blocked = 0";
    let clients: i64 = sqlx::query_scalar(sql)
        .bind(tenant.as_str())
        .bind(user.as_bytes().as_slice())
        .fetch_one(connection)
        .await?;
    Ok(clients.unsigned_abs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_are_bounded_by_the_record_limit() {
        let text = include_str!("row.rs");
        let most = Client::MAX_RECORD_BYTES + 1;
        let bounded = format!("substr(CAST(record AS BLOB), 1, {most})");
        let (code, _) = text.split_once("#[cfg(test)]").unwrap();
        assert_eq!(code.matches(&bounded).count(), 3);
        assert_eq!(code.matches("CAST(record").count(), 3);
    }
}
