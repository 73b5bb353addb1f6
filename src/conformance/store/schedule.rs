//! In which order the parts of two calls run.

use std::{
    future::poll_fn,
    task::{Context, Poll},
    time::Duration,
};

use tokio::time::timeout;

use crate::{
    box_future::BoxFuture,
    conformance::store::fixture::fail,
    system::{Clock as _, SystemClock},
};

/// How often a call may wait before it is let alone: more often than a call of any back end waits.
pub(super) const MOST_WAITS: usize = 24;

/// How long a call runs alone while another is half done. A store whose calls wait for each other needs
/// both to go on.
const ALONE: Duration = Duration::from_millis(20);

/// How many trials of a rule run at once: enough for a back end that commits several calls together.
pub(super) const AT_ONCE: usize = 8;

/// How long a rule tries more and more. It is real time, also if Tokio's clock is paused: waiting costs nothing then.
pub(super) struct Budget {
    clock: SystemClock,
    most: Duration,
}

impl Budget {
    pub(super) fn new(most: Duration) -> Self {
        let clock = SystemClock::new();
        Self { clock, most }
    }

    /// Whether no other round begins.
    pub(super) fn is_spent(&self) -> bool {
        self.clock.monotonic() > self.most
    }

    /// Whether not even the first round goes on: the store is slow.
    pub(super) fn is_overdrawn(&self) -> bool {
        self.clock.monotonic() > self.most.saturating_mul(3) / 2
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

/// What a call and others came to.
pub(super) struct Both<A, B> {
    pub(super) first: A,
    pub(super) second: B,
    /// Whether the first was done before the second began.
    pub(super) is_in_order: bool,
}

/// Runs the first call until it has waited more than `waits` times, then the second, then the rest of the
/// first.
pub(super) async fn interleaved<A, B>(
    mut first: BoxFuture<'_, A>,
    mut second: BoxFuture<'_, B>,
    waits: usize,
) -> Both<A, B> {
    if let Some(first) = begun(&mut first, waits).await {
        return Both {
            first,
            second: second.await,
            is_in_order: true,
        };
    }
    let (first, second) = match timeout(ALONE, &mut second).await {
        Ok(second) => (first.await, second),
        Err(_) => alternating(first, second).await,
    };
    Both {
        first,
        second,
        is_in_order: false,
    }
}

/// Runs both calls, a step of each at a time.
async fn alternating<A, B>(mut first: BoxFuture<'_, A>, mut second: BoxFuture<'_, B>) -> (A, B) {
    let (mut of_first, mut of_second) = (None, None);
    poll_fn(|context| {
        step(&mut first, &mut of_first, context);
        step(&mut second, &mut of_second, context);
        if of_first.is_some() && of_second.is_some() {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    })
    .await;
    let (Some(first), Some(second)) = (of_first, of_second) else {
        fail("both calls are done", &"one is not");
    };
    (first, second)
}

fn step<T>(call: &mut BoxFuture<'_, T>, outcome: &mut Option<T>, context: &mut Context<'_>) {
    if outcome.is_none()
        && let Poll::Ready(ended) = call.as_mut().poll(context)
    {
        *outcome = Some(ended);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use tokio::task::yield_now;

    use super::*;

    /// The order of the parts of two calls that wait twice each.
    async fn order(waits: usize) -> (String, bool) {
        let parts = Arc::new(Mutex::new(String::new()));
        let call = |names: [char; 3]| {
            let parts = Arc::clone(&parts);
            async move {
                for name in names {
                    parts.lock().unwrap().push(name);
                    if name != names[2] {
                        yield_now().await;
                    }
                }
            }
        };
        let (first, second) = (call(['a', 'b', 'c']), call(['x', 'y', 'z']));
        let both = interleaved(Box::pin(first), Box::pin(second), waits).await;
        let order = parts.lock().unwrap().clone();
        (order, both.is_in_order)
    }

    #[tokio::test]
    async fn the_second_call_runs_where_the_first_waits() {
        assert_eq!(order(0).await, ("axyzbc".to_owned(), false));
        assert_eq!(order(1).await, ("abxyzc".to_owned(), false));
        assert_eq!(order(2).await, ("abcxyz".to_owned(), true));
    }

    #[tokio::test]
    async fn calls_that_wait_for_each_other_both_end() {
        let lock = tokio::sync::Mutex::new(0);
        let call = async || {
            let mut locked = lock.lock().await;
            yield_now().await;
            *locked += 1;
            *locked
        };
        let both = interleaved(Box::pin(call()), Box::pin(call()), 0).await;
        assert_eq!((both.first, both.second), (1, 2));
    }
}
