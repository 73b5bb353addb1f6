//! Carries out the insertions of one tenant, which may wait for locks.

use std::collections::VecDeque;

use sqlx::PgConnection;
use tokio::time::Instant;

use crate::{
    group_commit::{Commit, deadline_after},
    postgres::{
        database::Database,
        failure::Failure,
        insert::{
            duplicates::Duplicates,
            job::{Job, Outcome, fail, insertions, settle},
            one_statement, transaction,
        },
        tenant_locks::LockUse,
        time_outs::{GroupTime, part},
    },
    store::{InsertOutcome, Insertion},
};

/// The most insertions that one transaction carries out one after another.
const MAX_IN_TRANSACTION: usize = 32;

/// Finding duplicates may take this fraction of the time-out.
const DEDUPLICATION: u32 = 4;

/// Carries out the insertions of one tenant.
pub(super) struct Tenant {
    database: Database,
}

impl Commit for Tenant {
    type Job = Job;

    async fn commit(&mut self, jobs: Vec<Job>) {
        let time = GroupTime::new(self.database.timeout());
        let jobs = self.deduplicate(time, jobs).await;
        let jobs = self.in_one_statement(time, jobs).await;
        self.in_transactions(time, jobs).await;
    }
}

impl Tenant {
    pub(super) const fn new(database: Database) -> Self {
        Self { database }
    }

    /// Answers the jobs that are duplicates, which needs no transaction and usually no write. Returns the others.
    async fn deduplicate(&self, time: GroupTime, jobs: Vec<Job>) -> Vec<Job> {
        let has_key = |job: &Job| job.insertion.duplicate_key().is_some();
        let (keyed, mut remaining): (Vec<_>, Vec<_>) = jobs.into_iter().partition(has_key);
        if keyed.is_empty() {
            return remaining;
        }
        let until = deadline_after(part(time.timeout, DEDUPLICATION));
        let insertions = insertions(&keyed);
        let insertions = insertions.as_slice();
        let found = self.database.run_in_group(time, |connection, _| {
            Box::pin(find_duplicates(connection, insertions, until))
        });
        match found.await {
            Ok(found) => remaining.extend(settle(keyed, found)),
            // When the jobs are carried out, it turns out which of them the database refuses.
            Err(failure) if failure.is_refusal() => remaining.extend(keyed),
            Err(failure) => fail(keyed, failure),
        }
        remaining
    }

    /// Stores the clients that can be stored without a lock, if no limit needs a count. Returns the other jobs.
    async fn in_one_statement(&self, time: GroupTime, jobs: Vec<Job>) -> Vec<Job> {
        // A plain insertion is here because such a statement has already failed to store it.
        let is_plain = |job: &Job| job.insertion.is_plain();
        let has_limit = |job: &Job| job.insertion.has_limit();
        if jobs.iter().all(is_plain) || jobs.iter().any(has_limit) {
            return jobs;
        }
        let insertions = insertions(&jobs);
        let insertions = insertions.as_slice();
        let stored = self.database.run_in_group(time, |connection, _| {
            Box::pin(one_statement::insert(connection, insertions))
        });
        match stored.await {
            Ok(mut stored) => {
                let outcomes = insertions
                    .iter()
                    .map(|insertion| stored.take(insertion).map(Ok));
                let outcomes = outcomes.collect();
                settle(jobs, outcomes)
            }
            Err(failure) if failure.is_refusal() => jobs,
            Err(failure) => {
                fail(jobs, failure);
                Vec::new()
            }
        }
    }

    /// Carries out `jobs` in one transaction. If the database refuses that, carries out each job separately, so that no
    /// job can fail the others.
    async fn in_transactions(&self, time: GroupTime, mut jobs: Vec<Job>) {
        let mut batches = VecDeque::new();
        while !jobs.is_empty() {
            let rest = jobs.split_off(jobs.len().min(MAX_IN_TRANSACTION));
            batches.push_back(jobs);
            jobs = rest;
        }
        while let Some(jobs) = batches.pop_front() {
            match self.in_transaction(time, &jobs).await {
                Ok(outcomes) => {
                    let remaining = settle(jobs, outcomes);
                    if !remaining.is_empty() {
                        batches.push_front(remaining);
                    }
                }
                Err(failure @ Failure::TenantLocked) => {
                    batches.push_front(jobs);
                    fail(batches.into_iter().flatten().collect(), failure);
                    return;
                }
                Err(failure) if failure.is_refusal() && jobs.len() > 1 => {
                    batches.extend(jobs.into_iter().map(|job| vec![job]));
                }
                Err(failure) => fail(jobs, failure),
            }
        }
    }

    /// Carries out at least one of `jobs`.
    async fn in_transaction(&self, time: GroupTime, jobs: &[Job]) -> Result<Vec<Outcome>, Failure> {
        let insertions = insertions(jobs);
        let [first, ..] = insertions.as_slice() else {
            return Ok(Vec::new());
        };
        if time.is_over() {
            return Err(Failure::NotBegun);
        }
        let (tenant, insertions) = (first.client().tenant(), insertions.as_slice());
        let limit = time.with_locks();
        let done =
            self.database
                .run_with_tenant_lock(tenant, LockUse::Long, limit, |connection, _| {
                    Box::pin(transaction::insert(connection, time, insertions))
                });
        done.await
    }
}

/// Finds the duplicates among `insertions`, as many as possible until the time `until`.
async fn find_duplicates(
    connection: &mut PgConnection,
    insertions: &[&Insertion],
    until: Instant,
) -> Result<Vec<Outcome>, Failure> {
    let mut duplicates = Duplicates::find(connection, insertions).await?;
    let mut found = Vec::with_capacity(insertions.len());
    for insertion in insertions {
        if Instant::now() >= until {
            break;
        }
        found.push(match duplicates.deduplicate(connection, insertion).await {
            Ok(client) => client.map(InsertOutcome::Duplicate).map(Ok),
            Err(failure @ Failure::Unreadable(_)) => Some(Err(failure)),
            // For example, another transaction has locked the client. This does not affect the next insertion.
            Err(failure) if failure.is_refusal() => None,
            Err(failure) => return Err(failure),
        });
    }
    found.resize_with(insertions.len(), || None);
    Ok(found)
}
