use std::collections::BTreeMap;

use sqlx::PgConnection;

use crate::{
    postgres::{
        failure::Failure,
        insert::{job::ids, stored::Stored},
    },
    store::Insertion,
    stored_row,
};

/// The columns of clients to store. If several clients have the same id, only the first is stored.
#[derive(Default)]
pub(super) struct Columns<'a> {
    tenants: Vec<&'a str>,
    ids: Vec<&'a str>,
    records: Vec<Vec<u8>>,
    revisions: Vec<i64>,
    blocked: Vec<bool>,
    idle_since: Vec<i64>,
    duplicate_keys: Vec<Option<Vec<u8>>>,
}

impl<'a> Columns<'a> {
    pub(super) fn new(insertions: &[&'a Insertion]) -> Result<Self, Failure> {
        // The rows are sorted, like in the statements, so that all nodes insert keys in the same order.
        let mut sorted = BTreeMap::new();
        for insertion in insertions {
            sorted.entry(ids(insertion)).or_insert(*insertion);
        }
        let mut columns = Self::default();
        for ((tenant, id), insertion) in sorted {
            let client = insertion.client();
            columns.tenants.push(tenant);
            columns.ids.push(id);
            columns
                .records
                .push(stored_row::write(client)?.into_bytes());
            columns
                .revisions
                .push(stored_row::revision(client.revision()));
            columns.blocked.push(client.is_blocked());
            columns
                .idle_since
                .push(stored_row::millis(client.issued_at()));
            let key = insertion.duplicate_key();
            columns
                .duplicate_keys
                .push(key.map(|key| key.as_bytes().to_vec()));
        }
        Ok(columns)
    }

    /// Stores the clients by the statement `sql`, which takes the columns in this order and returns the tenants and ids
    /// of the clients that it stored.
    pub(super) async fn store(
        self,
        connection: &mut PgConnection,
        sql: &'static str,
    ) -> Result<Stored, Failure> {
        let stored: Vec<(String, String)> = sqlx::query_as(sql)
            .bind(self.tenants)
            .bind(self.ids)
            .bind(self.records)
            .bind(self.revisions)
            .bind(self.blocked)
            .bind(self.idle_since)
            .bind(self.duplicate_keys)
            .fetch_all(connection)
            .await?;
        Ok(stored.into_iter().collect())
    }
}
