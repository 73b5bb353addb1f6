use std::collections::HashSet;

use crate::{
    postgres::insert::job::ids,
    store::{InsertOutcome, Insertion},
};

/// The tenants and ids of the clients that a statement has stored.
#[derive(Default)]
pub(super) struct Stored(HashSet<(String, String)>);

impl Stored {
    /// The outcome of `insertion` if its client is stored. If several insertions have the same id, only the first one is
    /// stored.
    pub(super) fn take(&mut self, insertion: &Insertion) -> Option<InsertOutcome> {
        let (tenant, id) = ids(insertion);
        let removed = Vec::new();
        let is_stored = self.0.remove(&(tenant.to_owned(), id.to_owned()));
        is_stored.then_some(InsertOutcome::Inserted { removed })
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }
}

impl FromIterator<(String, String)> for Stored {
    fn from_iter<I: IntoIterator<Item = (String, String)>>(rows: I) -> Self {
        Self(rows.into_iter().collect())
    }
}
