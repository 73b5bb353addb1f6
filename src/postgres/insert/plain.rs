//! Carries out the insertions of all tenants that need only a free id.

use std::collections::VecDeque;

use crate::{
    group_commit::Commit,
    postgres::{
        database::Database,
        failure::Failure,
        insert::{
            job::{Job, fail, insertions},
            one_statement,
            stored::Stored,
        },
        lease::CachedLease,
        time_outs::GroupTime,
    },
    store::{InsertOutcome, Insertion},
};

/// Stores the plain insertions of a group in one statement.
pub(super) struct Plain {
    database: Database,
    connection: CachedLease,
}

/// The result of a plain insertion.
pub(super) enum PlainOutcome {
    Stored(InsertOutcome),
    /// The statement did not store the client. The group of its tenant stores it, or finds out why it can't be stored.
    NotStored(Insertion),
}

impl Plain {
    pub(super) fn new(database: Database) -> Self {
        Self {
            database,
            connection: CachedLease::default(),
        }
    }

    async fn insert(&self, time: GroupTime, jobs: &[Job<PlainOutcome>]) -> Result<Stored, Failure> {
        if time.is_over() {
            return Err(Failure::NotBegun);
        }
        let insertions = insertions(jobs);
        let insertions = insertions.as_slice();
        let stored =
            self.database
                .run_cached(&self.connection, time.without_locks(), |connection, _| {
                    Box::pin(one_statement::insert(connection, insertions))
                });
        stored.await
    }
}

impl Commit for Plain {
    type Job = Job<PlainOutcome>;

    async fn commit(&mut self, jobs: Vec<Job<PlainOutcome>>) {
        let time = GroupTime::new(self.database.timeout());
        let mut groups = VecDeque::from([jobs]);
        while let Some(jobs) = groups.pop_front() {
            match self.insert(time, &jobs).await {
                Ok(stored) => settle(jobs, stored),
                // Another transaction is inserting one of the ids.
                Err(failure) if failure.is_locked() => settle(jobs, Stored::default()),
                // A single job may be the cause, so each job is tried separately.
                Err(failure) if failure.is_refusal() && jobs.len() > 1 => {
                    groups.extend(jobs.into_iter().map(|job| vec![job]));
                }
                Err(failure) => fail(jobs, failure),
            }
        }
    }
}

/// Answers `jobs`. Some of them are stored.
fn settle(jobs: Vec<Job<PlainOutcome>>, mut stored: Stored) {
    for Job { insertion, reply } in jobs {
        reply.send(Ok(match stored.take(&insertion) {
            Some(outcome) => PlainOutcome::Stored(insertion.settle(outcome)),
            None => PlainOutcome::NotStored(insertion),
        }));
    }
}
