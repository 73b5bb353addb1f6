//! One group of insertions, which have one deadline.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    sync::Arc,
};

use sqlx::PgConnection;
use tokio::time::Instant;

use crate::{
    backend_error::BackendError,
    postgres::{
        database::Database,
        failure::{Failure, NAME},
        insert::{
            duplicates::Duplicates,
            job::{Job, ids, tenants},
            one_statement, transaction,
        },
        sql,
        time_outs::{TimeLimit, after, lock_timeout, part},
    },
    store::{InsertOutcome, Insertion},
};

/// The most insertions of one transaction in which they come one after another.
const MAX_IN_TRANSACTION: usize = 32;

/// In which part of the time all work has to begin. An insertion that arrives while a group is carried
/// out waits for that group and for the next group, and needs its outcome in time.
const BEGINNING: u32 = 2;

/// Which part of the time finding duplicates may take.
const DEDUPLICATION: u32 = 4;

type Outcome = Result<InsertOutcome, BackendError>;

#[derive(Clone, Copy)]
enum Method {
    OneStatement,
    Transaction,
}

/// The insertions that are carried out, and what became of them. An insertion that has not begun in time
/// is not done, because its caller would not wait for it.
pub(super) struct Group<'a> {
    database: &'a Database,
    last_beginning: Instant,
    began: Instant,
    deadline: Instant,
    outcomes: Vec<(usize, Outcome)>,
}

impl<'a> Group<'a> {
    /// A group whose time begins now.
    pub(super) fn new(database: &'a Database, jobs: usize) -> Self {
        Self {
            database,
            last_beginning: after(part(database.timeout(), BEGINNING)),
            began: Instant::now(),
            deadline: after(database.timeout()),
            outcomes: Vec::with_capacity(jobs),
        }
    }

    /// What became of each, in their order, where others had locked the tenants of `locked` to the end.
    pub(super) fn ended(mut self, locked: &[Job<'_>]) -> Vec<Outcome> {
        self.fail(locked, Failure::TenantLocked);
        self.outcomes.sort_unstable_by_key(|(place, _)| *place);
        self.outcomes.into_iter().map(|(_, it)| it).collect()
    }

    /// Carries out what needs nothing but a free id. Gives back what [`carry_out`](Self::carry_out)
    /// does.
    pub(super) async fn in_one_statement<'j>(&mut self, jobs: Vec<Job<'j>>) -> Vec<Job<'j>> {
        self.carry_out(VecDeque::from([jobs]), Method::OneStatement)
            .await
    }

    /// Carries out whatever it is. Gives back what [`carry_out`](Self::carry_out) does.
    pub(super) async fn in_transactions<'j>(&mut self, jobs: Vec<Job<'j>>) -> Vec<Job<'j>> {
        let batches = jobs.chunks(MAX_IN_TRANSACTION).map(<[_]>::to_vec).collect();
        self.carry_out(batches, Method::Transaction).await
    }

    /// Answers the jobs that are duplicates, which takes no transaction and mostly no write. Gives back
    /// the others.
    pub(super) async fn deduplicate<'j>(&mut self, jobs: Vec<Job<'j>>) -> Vec<Job<'j>> {
        let has_key = |(_, job): &Job<'_>| job.duplicate_key().is_some();
        let (keyed, mut left): (Vec<_>, Vec<_>) = jobs.into_iter().partition(has_key);
        if keyed.is_empty() {
            return left;
        }
        let until = after(part(self.database.timeout(), DEDUPLICATION));
        let insertions: Vec<_> = keyed.iter().map(|(_, insertion)| *insertion).collect();
        let insertions = insertions.as_slice();
        let found = self.database.run_within(self.limit(), |connection, _| {
            Box::pin(find_duplicates(connection, insertions, until))
        });
        match found.await {
            Ok(found) => left.extend(self.settle(keyed, found)),
            // When they are carried out, it turns out which of them the database refuses.
            Err(failure) if failure.is_refusal() => left.extend(keyed),
            Err(failure) => self.fail(&keyed, failure),
        }
        left.sort_unstable_by_key(|(place, _)| *place);
        left
    }

    /// Carries out the jobs of each batch together or, if the database refuses that, apart, so that
    /// none of them can fail the others. Gives back the jobs of tenants that others have locked.
    async fn carry_out<'j>(
        &mut self,
        mut batches: VecDeque<Vec<Job<'j>>>,
        method: Method,
    ) -> Vec<Job<'j>> {
        let mut locked = Vec::new();
        while let Some(jobs) = batches.pop_front() {
            if jobs.is_empty() {
                continue;
            }
            match self.attempt(&jobs, method).await {
                Ok(done) => {
                    let done = done.into_iter().map(|outcome| outcome.map(Ok)).collect();
                    let left = self.settle(jobs, done);
                    batches.push_front(left);
                }
                Err(failure) if failure.is_locked() => {
                    let tenants = self.locked(&tenants(&jobs)).await;
                    if tenants.is_empty() {
                        batches.extend(by_tenant(jobs));
                        continue;
                    }
                    batches.push_front(jobs);
                    let is_locked = |(_, job): &mut Job<'_>| tenants.contains(ids(job).0);
                    for jobs in &mut batches {
                        locked.extend(jobs.extract_if(.., is_locked));
                    }
                }
                Err(failure) if failure.is_refusal() && jobs.len() > 1 => {
                    batches.extend(jobs.into_iter().map(|job| vec![job]));
                }
                Err(failure) => self.fail(&jobs, failure),
            }
        }
        locked
    }

    /// Records the outcomes of `jobs`. Gives back the jobs that have no outcome yet.
    fn settle<'j>(&mut self, jobs: Vec<Job<'j>>, done: Vec<Option<Outcome>>) -> Vec<Job<'j>> {
        let mut left = Vec::new();
        for (job, outcome) in jobs.into_iter().zip(done) {
            match outcome {
                Some(outcome) => self.outcomes.push((job.0, outcome)),
                None => left.push(job),
            }
        }
        left
    }

    /// Carries out some of `jobs`, at least one of them.
    async fn attempt(
        &self,
        jobs: &[Job<'_>],
        method: Method,
    ) -> Result<Vec<Option<InsertOutcome>>, Failure> {
        let insertions: Vec<_> = jobs.iter().map(|(_, insertion)| *insertion).collect();
        let insertions = insertions.as_slice();
        let lock_deadline = after(lock_timeout(self.database.timeout()));
        loop {
            if Instant::now() >= self.last_beginning {
                return Err(Failure::NotBegun);
            }
            let done = match method {
                Method::OneStatement => {
                    one_statement::insert(self.database, self.limit(), insertions).await
                }
                Method::Transaction => {
                    let (timeout, last) = (self.database.timeout(), self.last_beginning);
                    let done = self.database.run_within(self.limit(), |connection, _| {
                        Box::pin(transaction::insert(connection, timeout, last, insertions))
                    });
                    done.await
                }
            };
            match done {
                // The lock timeout of the connection is shorter than that of the store.
                Err(failure) if failure.is_locked() && Instant::now() < lock_deadline => {}
                done => return done,
            }
        }
    }

    /// Within the group's time. Whether to wait for a lock again is decided in [`attempt`](Self::attempt).
    const fn limit(&self) -> TimeLimit {
        TimeLimit {
            end: self.deadline,
            locks_end: self.began,
        }
    }

    /// Which of `tenants` another transaction has locked, as far as that can be told.
    async fn locked(&self, tenants: &BTreeSet<&str>) -> BTreeSet<String> {
        if tenants.len() == 1 {
            return tenants.iter().copied().map(str::to_owned).collect();
        }
        let names: Vec<_> = tenants.iter().copied().collect();
        let names = names.as_slice();
        let locked = self.database.run_within(self.limit(), |connection, _| {
            Box::pin(async move {
                let locked = sqlx::query_scalar::<_, String>(sql::FIND_LOCKED_TENANTS).bind(names);
                Ok(locked.fetch_all(connection).await?)
            })
        });
        // Otherwise it turns out when the insertions of each tenant are carried out apart.
        locked.await.unwrap_or_default().into_iter().collect()
    }

    fn fail(&mut self, jobs: &[Job<'_>], failure: Failure) {
        if let [(place, _)] = jobs {
            self.outcomes.push((*place, Err(failure.into())));
            return;
        }
        let failure = Arc::new(failure);
        let failed = |(place, _): &Job<'_>| {
            let error = BackendError::new(NAME, Arc::clone(&failure));
            (*place, Err(error))
        };
        self.outcomes.extend(jobs.iter().map(failed));
    }
}

fn by_tenant(jobs: Vec<Job<'_>>) -> impl Iterator<Item = Vec<Job<'_>>> {
    let mut batches = BTreeMap::<_, Vec<_>>::new();
    for job in jobs {
        batches.entry(ids(job.1).0).or_default().push(job);
    }
    batches.into_values()
}

/// Finds the duplicates among `insertions`, as many as it can until then.
async fn find_duplicates(
    connection: &mut PgConnection,
    insertions: &[&Insertion],
    until: Instant,
) -> Result<Vec<Option<Outcome>>, Failure> {
    let mut duplicates = Duplicates::find(connection, insertions).await?;
    let mut found = Vec::with_capacity(insertions.len());
    for insertion in insertions {
        if Instant::now() >= until {
            break;
        }
        found.push(match duplicates.deduplicate(connection, insertion).await {
            Ok(client) => client.map(InsertOutcome::Duplicate).map(Ok),
            Err(failure @ Failure::Unreadable(_)) => Some(Err(failure.into())),
            // Another transaction has locked the client, say. That does not concern the next insertion.
            Err(failure) if failure.is_refusal() => None,
            Err(failure) => return Err(failure),
        });
    }
    found.resize_with(insertions.len(), || None);
    Ok(found)
}
