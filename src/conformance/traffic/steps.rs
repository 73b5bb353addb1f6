//! Requests that are paused halfway, and requests that run in parallel.

use std::{future::poll_fn, panic::resume_unwind, pin::Pin, task::Poll, time::Duration};

use tokio::{
    task::{JoinError, JoinSet},
    time::timeout,
};

/// How long each step of a request may take. A request that waits for another request makes no step.
const STEP: Duration = Duration::from_millis(25);

/// Polls a future `times` times, or until it is ready. Between two polls it waits until the future is woken.
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

/// Runs all tasks, at most `most` at the same time.
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

/// Panics with the panic of the task.
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
    async fn a_poll_waits_until_the_future_is_woken() {
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
    async fn a_future_that_is_never_woken_is_abandoned() {
        let mut future = pin!(std::future::pending::<()>());
        assert_eq!(poll_times(future.as_mut(), 2).await, None);
    }

    #[tokio::test]
    async fn at_most_four_tasks_run_at_once() {
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
