use std::collections::BTreeMap;

use crate::{
    postgres::{failure::Failure, insert::job::ids},
    store::Insertion,
    stored_row,
};

/// The columns of clients to store, the first for each id.
#[derive(Default)]
pub(super) struct Columns<'a> {
    pub(super) tenants: Vec<&'a str>,
    pub(super) ids: Vec<&'a str>,
    pub(super) records: Vec<Vec<u8>>,
    pub(super) revisions: Vec<i64>,
    pub(super) blocked: Vec<bool>,
    pub(super) idle_since: Vec<i64>,
    pub(super) duplicate_keys: Vec<Option<Vec<u8>>>,
}

impl<'a> Columns<'a> {
    pub(super) fn new(insertions: &[&'a Insertion]) -> Result<Self, Failure> {
        // Nodes whose groups have ids in common lock them in one order.
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
}
