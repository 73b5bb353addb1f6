//! In which order the parts of two calls run.

use std::{future::poll_fn, task::Poll, time::Duration};

use tokio::time::{Instant, timeout};

use crate::{box_future::BoxFuture, conformance::store::fixture::fail};

/// How often a call may wait before it is let alone: more often than a call of any back end waits.
pub(super) const MOST_WAITS: usize = 24;

/// How long a call runs alone while another is half done. A store whose calls wait for each other needs
/// both to go on.
const ALONE: Duration = Duration::from_millis(20);

/// How many trials of a rule run at once: enough for a back end that commits several calls together.
pub(super) const AT_ONCE: usize = 8;

/// How long a rule tries more and more.
pub(super) struct Budget {
    began: Instant,
    most: Duration,
}

impl Budget {
    pub(super) fn new(most: Duration) -> Self {
        let began = Instant::now();
        Self { began, most }
    }

    /// Whether no other round begins.
    pub(super) fn is_spent(&self) -> bool {
        self.began.elapsed() > self.most
    }

    /// Whether not even the first round goes on: the store is very slow.
    pub(super) fn is_overdrawn(&self) -> bool {
        self.began.elapsed() > self.most.saturating_mul(3)
    }
}

/// Runs `call` until it has waited more than `waits` times. `None` if it is not done by then.
pub(super) async fn begun<T>(call: &mut BoxFuture<'_, T>, waits: usize) -> Option<T> {
    let mut left = waits;
    poll_fn(|context| match call.as_mut().poll(context) {
        Poll::Ready(outcome) => Poll::Ready(Some(outcome)),
        Poll::Pending if left == 0 => Poll::Ready(None),
        Poll::Pending => {
            left -= 1;
            Poll::Pending
        }
    })
    .await
}

/// What two calls came to.
pub(super) struct Both<T> {
    pub(super) outcomes: [T; 2],
    /// Whether the first was done before the second began.
    pub(super) is_in_order: bool,
}

/// Runs the first call until it has waited more than `waits` times, then the second, then the rest of the
/// first.
pub(super) async fn interleaved<T>(
    mut first: BoxFuture<'_, T>,
    mut second: BoxFuture<'_, T>,
    waits: usize,
) -> Both<T> {
    if let Some(outcome) = begun(&mut first, waits).await {
        return Both {
            outcomes: [outcome, second.await],
            is_in_order: true,
        };
    }
    let outcomes = match timeout(ALONE, &mut second).await {
        Ok(outcome) => [first.await, outcome],
        Err(_) => alternating(first, second).await,
    };
    Both {
        outcomes,
        is_in_order: false,
    }
}

/// Runs both calls, a step of each at a time.
pub(super) async fn alternating<T>(
    mut first: BoxFuture<'_, T>,
    mut second: BoxFuture<'_, T>,
) -> [T; 2] {
    let mut done = [None, None];
    poll_fn(|context| {
        for (call, outcome) in [&mut first, &mut second].into_iter().zip(&mut done) {
            if outcome.is_none()
                && let Poll::Ready(ended) = call.as_mut().poll(context)
            {
                *outcome = Some(ended);
            }
        }
        let is_done = done.iter().all(Option::is_some);
        if is_done {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    })
    .await;
    let [Some(first), Some(second)] = done else {
        fail("both calls are done", &"one is not");
    };
    [first, second]
}
