//! Insertions, in groups: those that need nothing but a free id in one statement; the others one
//! after another, in transactions that others wait for.

use std::collections::BTreeSet;

use crate::{
    backend_error::BackendError,
    group_commit::Commit,
    postgres::{database::Database, group::Group},
    store::{CertainOutcome, InsertOutcome, Insertion},
};

/// Carries out insertions.
pub(super) struct Inserts {
    database: Database,
    /// The tenants whose rows others held until the end of the last group. In the next one nobody
    /// else waits for them.
    held: BTreeSet<String>,
}

/// An insertion, and its place in the group.
pub(super) type Job<'a> = (usize, &'a Insertion);

impl Inserts {
    pub(super) const fn new(database: Database) -> Self {
        Self {
            database,
            held: BTreeSet::new(),
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
        let others = group.fold(others).await;
        let is_held = |(_, job): &Job<'_>| self.held.contains(ids(job).0);
        let (mut last, plain): (Vec<_>, Vec<_>) = plain.into_iter().partition(is_held);
        let (held, others): (Vec<_>, Vec<_>) = others.into_iter().partition(is_held);
        last.extend(held);
        last.extend(group.in_one_statement(plain).await);
        last.extend(group.in_turn(others).await);
        let failed = group.in_turn(last).await;
        self.held = tenants(&failed).into_iter().map(str::to_owned).collect();
        group.ended(&failed)
    }
}

pub(super) fn ids(insertion: &Insertion) -> (&str, &str) {
    let client = insertion.client();
    (client.tenant().as_str(), client.id().as_str())
}

pub(super) fn tenants<'a>(jobs: &[Job<'a>]) -> BTreeSet<&'a str> {
    jobs.iter().map(|(_, insertion)| ids(insertion).0).collect()
}
