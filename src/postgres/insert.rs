//! Carries out insertions in groups.
//!
//! An insertion that needs only a free id is [plain]. Plain insertions of all tenants form a group, which is stored by
//! one statement. All other insertions, and plain insertions that this statement does not store, go into a group of
//! their [tenant].

mod columns;
mod duplicates;
mod job;
mod one_statement;
mod plain;
mod stored;
mod tenant;
mod tenants;
mod transaction;

use std::time::Duration;

use self::{
    job::Job,
    plain::{Plain, PlainOutcome},
    tenants::Tenants,
};
use crate::{
    backend_error::BackendError,
    group_commit::{GroupCommit, deadline_after},
    postgres::{database::Database, failure::NAME},
    store::{InsertOutcome, Insertion},
};

/// Carries out insertions.
#[derive(Clone)]
pub(super) struct Inserts {
    timeout: Duration,
    plain: GroupCommit<Plain>,
    tenants: Tenants,
}

impl Inserts {
    /// The tasks run in the runtime in which this is called.
    pub(super) fn new(database: Database) -> Self {
        Self {
            timeout: database.timeout(),
            plain: GroupCommit::spawn(Plain::new(database.clone()), NAME),
            tenants: Tenants::new(database),
        }
    }

    pub(super) async fn insert(&self, insertion: Insertion) -> Result<InsertOutcome, BackendError> {
        let deadline = deadline_after(self.timeout);
        let insertion = if insertion.is_plain() {
            let job = |reply| Job { insertion, reply };
            match self.plain.submit(deadline, job).await? {
                PlainOutcome::Stored(outcome) => return Ok(outcome),
                PlainOutcome::NotStored(insertion) => insertion,
            }
        } else {
            insertion
        };
        let group = self.tenants.group(insertion.client().tenant());
        group.insert(deadline, insertion).await
    }
}
