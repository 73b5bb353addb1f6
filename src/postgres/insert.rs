//! Insertions, in groups: those that need nothing but a free id in one statement; the others one
//! after another, in one transaction that others wait for.

use std::sync::Arc;

use sqlx::PgConnection;

use crate::{
    error::BackendError,
    group_commit::Commit,
    ports::{InsertOutcome, Insertion},
    postgres::{NAME, database::Database, failure::Failure, fold::Folds, together, turns},
};

/// The most insertions of one transaction. Each takes a statement or two, and where the database is
/// far away more of them would take too long.
const MAX_IN_TURN: usize = 32;

/// Carries out insertions.
pub(super) struct Inserts(pub(super) Database);

/// An insertion, and its place in the group.
type Job<'a> = (usize, &'a Insertion);

type Outcome = Result<InsertOutcome, BackendError>;

#[derive(Clone, Copy)]
enum Way {
    InOneStatement,
    InTurn,
}

impl Commit for Inserts {
    type Job = Insertion;
    type Answer = InsertOutcome;

    async fn commit(&mut self, jobs: Vec<Insertion>) -> Vec<Outcome> {
        let is_plain = |(_, job): &Job<'_>| !job.has_limit() && job.fold_key().is_none();
        let (plain, others): (Vec<_>, Vec<_>) = jobs.iter().enumerate().partition(is_plain);
        let mut outcomes = Vec::with_capacity(jobs.len());
        if !plain.is_empty() {
            self.carry_out(&plain, Way::InOneStatement, &mut outcomes)
                .await;
        }
        let others = self.fold(others, &mut outcomes).await;
        for jobs in others.chunks(MAX_IN_TURN) {
            self.carry_out(jobs, Way::InTurn, &mut outcomes).await;
        }
        outcomes.sort_unstable_by_key(|(place, _)| *place);
        outcomes.into_iter().map(|(_, outcome)| outcome).collect()
    }
}

impl Inserts {
    /// Carries out `jobs` together or, if the database refuses that, each alone, so that one of them
    /// can't fail the others.
    async fn carry_out(&self, jobs: &[Job<'_>], way: Way, outcomes: &mut Vec<(usize, Outcome)>) {
        let insertions: Vec<_> = jobs.iter().map(|(_, insertion)| *insertion).collect();
        match self.attempt(&insertions, way).await {
            Ok(done) => {
                let places = jobs.iter().map(|(place, _)| *place);
                outcomes.extend(places.zip(done.into_iter().map(Ok)));
            }
            Err(failure) if failure.is_refusal() && jobs.len() > 1 => {
                self.carry_out_each(jobs, way, outcomes).await;
            }
            Err(failure) => fail(jobs, failure, outcomes),
        }
    }

    async fn carry_out_each(
        &self,
        jobs: &[Job<'_>],
        way: Way,
        outcomes: &mut Vec<(usize, Outcome)>,
    ) {
        let mut done = 0;
        let each = async {
            for (place, insertion) in jobs {
                let outcome = self.attempt(&[insertion], way).await;
                let outcome = outcome.map(|mut it| it.pop().unwrap_or(InsertOutcome::IdTaken));
                outcomes.push((*place, outcome.map_err(BackendError::from)));
                done += 1;
            }
        };
        // By then nobody waits any more for those that are left.
        if tokio::time::timeout(self.0.timeout, each).await.is_err() {
            let left = jobs.get(done..).unwrap_or_default();
            fail(left, Failure::TimedOut(self.0.timeout), outcomes);
        }
    }

    async fn attempt(
        &self,
        insertions: &[&Insertion],
        way: Way,
    ) -> Result<Vec<InsertOutcome>, Failure> {
        match way {
            Way::InOneStatement => together::insert(&self.0, insertions).await,
            Way::InTurn => self.0.call(|| turns::insert(&self.0, insertions)).await,
        }
    }

    /// Folds what registered before, which takes no transaction and mostly no write. Gives back what
    /// is left.
    async fn fold<'a>(
        &self,
        jobs: Vec<Job<'a>>,
        outcomes: &mut Vec<(usize, Outcome)>,
    ) -> Vec<Job<'a>> {
        if jobs.iter().all(|(_, job)| job.fold_key().is_none()) {
            return jobs;
        }
        let insertions: Vec<_> = jobs.iter().map(|(_, insertion)| *insertion).collect();
        let folded = self.0.call(|| async {
            let mut lease = self.0.lease().await?;
            let folded = fold_all(&mut lease, &insertions).await;
            lease.give_back(folded)
        });
        match folded.await {
            Ok(folded) => {
                let mut left = Vec::new();
                for (job, client) in jobs.into_iter().zip(folded) {
                    match client {
                        Some(client) => outcomes.push((job.0, Ok(client))),
                        None => left.push(job),
                    }
                }
                left
            }
            // Whose fault that is comes out when they are carried out.
            Err(failure) if failure.is_refusal() => jobs,
            Err(failure) => {
                fail(&jobs, failure, outcomes);
                Vec::new()
            }
        }
    }
}

async fn fold_all(
    connection: &mut PgConnection,
    insertions: &[&Insertion],
) -> Result<Vec<Option<InsertOutcome>>, Failure> {
    let mut folds = Folds::find(connection, insertions).await?;
    let mut folded = Vec::with_capacity(insertions.len());
    for insertion in insertions {
        let client = folds.fold(connection, insertion).await?;
        folded.push(client.map(InsertOutcome::Folded));
    }
    Ok(folded)
}

fn fail(jobs: &[Job<'_>], failure: Failure, outcomes: &mut Vec<(usize, Outcome)>) {
    if let [(place, _)] = jobs {
        outcomes.push((*place, Err(failure.into())));
        return;
    }
    let failure = Arc::new(failure);
    let failed = |(place, _): &Job<'_>| {
        let error = BackendError::new(NAME, Arc::clone(&failure));
        (*place, Err(error))
    };
    outcomes.extend(jobs.iter().map(failed));
}

pub(super) fn ids(insertion: &Insertion) -> (&str, &str) {
    let client = insertion.client();
    (client.tenant().as_str(), client.id().as_str())
}
