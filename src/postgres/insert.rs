//! Insertions, in groups. Insertions that need nothing but a free id are one statement; the others run
//! one after another, in transactions that lock their tenants.

mod columns;
mod duplicates;
mod group;
mod job;
mod one_statement;
mod transaction;

use std::collections::BTreeSet;

use self::{
    group::Group,
    job::{Job, ids, tenants},
};
use crate::{
    backend_error::BackendError,
    group_commit_old::Commit,
    postgres::database::Database,
    store::{CertainOutcome, InsertOutcome, Insertion},
};

/// Carries out insertions.
pub(super) struct Inserts {
    database: Database,
    /// The tenants whose rows others had locked until the end of the last group. In the next group the
    /// other tenants do not wait for them.
    locked: BTreeSet<String>,
}

impl Inserts {
    pub(super) const fn new(database: Database) -> Self {
        Self {
            database,
            locked: BTreeSet::new(),
        }
    }
}

impl Commit for Inserts {
    type Job = Insertion;
    type Answer = CertainOutcome;

    async fn commit(&mut self, jobs: Vec<Insertion>) -> Vec<Result<CertainOutcome, BackendError>> {
        let outcomes = self.carry_out(&jobs).await;
        let jobs = jobs.into_iter().zip(outcomes);
        jobs.map(|(job, outcome)| outcome.map(|outcome| CertainOutcome::new(job, outcome)))
            .collect()
    }
}

impl Inserts {
    /// What became of each of `jobs`, in their order.
    async fn carry_out(&mut self, jobs: &[Insertion]) -> Vec<Result<InsertOutcome, BackendError>> {
        let mut group = Group::new(&self.database, jobs.len());
        let jobs = jobs.iter().enumerate();
        let (plain, others): (Vec<_>, Vec<_>) = jobs.partition(|(_, job)| job.is_plain());
        let others = group.deduplicate(others).await;
        let is_locked = |(_, job): &Job<'_>| self.locked.contains(ids(job).0);
        let (mut last, plain): (Vec<_>, Vec<_>) = plain.into_iter().partition(is_locked);
        let (locked, others): (Vec<_>, Vec<_>) = others.into_iter().partition(is_locked);
        last.extend(locked);
        last.extend(group.in_one_statement(plain).await);
        last.extend(group.in_transactions(others).await);
        let failed = group.in_transactions(last).await;
        self.locked = tenants(&failed).into_iter().map(str::to_owned).collect();
        group.ended(&failed)
    }
}
