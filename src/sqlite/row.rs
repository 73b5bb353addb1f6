//! What is read of a row, and how it is written.

use std::sync::Arc;

use sqlx::{Executor, Sqlite, SqliteConnection};

use crate::{
    client::Client,
    life::{FoldKey, Usage},
    sqlite::failure::Failure,
    stored::{self, StoredError},
    values::{ClientId, TenantId},
};

/// A client that registered the same.
pub(super) struct Same {
    pub(super) client_id: ClientId,
    pub(super) record: String,
    pub(super) usage: Usage,
}

impl Same {
    pub(super) fn client(&self) -> Result<Arc<Client>, Failure> {
        Ok(stored::read(&self.client_id, self.record.as_bytes())?)
    }
}

/// As SQLite counts: what is more than it can say is as much as it can say.
pub(super) fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn usage_of(is_used: bool, idle_since: i64) -> Usage {
    Usage::from_parts(is_used, stored::moment(idle_since))
}

pub(super) async fn find(
    reader: impl Executor<'_, Database = Sqlite>,
    tenant: &TenantId,
    id: &ClientId,
) -> Result<Option<Arc<Client>>, Failure> {
    let sql = "SELECT record FROM oauth_dcr_clients WHERE tenant = ? AND client_id = ?";
    let record: Option<String> = sqlx::query_scalar(sql)
        .bind(tenant.as_str())
        .bind(id.as_str())
        .fetch_optional(reader)
        .await?;
    let client = record.map(|record| stored::read(id, record.as_bytes()));
    Ok(client.transpose()?)
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
) -> Result<Vec<Arc<Client>>, Failure> {
    let sql = "SELECT client_id, record FROM oauth_dcr_clients WHERE tenant = ? AND client_id > ?
               ORDER BY client_id LIMIT ?";
    let rows: Vec<(String, String)> = sqlx::query_as(sql)
        .bind(tenant.as_str())
        // No id is empty: all come after that.
        .bind(after.map_or("", ClientId::as_str))
        .bind(limit)
        .fetch_all(reader)
        .await?;
    let clients = rows
        .iter()
        .map(|(id, record)| stored::read(&stored::id(tenant.as_str(), id)?, record.as_bytes()));
    Ok(clients.collect::<Result<_, StoredError>>()?)
}

pub(super) async fn usage(
    reader: impl Executor<'_, Database = Sqlite>,
    tenant: &TenantId,
    id: &ClientId,
) -> Result<Option<Usage>, Failure> {
    let sql =
        "SELECT is_used, idle_since FROM oauth_dcr_clients WHERE tenant = ? AND client_id = ?";
    let row: Option<(bool, i64)> = sqlx::query_as(sql)
        .bind(tenant.as_str())
        .bind(id.as_str())
        .fetch_optional(reader)
        .await?;
    Ok(row.map(|(is_used, idle_since)| usage_of(is_used, idle_since)))
}

pub(super) async fn same(
    reader: impl Executor<'_, Database = Sqlite>,
    tenant: &TenantId,
    key: FoldKey,
) -> Result<Option<Same>, Failure> {
    let sql = "SELECT client_id, record, is_used, idle_since FROM oauth_dcr_clients
               WHERE tenant = ? AND fold_key = ?";
    let row: Option<(String, String, bool, i64)> = sqlx::query_as(sql)
        .bind(tenant.as_str())
        .bind(key.as_bytes().as_slice())
        .fetch_optional(reader)
        .await?;
    row.map(|(client_id, record, is_used, idle_since)| {
        Ok(Same {
            client_id: stored::id(tenant.as_str(), &client_id)?,
            record,
            usage: usage_of(is_used, idle_since),
        })
    })
    .transpose()
}

/// How many clients the tenant has.
pub(super) async fn count(
    connection: &mut SqliteConnection,
    tenant: &TenantId,
) -> Result<u64, Failure> {
    let clients: Option<i64> =
        sqlx::query_scalar("SELECT clients FROM oauth_dcr_tenants WHERE tenant = ?")
            .bind(tenant.as_str())
            .fetch_optional(connection)
            .await?;
    Ok(clients.unwrap_or(0).unsigned_abs())
}
