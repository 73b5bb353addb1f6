//! Group commit: all jobs that wait while one commit runs go into the next commit, so that they share its
//! cost.
//!
//! A job owns a [`Reply`], which takes the outcome to its caller. Nothing else connects the two.

mod reply;

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    pin::pin,
    task::Poll,
};

use tokio::{sync::mpsc, time::Instant};

pub(crate) use self::reply::Reply;
use self::reply::{Caller, NoOutcome, Start};
use crate::backend_error::BackendError;

/// The most jobs of one group: a commit of this size takes little longer than one of a few.
const MAX_GROUP: usize = 256;

/// The most jobs that wait. Further callers wait until there is room, and for no longer than their
/// deadlines.
const MAX_WAITING: usize = 1024;

/// After how many turns of the other tasks that bring no further job a group begins. An answer takes a few
/// turns to become a caller's next job, because it goes through the caller's connection.
const IDLE_TURNS: u32 = 3;

/// Carries out the jobs of a group together.
pub(crate) trait Commit: Send + 'static {
    type Job: Send + 'static;

    /// Carries out `jobs`, in their order, and answers each through its [`Reply`].
    ///
    /// If it panics, the callers of these jobs are told, and it is called again for the next group.
    fn commit(&mut self, jobs: Vec<Self::Job>) -> impl Future<Output = ()> + Send;
}

/// Hands jobs to a task that commits them in groups. The task ends when the last clone goes.
pub(crate) struct GroupCommit<C: Commit> {
    queue: mpsc::Sender<Waiting<C::Job>>,
    backend: &'static str,
}

/// A job that waits for its commit.
struct Waiting<J> {
    job: J,
    start: Start,
}

impl<C: Commit> GroupCommit<C> {
    /// Starts the task, in the runtime that this is called in.
    pub(crate) fn spawn(committer: C, backend: &'static str) -> Self {
        let (queue, waiting) = mpsc::channel(MAX_WAITING);
        tokio::spawn(run(committer, waiting));
        Self { queue, backend }
    }

    /// Has the job of `with_reply` carried out, and waits for its outcome until `deadline`.
    ///
    /// If the deadline passes or the caller goes away before the job has begun, the job is not carried
    /// out. Once it has begun, it is carried out whole or not at all.
    pub(crate) async fn submit<T>(
        &self,
        deadline: Instant,
        with_reply: impl FnOnce(Reply<T>) -> C::Job,
    ) -> Result<T, BackendError> {
        let (reply, outcome) = Reply::new();
        let start = Start::default();
        let waiting = Waiting {
            job: with_reply(reply),
            start: start.clone(),
        };
        let caller = Caller(start);
        let answered = async {
            // If there is nobody to take it, its reply is dropped.
            let _ = self.queue.send(waiting).await;
            outcome.await
        };
        let why = match tokio::time::timeout_at(deadline, answered).await {
            Ok(Ok(outcome)) => return outcome,
            Ok(Err(_dropped)) => NoOutcome::Lost,
            Err(_elapsed) if caller.0.give_up() => NoOutcome::NotBegun,
            Err(_elapsed) => NoOutcome::Late,
        };
        Err(BackendError::new(self.backend, why))
    }
}

impl<C: Commit> Clone for GroupCommit<C> {
    fn clone(&self) -> Self {
        Self {
            queue: self.queue.clone(),
            ..*self
        }
    }
}

async fn run<C: Commit>(mut committer: C, mut queue: mpsc::Receiver<Waiting<C::Job>>) {
    let mut group = Vec::new();
    while queue.recv_many(&mut group, MAX_GROUP).await > 0 {
        let begun = |waiting: Waiting<C::Job>| waiting.start.begin().then_some(waiting.job);
        let jobs: Vec<_> = group.drain(..).filter_map(begun).collect();
        if jobs.is_empty() {
            continue;
        }
        let answered = jobs.len();
        // A panic drops the jobs with their replies, and so fails the calls of this group only.
        let _ended = catch_panic(committer.commit(jobs)).await;
        if answered > 1 {
            gather(&queue).await;
        }
    }
}

/// Lets those who were just answered come back with their next jobs, and join those that wait: fewer and
/// larger groups share the cost of a commit.
async fn gather<J>(queue: &mpsc::Receiver<J>) {
    let mut idle_turns = 0_u32;
    while idle_turns < IDLE_TURNS {
        let before = queue.len();
        tokio::task::yield_now().await;
        idle_turns = if queue.len() > before {
            0
        } else {
            idle_turns.saturating_add(1)
        };
    }
}

/// Runs `future` to its end, or to its panic, which the panic hook has reported.
async fn catch_panic(future: impl Future<Output = ()>) -> std::thread::Result<()> {
    let mut future = pin!(future);
    std::future::poll_fn(|context| {
        let polled = catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(context)));
        match polled {
            Ok(Poll::Pending) => Poll::Pending,
            Ok(Poll::Ready(())) => Poll::Ready(Ok(())),
            Err(panic) => Poll::Ready(Err(panic)),
        }
    })
    .await
}

#[cfg(test)]
mod tests {
    use std::{
        collections::BTreeSet,
        error::Error as _,
        sync::{Arc, Mutex},
        time::Duration,
    };

    use tokio::sync::Semaphore;

    use super::*;

    type Groups = Arc<Mutex<Vec<Vec<u32>>>>;

    struct Double {
        number: u32,
        reply: Reply<u32>,
    }

    /// Records each group, waits for a permit, and doubles the numbers. It panics at 13 and drops 7.
    struct Slow {
        groups: Groups,
        permits: Arc<Semaphore>,
    }

    impl Commit for Slow {
        type Job = Double;

        async fn commit(&mut self, jobs: Vec<Double>) {
            self.permits.acquire().await.unwrap().forget();
            let numbers: Vec<_> = jobs.iter().map(|job| job.number).collect();
            assert!(!numbers.contains(&13), "13 is no number to double");
            self.groups.lock().unwrap().push(numbers);
            for job in jobs.into_iter().filter(|job| job.number != 7) {
                job.reply.send(Ok(job.number * 2));
            }
        }
    }

    struct Fixture {
        groups: Groups,
        permits: Arc<Semaphore>,
        commit: GroupCommit<Slow>,
    }

    impl Fixture {
        fn new() -> Self {
            let groups = Arc::default();
            let permits = Arc::new(Semaphore::new(0));
            let committer = Slow {
                groups: Arc::clone(&groups),
                permits: Arc::clone(&permits),
            };
            Self {
                groups,
                permits,
                commit: GroupCommit::spawn(committer, "test"),
            }
        }

        /// A call that waits for `seconds` at most, on a task of its own.
        fn double(
            &self,
            number: u32,
            seconds: u64,
        ) -> tokio::task::JoinHandle<Result<u32, BackendError>> {
            let commit = self.commit.clone();
            let deadline = Instant::now() + Duration::from_secs(seconds);
            tokio::spawn(async move {
                let submitted = commit.submit(deadline, |reply| Double { number, reply });
                submitted.await
            })
        }

        fn groups(&self) -> Vec<Vec<u32>> {
            self.groups.lock().unwrap().clone()
        }
    }

    async fn a_moment() {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }

    fn cause(error: &BackendError) -> NoOutcome {
        *error.source().unwrap().downcast_ref().unwrap()
    }

    #[tokio::test(start_paused = true)]
    async fn what_waits_while_one_commit_runs_goes_into_the_next() {
        let fixture = Fixture::new();
        let first = fixture.double(0, 60);
        a_moment().await;
        let others: Vec<_> = (20..=60).map(|it| fixture.double(it, 60)).collect();
        a_moment().await;
        fixture.permits.add_permits(2);
        assert_eq!(first.await.unwrap().unwrap(), 0);
        for (number, other) in (20..=60).zip(others) {
            assert_eq!(other.await.unwrap().unwrap(), number * 2);
        }
        assert_eq!(fixture.groups(), [vec![0], (20..=60).collect()]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_late_caller_learns_whether_its_job_had_begun() {
        let fixture = Fixture::new();
        let begun = fixture.double(1, 1);
        a_moment().await;
        let waiting = fixture.double(2, 1);
        let begun = begun.await.unwrap().unwrap_err();
        let waiting = waiting.await.unwrap().unwrap_err();
        assert!(matches!(cause(&begun), NoOutcome::Late), "{begun:?}");
        assert!(
            matches!(cause(&waiting), NoOutcome::NotBegun),
            "{waiting:?}"
        );
        fixture.permits.add_permits(2);
        assert_eq!(fixture.double(3, 1).await.unwrap().unwrap(), 6);
        assert_eq!(fixture.groups(), [[1], [3]]);
    }

    /// There are more callers than places in the queue, and their deadlines pass while groups begin. Every
    /// hundredth caller has time enough.
    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn no_job_reported_as_not_begun_is_done() {
        let fixture = Fixture::new();
        let start = Instant::now();
        let calls: Vec<_> = (100..10_100)
            .map(|number| {
                let commit = fixture.commit.clone();
                let micros = if number % 100 == 0 {
                    60_000_000
                } else {
                    u64::from(number) * 10
                };
                let deadline = start + Duration::from_micros(micros);
                tokio::spawn(async move {
                    let submitted = commit.submit(deadline, |reply| Double { number, reply });
                    (number, submitted.await)
                })
            })
            .collect();
        let permits = Arc::clone(&fixture.permits);
        let committing = tokio::spawn(async move {
            loop {
                permits.add_permits(1);
                tokio::time::sleep(Duration::from_micros(500)).await;
            }
        });
        let (mut not_begun, mut answered) = (BTreeSet::new(), BTreeSet::new());
        for call in calls {
            match call.await.unwrap() {
                (number, Ok(_)) => answered.insert(number),
                (number, Err(error)) => match cause(&error) {
                    NoOutcome::NotBegun => not_begun.insert(number),
                    NoOutcome::Late => true,
                    NoOutcome::Lost => panic!("{number}: {error:?}"),
                },
            };
        }
        committing.abort();
        // One more group: the queue holds nothing that could still begin.
        fixture.permits.add_permits(1);
        assert_eq!(fixture.double(1, 60).await.unwrap().unwrap(), 2);
        let done: BTreeSet<u32> = fixture.groups().into_iter().flatten().collect();
        assert!(not_begun.is_disjoint(&done));
        assert!(answered.is_subset(&done));
        assert!(answered.len() >= 100, "{} answered", answered.len());
        assert!(!not_begun.is_empty(), "{} answered", answered.len());
    }

    #[tokio::test(start_paused = true)]
    async fn a_job_whose_caller_went_away_is_skipped() {
        let fixture = Fixture::new();
        let first = fixture.double(1, 60);
        a_moment().await;
        let gone = fixture.double(2, 60);
        a_moment().await;
        gone.abort();
        a_moment().await;
        fixture.permits.add_permits(2);
        assert_eq!(first.await.unwrap().unwrap(), 2);
        assert_eq!(fixture.double(3, 60).await.unwrap().unwrap(), 6);
        assert_eq!(fixture.groups(), [[1], [3]]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_dropped_reply_is_an_error() {
        let fixture = Fixture::new();
        fixture.permits.add_permits(1);
        let error = fixture.double(7, 60).await.unwrap().unwrap_err();
        assert!(matches!(cause(&error), NoOutcome::Lost), "{error:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_panic_fails_only_its_own_group() {
        let fixture = Fixture::new();
        let before = fixture.double(1, 60);
        a_moment().await;
        let group = [12, 13, 14].map(|number| fixture.double(number, 60));
        a_moment().await;
        fixture.permits.add_permits(3);
        assert_eq!(before.await.unwrap().unwrap(), 2);
        for call in group {
            let error = call.await.unwrap().unwrap_err();
            assert!(matches!(cause(&error), NoOutcome::Lost), "{error:?}");
        }
        assert_eq!(fixture.double(2, 60).await.unwrap().unwrap(), 4);
        assert_eq!(fixture.groups(), [[1], [2]]);
    }
}
