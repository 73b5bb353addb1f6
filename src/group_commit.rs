//! Group commit: all jobs that wait while a commit runs go into the next commit, so that they share its cost.
//!
//! A job owns a [`Reply`], which sends the outcome to the caller. Nothing else connects the job and its caller.

mod reply;

use std::{
    error::Error,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::pin,
    sync::Arc,
    task::Poll,
    time::Duration,
};

use tokio::{sync::mpsc, time::Instant};

pub(crate) use self::reply::Reply;
use self::reply::{Caller, NoOutcome, Start};
use crate::backend_error::BackendError;

/// The most jobs of one group. A commit of this size takes little longer than a commit of a few jobs.
const MAX_GROUP: usize = 256;

/// The most jobs that wait in the queue. More callers wait for a place in the queue, until their deadlines.
const MAX_WAITING: usize = 1024;

/// How often in a row the task yields without receiving a job before it begins the next group. A caller that was answered
/// submits its next job only after a few yields, because the answer and the next request go through its connection.
const IDLE_YIELDS: u32 = 3;

/// A time so far in the future that no call waits for it.
const FAR: Duration = Duration::from_hours(24 * 365);

/// Carries out the jobs of a group in one commit.
pub(crate) trait Commit: Send + 'static {
    type Job: Send + 'static;

    /// Carries out `jobs` in order, and answers each through its [`Reply`].
    ///
    /// If this panics, the callers of these jobs get an error, and this is called again for the next group.
    fn commit(&mut self, jobs: Vec<Self::Job>) -> impl Future<Output = ()> + Send;
}

/// Sends jobs to a task that commits them in groups. The task ends when the last clone is dropped.
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
    /// Starts the task in the current runtime.
    pub(crate) fn spawn(committer: C, backend: &'static str) -> Self {
        let (queue, waiting) = mpsc::channel(MAX_WAITING);
        tokio::spawn(run(committer, waiting));
        Self { queue, backend }
    }

    /// Submits the job that `with_reply` creates, and waits for its outcome until `deadline`.
    ///
    /// If the deadline passes or the caller goes away before the job has begun, the job is not carried out. Once the job
    /// has begun, it is carried out completely or not at all.
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
            // If the task has ended, sending fails and drops the reply.
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

/// The time `timeout` from now.
pub(crate) fn deadline_after(timeout: Duration) -> Instant {
    let now = Instant::now();
    let deadline = now.checked_add(timeout).or_else(|| now.checked_add(FAR));
    deadline.unwrap_or(now)
}

/// Answers all of `jobs` with `failure`. A single job gets the failure itself, so that its caller can find the cause.
/// Several jobs share the failure.
pub(crate) fn share_failure<J, F>(
    backend: &'static str,
    failure: F,
    jobs: Vec<J>,
    mut answer: impl FnMut(J, BackendError),
) where
    F: Into<BackendError> + Error + Send + Sync + 'static,
{
    match <[J; 1]>::try_from(jobs) {
        Ok([job]) => answer(job, failure.into()),
        Err(jobs) => {
            let failure = Arc::new(failure);
            for job in jobs {
                answer(job, BackendError::new(backend, Arc::clone(&failure)));
            }
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
        // A panic drops the jobs with their replies, so only the calls of this group fail.
        let _ended = catch_panic(committer.commit(jobs)).await;
        // A single caller has nobody to share a commit with, so it need not wait.
        if answered > 1 || !queue.is_empty() {
            gather(&queue).await;
        }
    }
}

/// Waits until callers that were just answered have submitted their next jobs. This leads to fewer and larger groups.
async fn gather<J>(queue: &mpsc::Receiver<J>) {
    let mut idle_yields = 0_u32;
    while idle_yields < IDLE_YIELDS && queue.len() < MAX_GROUP {
        let before = queue.len();
        tokio::task::yield_now().await;
        idle_yields = if queue.len() > before {
            0
        } else {
            idle_yields.saturating_add(1)
        };
    }
}

/// Runs `future` to its end or until it panics. The panic hook has then reported the panic.
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
mod tests;
