//! Group commit: all jobs that wait while one commit runs go into the next commit, so that they share its
//! cost.

use std::time::Duration;

use tokio::sync::{mpsc, oneshot};

use crate::backend_error::BackendError;

/// The most jobs of one group: a commit of this size takes little longer than one of a few.
const MAX_GROUP: usize = 256;

/// The most jobs that wait. Beyond, callers wait for a place in line, and for no longer than the
/// time-out.
const MAX_WAITING: usize = 1024;

/// Carries out the jobs of a group together.
pub(crate) trait Commit: Send + 'static {
    type Job: Send + 'static;
    type Answer: Send + 'static;

    /// Carries out `jobs`, in their order, and answers each.
    fn commit(
        &mut self,
        jobs: Vec<Self::Job>,
    ) -> impl Future<Output = Vec<Result<Self::Answer, BackendError>>> + Send;
}

/// Hands jobs to a task that commits them in groups. The task ends when the last clone goes.
pub(crate) struct GroupCommit<C: Commit> {
    queue: mpsc::Sender<Waiting<C>>,
    backend: &'static str,
    timeout: Duration,
}

/// A job, and where its caller waits.
struct Waiting<C: Commit> {
    job: C::Job,
    caller: oneshot::Sender<Result<C::Answer, BackendError>>,
}

impl<C: Commit> GroupCommit<C> {
    /// Starts the task, in the runtime that this is called in. No caller waits for longer than `timeout`.
    pub(crate) fn spawn(committer: C, backend: &'static str, timeout: Duration) -> Self {
        let (queue, waiting) = mpsc::channel(MAX_WAITING);
        tokio::spawn(run(committer, waiting));
        Self {
            queue,
            backend,
            timeout,
        }
    }

    /// Has `job` carried out. A caller that goes away, or whose time is up, leaves it done or not
    /// done, never half.
    pub(crate) async fn submit(&self, job: C::Job) -> Result<C::Answer, BackendError> {
        let (caller, answer) = oneshot::channel();
        let fail = |cause: &'static str| BackendError::new(self.backend, cause);
        let answered = async {
            let sent = self.queue.send(Waiting { job, caller }).await;
            sent.map_err(|_| fail("the task that writes has ended"))?;
            answer
                .await
                .map_err(|_| fail("the task that writes gave no answer"))?
        };
        tokio::time::timeout(self.timeout, answered)
            .await
            .unwrap_or_else(|_| {
                let late = format!("no answer within {:?}", self.timeout);
                Err(BackendError::new(self.backend, late))
            })
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

async fn run<C: Commit>(mut committer: C, mut waiting: mpsc::Receiver<Waiting<C>>) {
    let mut group = Vec::new();
    while waiting.recv_many(&mut group, MAX_GROUP).await > 0 {
        // A caller that has gone was told of a failure or was told nothing, so its job should not be done.
        let (jobs, callers): (Vec<_>, Vec<_>) = group
            .drain(..)
            .filter(|it: &Waiting<C>| !it.caller.is_closed())
            .map(|it| (it.job, it.caller))
            .unzip();
        if jobs.is_empty() {
            continue;
        }
        let answers = committer.commit(jobs).await;
        for (caller, answer) in callers.into_iter().zip(answers) {
            // A caller that went away meanwhile does not want to know.
            let _ = caller.send(answer);
        }
        // Those who were answered may have more to do, and go along with those who wait.
        let mut before = usize::MAX;
        while waiting.len() != before {
            before = waiting.len();
            tokio::task::yield_now().await;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use tokio::sync::Semaphore;

    use super::*;

    type Groups = Arc<Mutex<Vec<Vec<u32>>>>;

    /// Notes each group, and takes its time: one permit for each.
    struct Slow {
        groups: Groups,
        permits: Arc<Semaphore>,
    }

    impl Commit for Slow {
        type Job = u32;
        type Answer = u32;

        async fn commit(&mut self, jobs: Vec<u32>) -> Vec<Result<u32, BackendError>> {
            self.permits.acquire().await.unwrap().forget();
            self.groups.lock().unwrap().push(jobs.clone());
            jobs.into_iter().map(|job| Ok(job * 10)).collect()
        }
    }

    fn slow(timeout: Duration) -> (Groups, Arc<Semaphore>, GroupCommit<Slow>) {
        let groups = Arc::default();
        let permits = Arc::new(Semaphore::new(0));
        let committer = Slow {
            groups: Arc::clone(&groups),
            permits: Arc::clone(&permits),
        };
        (
            groups,
            permits,
            GroupCommit::spawn(committer, "test", timeout),
        )
    }

    const LONG: Duration = Duration::from_hours(1);

    #[tokio::test(start_paused = true)]
    async fn what_waits_while_one_commit_runs_goes_into_the_next() {
        let (groups, permits, commit) = slow(LONG);
        let submit = |job| {
            tokio::spawn({
                let commit = commit.clone();
                async move { commit.submit(job).await }
            })
        };
        let first = submit(0);
        // Everybody is in line before the first commit ends.
        tokio::time::sleep(Duration::from_secs(1)).await;
        let others: Vec<_> = (1..=40).map(submit).collect();
        tokio::time::sleep(Duration::from_secs(1)).await;
        permits.add_permits(2);
        assert_eq!(first.await.unwrap().unwrap(), 0);
        for (job, other) in (1..=40).zip(others) {
            assert_eq!(other.await.unwrap().unwrap(), job * 10);
        }
        assert_eq!(*groups.lock().unwrap(), [vec![0], (1..=40).collect()]);
    }

    #[tokio::test(start_paused = true)]
    async fn nobody_waits_beyond_the_time_and_what_was_given_up_is_not_done() {
        let (groups, permits, commit) = slow(Duration::from_secs(1));
        let stuck = commit.submit(1).await.unwrap_err();
        let late = commit.submit(2).await.unwrap_err();
        for error in [stuck, late] {
            let cause = std::error::Error::source(&error).unwrap().to_string();
            assert_eq!(cause, "no answer within 1s");
        }
        permits.add_permits(2);
        assert_eq!(commit.submit(3).await.unwrap(), 30);
        // The first was under way; the second had not begun.
        assert_eq!(*groups.lock().unwrap(), [vec![1], vec![3]]);
    }
}
