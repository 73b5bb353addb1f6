//! The order in which the parts of two calls run.

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

/// The largest number of waits at which a call is paused. Calls of real back ends wait less often.
pub(super) const MAX_WAITS: usize = 24;

/// How long a call runs alone while another is half done. Then both continue, because the call may wait for the other.
const ALONE: Duration = Duration::from_millis(20);

/// How many trials of a rule run at once. A back end may commit the calls of several trials together.
pub(super) const AT_ONCE: usize = 8;

/// How long a rule tries further cases. The budget counts real time even if Tokio's clock is paused.
pub(super) struct Budget {
    clock: SystemClock,
    most: Duration,
}

impl Budget {
    pub(super) fn new(most: Duration) -> Self {
        let clock = SystemClock::new();
        Self { clock, most }
    }

    /// Whether no further round may begin.
    pub(super) fn is_spent(&self) -> bool {
        self.clock.monotonic() > self.most
    }

    /// Whether even the first round must end, because the store is slow.
    pub(super) fn is_overdrawn(&self) -> bool {
        self.clock.monotonic() > self.most.saturating_mul(3) / 2
    }
}

/// Runs `call` until it has waited more than `waits` times. Returns `None` if the call has not ended by then.
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

/// The outcomes of two overlapping calls.
pub(super) struct Both<A, B> {
    pub(super) first: A,
    pub(super) second: B,
    /// Whether the first call ended before the second began.
    pub(super) is_in_order: bool,
}

/// Runs the first call until it has waited more than `waits` times, then the second call, and then the rest of the
/// first call.
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

/// Runs both calls, alternating between their steps.
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
        fail("both calls have ended", &"one call has not");
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
