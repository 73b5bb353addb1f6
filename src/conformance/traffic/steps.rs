//! Requests that are stopped halfway.

use std::{future::poll_fn, pin::Pin, task::Poll, time::Duration};

use tokio::time::timeout;

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

#[cfg(test)]
mod tests {
    use std::{
        pin::pin,
        sync::atomic::{AtomicU32, Ordering},
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
}
