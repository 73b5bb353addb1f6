use std::{collections::BTreeSet, ops::Range, sync::Mutex};

use tokio::{
    sync::{Notify, Semaphore},
    task::JoinHandle,
};

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
        assert!(!numbers.contains(&13), "13 causes a panic");
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

    /// Starts a call in a new task. It waits for at most `seconds`.
    fn double(&self, number: u32, seconds: u64) -> JoinHandle<Result<u32, BackendError>> {
        let commit = self.commit.clone();
        let deadline = Instant::now() + Duration::from_secs(seconds);
        tokio::spawn(async move {
            let submitted = commit.submit(deadline, |reply| Double { number, reply });
            submitted.await
        })
    }

    /// Starts calls in a new task. Each call starts when the previous call is answered.
    fn double_each(&self, numbers: Range<u32>) -> JoinHandle<()> {
        let commit = self.commit.clone();
        tokio::spawn(async move {
            for number in numbers {
                let deadline = Instant::now() + Duration::from_mins(1);
                let submitted = commit.submit(deadline, |reply| Double { number, reply });
                assert_eq!(submitted.await.unwrap(), number * 2);
            }
        })
    }

    fn groups(&self) -> Vec<Vec<u32>> {
        self.groups.lock().unwrap().clone()
    }
}

async fn wait_a_moment() {
    tokio::time::sleep(Duration::from_millis(1)).await;
}

#[derive(Debug, thiserror::Error)]
#[error("the disk is full")]
struct Full;

impl From<Full> for BackendError {
    fn from(full: Full) -> Self {
        Self::new("test", full)
    }
}

/// The errors of this number of jobs that share a failure.
fn errors(jobs: usize) -> Vec<BackendError> {
    let mut errors = Vec::new();
    share_failure("test", Full, vec![(); jobs], |(), error| errors.push(error));
    errors
}

#[test]
fn a_single_job_gets_the_failure_itself() {
    let [error] = <[_; 1]>::try_from(errors(1)).unwrap();
    assert!(error.source().unwrap().is::<Full>(), "{error:?}");
}

#[test]
fn several_jobs_share_a_failure() {
    for error in errors(3) {
        assert!(error.source().unwrap().is::<Arc<Full>>(), "{error:?}");
    }
}

#[test]
fn an_endless_deadline_is_far_away() {
    let now = Instant::now();
    assert!(deadline_after(Duration::MAX) > now + FAR / 2);
    assert!(deadline_after(Duration::ZERO) < now + FAR / 2);
}

fn cause(error: &BackendError) -> NoOutcome {
    *error.source().unwrap().downcast_ref().unwrap()
}

#[tokio::test(start_paused = true)]
async fn jobs_that_wait_go_into_the_next_commit() {
    let fixture = Fixture::new();
    let first = fixture.double(0, 60);
    wait_a_moment().await;
    let others: Vec<_> = (20..=60).map(|number| fixture.double(number, 60)).collect();
    wait_a_moment().await;
    fixture.permits.add_permits(2);
    assert_eq!(first.await.unwrap().unwrap(), 0);
    for (number, other) in (20..=60).zip(others) {
        assert_eq!(other.await.unwrap().unwrap(), number * 2);
    }
    assert_eq!(fixture.groups(), [vec![0], (20..=60).collect()]);
}

#[tokio::test(start_paused = true)]
async fn two_callers_share_commits_after_a_while() {
    let fixture = Fixture::new();
    let first = fixture.double_each(20..24);
    wait_a_moment().await;
    let second = fixture.double_each(30..33);
    wait_a_moment().await;
    fixture.permits.add_permits(9);
    first.await.unwrap();
    second.await.unwrap();
    let expected = [vec![20], vec![30, 21], vec![31, 22], vec![32, 23]];
    assert_eq!(fixture.groups(), expected);
}

#[tokio::test(start_paused = true)]
async fn a_late_caller_learns_whether_its_job_had_begun() {
    let fixture = Fixture::new();
    let begun = fixture.double(1, 1);
    wait_a_moment().await;
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

/// There are more callers than places in the queue, and their deadlines pass while groups begin. Every hundredth caller
/// has enough time. The first group waits until a caller has given up.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_job_reported_as_not_begun_is_done() {
    let fixture = Fixture::new();
    let start = Instant::now();
    let given_up = Arc::new(Notify::new());
    let calls: Vec<_> = (100..10_100)
        .map(|number| {
            let commit = fixture.commit.clone();
            let micros = if number % 100 == 0 {
                60_000_000
            } else {
                u64::from(number) * 10
            };
            let deadline = start + Duration::from_micros(micros);
            let given_up = Arc::clone(&given_up);
            tokio::spawn(async move {
                let submitted = commit.submit(deadline, |reply| Double { number, reply });
                let outcome = submitted.await;
                let error = outcome.as_ref().err();
                if error.is_some_and(|error| matches!(cause(error), NoOutcome::NotBegun)) {
                    given_up.notify_one();
                }
                (number, outcome)
            })
        })
        .collect();
    let permits = Arc::clone(&fixture.permits);
    let committing = tokio::spawn(async move {
        given_up.notified().await;
        loop {
            permits.add_permits(1);
            tokio::time::sleep(Duration::from_micros(500)).await;
        }
    });
    let (mut not_begun, mut answered) = (BTreeSet::new(), BTreeSet::new());
    for call in calls {
        match call.await.unwrap() {
            (number, Ok(_)) => {
                answered.insert(number);
            }
            (number, Err(error)) => match cause(&error) {
                NoOutcome::NotBegun => {
                    not_begun.insert(number);
                }
                NoOutcome::Late => {}
                NoOutcome::Lost => panic!("{number}: {error:?}"),
            },
        }
    }
    committing.abort();
    // After one more group, nothing in the queue could still begin.
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
    wait_a_moment().await;
    let gone = fixture.double(2, 60);
    wait_a_moment().await;
    gone.abort();
    wait_a_moment().await;
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
    wait_a_moment().await;
    let group = [12, 13, 14].map(|number| fixture.double(number, 60));
    wait_a_moment().await;
    fixture.permits.add_permits(3);
    assert_eq!(before.await.unwrap().unwrap(), 2);
    for call in group {
        let error = call.await.unwrap().unwrap_err();
        assert!(matches!(cause(&error), NoOutcome::Lost), "{error:?}");
    }
    assert_eq!(fixture.double(2, 60).await.unwrap().unwrap(), 4);
    assert_eq!(fixture.groups(), [[1], [2]]);
}
