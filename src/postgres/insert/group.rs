//! One group of insertions, which end at one time.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    sync::Arc,
};

use sqlx::PgConnection;
use tokio::time::Instant;

use crate::{
    backend_error::BackendError,
    postgres::{
        NAME,
        database::{Database, after, part, patience},
        duplicates::Duplicates,
        failure::Failure,
        insert::{Job, ids, tenants},
        sql, together, turns,
    },
    store::{InsertOutcome, Insertion},
};

/// The most insertions of one transaction in which they come one after another.
const MAX_IN_TURN: usize = 32;

/// In which part of the time whatever is to be done has to begin. Who comes while one group is carried
/// out waits for that and for the next one, and wants to know in time what became of it.
const BEGINNING: u32 = 2;

/// Which part of the time folding what registered before may take.
const FOLDING: u32 = 4;

type Outcome = Result<InsertOutcome, BackendError>;

#[derive(Clone, Copy)]
enum Way {
    InOneStatement,
    InTurn,
}

/// The insertions that are carried out, and what became of them. What has not begun in time is not
/// done: nobody would wait for it.
pub(super) struct Group<'a> {
    database: &'a Database,
    last_beginning: Instant,
    deadline: Instant,
    outcomes: Vec<(usize, Outcome)>,
}

impl<'a> Group<'a> {
    /// A group whose time begins now.
    pub(super) fn new(database: &'a Database, jobs: usize) -> Self {
        Self {
            database,
            last_beginning: after(part(database.timeout, BEGINNING)),
            deadline: after(database.timeout),
            outcomes: Vec::with_capacity(jobs),
        }
    }

    /// What became of each, in their order, where others held the tenants of `held` to the end.
    pub(super) fn ended(mut self, held: &[Job<'_>]) -> Vec<Outcome> {
        self.fail(held, Failure::Held);
        self.outcomes.sort_unstable_by_key(|(place, _)| *place);
        self.outcomes.into_iter().map(|(_, it)| it).collect()
    }

    /// Carries out what needs nothing but a free id. Gives back what [`carry_out`](Self::carry_out)
    /// does.
    pub(super) async fn in_one_statement<'j>(&mut self, jobs: Vec<Job<'j>>) -> Vec<Job<'j>> {
        self.carry_out(VecDeque::from([jobs]), Way::InOneStatement)
            .await
    }

    /// Carries out whatever it is. Gives back what [`carry_out`](Self::carry_out) does.
    pub(super) async fn in_turn<'j>(&mut self, jobs: Vec<Job<'j>>) -> Vec<Job<'j>> {
        let batches = jobs.chunks(MAX_IN_TURN).map(<[_]>::to_vec).collect();
        self.carry_out(batches, Way::InTurn).await
    }

    /// Duplicates what registered before, which takes no transaction and mostly no write. Gives back what
    /// is left.
    pub(super) async fn fold<'j>(&mut self, jobs: Vec<Job<'j>>) -> Vec<Job<'j>> {
        let has_key = |(_, job): &Job<'_>| job.duplicate_key().is_some();
        let (folding, mut left): (Vec<_>, Vec<_>) = jobs.into_iter().partition(has_key);
        if folding.is_empty() {
            return left;
        }
        let until = after(part(self.database.timeout, FOLDING));
        let insertions: Vec<_> = folding.iter().map(|(_, insertion)| *insertion).collect();
        let folded = self.database.call_by(self.deadline, || async {
            let mut lease = self.database.lease().await?;
            let folded = fold_all(&mut lease, &insertions, until).await;
            lease.give_back(folded)
        });
        match folded.await {
            Ok(folded) => left.extend(self.settle(folding, folded)),
            // Whose fault that is comes out when they are carried out.
            Err(failure) if failure.is_refusal() => left.extend(folding),
            Err(failure) => self.fail(&folding, failure),
        }
        left.sort_unstable_by_key(|(place, _)| *place);
        left
    }

    /// Carries out the jobs of each batch together or, if the database refuses that, apart, so that
    /// none of them can fail the others. Gives back those of tenants that others hold.
    async fn carry_out<'j>(
        &mut self,
        mut batches: VecDeque<Vec<Job<'j>>>,
        way: Way,
    ) -> Vec<Job<'j>> {
        let mut held = Vec::new();
        while let Some(jobs) = batches.pop_front() {
            if jobs.is_empty() {
                continue;
            }
            match self.attempt(&jobs, way).await {
                Ok(done) => {
                    let done = done.into_iter().map(|outcome| outcome.map(Ok)).collect();
                    let left = self.settle(jobs, done);
                    batches.push_front(left);
                }
                Err(failure) if failure.is_locked() => {
                    let to_blame = self.held(&tenants(&jobs)).await;
                    if to_blame.is_empty() {
                        batches.extend(by_tenant(jobs));
                        continue;
                    }
                    batches.push_front(jobs);
                    let is_held = |(_, job): &mut Job<'_>| to_blame.contains(ids(job).0);
                    for jobs in &mut batches {
                        held.extend(jobs.extract_if(.., is_held));
                    }
                }
                Err(failure) if failure.is_refusal() && jobs.len() > 1 => {
                    batches.extend(jobs.into_iter().map(|job| vec![job]));
                }
                Err(failure) => self.fail(&jobs, failure),
            }
        }
        held
    }

    /// Takes down what has become of `jobs`. Gives back those of which nothing has yet.
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
        way: Way,
    ) -> Result<Vec<Option<InsertOutcome>>, Failure> {
        let insertions: Vec<_> = jobs.iter().map(|(_, insertion)| *insertion).collect();
        let patient_until = after(patience(self.database.timeout));
        loop {
            if Instant::now() >= self.last_beginning {
                return Err(Failure::NotBegun);
            }
            let done = match way {
                Way::InOneStatement => {
                    together::insert(self.database, self.deadline, &insertions).await
                }
                Way::InTurn => {
                    let attempt = || turns::insert(self.database, self.last_beginning, &insertions);
                    self.database.call_by(self.deadline, attempt).await
                }
            };
            match done {
                // The connection has less patience than the store.
                Err(failure) if failure.is_locked() && Instant::now() < patient_until => {}
                done => return done,
            }
        }
    }

    /// Which of `tenants` is to blame for a lock that did not come, as far as that can be told.
    async fn held(&self, tenants: &BTreeSet<&str>) -> BTreeSet<String> {
        if tenants.len() == 1 {
            return tenants.iter().copied().map(str::to_owned).collect();
        }
        let names: Vec<_> = tenants.iter().copied().collect();
        let held = self.database.call_by(self.deadline, || async {
            let mut lease = self.database.lease().await?;
            let held = sqlx::query_scalar::<_, String>(sql::HELD_TENANTS)
                .bind(&names)
                .fetch_all(&mut *lease)
                .await;
            lease.give_back(held.map_err(Failure::from))
        });
        // Otherwise it comes out when each tenant's are carried out apart.
        held.await.unwrap_or_default().into_iter().collect()
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

/// Duplicates those that it can, until then.
async fn fold_all(
    connection: &mut PgConnection,
    insertions: &[&Insertion],
    until: Instant,
) -> Result<Vec<Option<Outcome>>, Failure> {
    let mut folds = Duplicates::find(connection, insertions).await?;
    let mut folded = Vec::with_capacity(insertions.len());
    for insertion in insertions {
        if Instant::now() >= until {
            break;
        }
        folded.push(match folds.fold(connection, insertion).await {
            Ok(client) => client.map(InsertOutcome::Duplicate).map(Ok),
            Err(failure @ Failure::Unreadable(_)) => Some(Err(failure.into())),
            // Others hold the client, say: the next insertion has nothing to do with that.
            Err(failure) if failure.is_refusal() => None,
            Err(failure) => return Err(failure),
        });
    }
    folded.resize_with(insertions.len(), || None);
    Ok(folded)
}
