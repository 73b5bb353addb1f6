//! Requests that are stopped halfway, and requests that run side by side.

use std::{future::poll_fn, panic::resume_unwind, pin::Pin, task::Poll, time::Duration};

use tokio::{
    task::{JoinError, JoinSet},
    time::timeout,
};

/// How long each step of a request may take. A request that waits for another makes no step at all.
const STEP: Duration = Duration::from_millis(25);

/// Polls a future so often, or until it is ready. Between two polls it waits for what the future waits for.
pub(super) async fn poll_times<F: Future>(
    mut future: Pin<&mut F>,
    times: u32,
) -> Option<F::Output> {
    if times == 0 {
        return None;
    }
    let mut left = times;
    let steps = poll_fn(|context| {
        left = left.saturating_sub(1);
        match future.as_mut().poll(context) {
            Poll::Ready(output) => Poll::Ready(Some(output)),
            Poll::Pending if left == 0 => Poll::Ready(None),
            Poll::Pending => Poll::Pending,
        }
    });
    timeout(STEP * times, steps).await.ok().flatten()
}

/// Runs all tasks, at most so many at the same time.
pub(super) async fn run_side_by_side<F>(tasks: impl IntoIterator<Item = F>, most: usize)
where
    F: Future<Output = ()> + Send + 'static,
{
    let mut running = JoinSet::new();
    for task in tasks {
        if running.len() >= most
            && let Some(Err(error)) = running.join_next().await
        {
            pass_on(error);
        }
        running.spawn(task);
    }
    running.join_all().await;
}

/// Panics as the task did.
fn pass_on(error: JoinError) {
    if let Ok(panic) = error.try_into_panic() {
        resume_unwind(panic);
    }
}

#[cfg(test)]
mod tests {
    use std::{
        pin::pin,
        sync::{
            Arc,
            atomic::{AtomicU32, Ordering},
        },
    };

    use tokio::time::sleep;

    use super::*;

    #[tokio::test]
    async fn a_poll_follows_what_the_future_waits_for() {
        let steps = AtomicU32::new(0);
        let mut future = pin!(async {
            for _ in 0..3 {
                sleep(Duration::from_millis(2)).await;
                steps.fetch_add(1, Ordering::SeqCst);
            }
        });
        assert_eq!(poll_times(future.as_mut(), 3).await, None);
        assert_eq!(steps.load(Ordering::SeqCst), 2);
        assert_eq!(poll_times(future.as_mut(), 2).await, Some(()));
    }

    #[tokio::test]
    async fn a_future_that_never_wakes_is_left() {
        let mut future = pin!(std::future::pending::<()>());
        assert_eq!(poll_times(future.as_mut(), 2).await, None);
    }

    #[tokio::test]
    async fn tasks_run_at_most_so_many_at_once() {
        let (running, ended) = (Arc::new(AtomicU32::new(0)), Arc::new(AtomicU32::new(0)));
        let tasks = (0..9).map(|_| {
            let (running, ended) = (Arc::clone(&running), Arc::clone(&ended));
            async move {
                assert!(running.fetch_add(1, Ordering::SeqCst) < 4);
                sleep(Duration::from_millis(1)).await;
                running.fetch_sub(1, Ordering::SeqCst);
                ended.fetch_add(1, Ordering::SeqCst);
            }
        });
        run_side_by_side(tasks, 4).await;
        assert_eq!(ended.load(Ordering::SeqCst), 9);
    }
}
