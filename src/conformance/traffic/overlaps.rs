//! Two overlapping requests. Each is paused after some of its steps while the other continues.

use std::{
    future::poll_fn,
    pin::{Pin, pin},
    task::Poll,
    time::Duration,
};

use tokio::time::{Instant, timeout};

use crate::{
    conformance::{
        random::fresh_tenant,
        traffic::{
            bucket::{slowest, source},
            probe::Probe,
            steps::poll_times,
            time::Time,
        },
    },
    rate_limit::{Quota, RateDecision, RateKey, RateLimiter},
};

/// The most steps after which a request is paused.
const STEPS: u32 = 6;

/// The shortest time for which one request runs while the other is paused. A request may be unable to end before
/// the other continues.
const GRACE: Duration = Duration::from_millis(10);

/// How two requests overlap.
#[derive(Clone, Copy, Debug)]
pub(super) struct Order {
    /// The steps of the first and of the second request before one of them continues to its end.
    pub(super) steps: (u32, u32),
    /// How long the continuing request runs before the other continues too.
    pub(super) grace: Duration,
}

/// A time in which this limiter decides a request.
pub(super) async fn grace<L: RateLimiter, T: Time>(probe: &Probe<L, T>) -> Duration {
    let tenant = fresh_tenant();
    let began = Instant::now();
    probe.acquire(RateKey::Tenant(&tenant), slowest(1)).await;
    GRACE.max(began.elapsed() * 3)
}

/// Two decisions, and whether the first request was decided within its steps.
struct Overlap {
    decisions: [RateDecision; 2],
    is_in_order: bool,
}

/// Two requests of one bucket overlap in every order.
pub(in crate::conformance) async fn overlap_all_steps<L: RateLimiter, T: Time>(
    probe: &Probe<L, T>,
) {
    overlap_in_all_orders(probe, Buckets::Same).await;
}

/// Which buckets two requests ask.
#[derive(Clone, Copy)]
enum Buckets {
    Same,
    Different,
}

/// Increases the number of steps until the first request is always decided within its steps.
async fn overlap_in_all_orders<L: RateLimiter, T: Time>(probe: &Probe<L, T>, buckets: Buckets) {
    let grace = grace(probe).await;
    for first in 0..=STEPS {
        let mut all_in_order = true;
        for second in 0..=STEPS {
            let steps = (first, second);
            let order = Order { steps, grace };
            all_in_order &= match buckets {
                Buckets::Same => overlap_same_bucket(probe, order).await,
                Buckets::Different => overlap_different_bucket_pairs(probe, order).await,
            };
        }
        if all_in_order {
            return;
        }
    }
}

/// Returns whether the first request of each pair was decided before the second began.
async fn overlap_same_bucket<L: RateLimiter, T: Time>(probe: &Probe<L, T>, order: Order) -> bool {
    let mut all_in_order = true;
    // The requests race for the first tokens, for the last token, for the last two tokens, and for no token.
    for (burst, taken) in [(1, 0), (3, 0), (2, 1), (3, 1), (2, 2)] {
        let (tenant, quota) = (fresh_tenant(), slowest(burst));
        let key = RateKey::Tenant(&tenant);
        for _ in 0..taken {
            probe.acquire(key, quota).await;
        }
        all_in_order &= overlap(probe, key, quota, order).await;
        probe.acquire(key, quota).await;
    }
    all_in_order
}

/// Requests of two buckets overlap in every order.
pub(in crate::conformance) async fn overlap_different_buckets<L: RateLimiter, T: Time>(
    probe: &Probe<L, T>,
) {
    overlap_in_all_orders(probe, Buckets::Different).await;
}

/// Returns whether the first request of each pair was decided before the second began.
async fn overlap_different_bucket_pairs<L: RateLimiter, T: Time>(
    probe: &Probe<L, T>,
    order: Order,
) -> bool {
    let (first, second) = (fresh_tenant(), fresh_tenant());
    let (first, second) = (RateKey::Tenant(&first), RateKey::Tenant(&second));
    let of_first = RateKey::Source(first.tenant(), source("203.0.113.5"));
    let (one, two) = (slowest(1), slowest(2));
    let mut all_in_order = true;
    for pair in [
        [(first, one), (second, one)],
        [(first, two), (of_first, two)],
        [(second, two), (second, slowest(3))],
    ] {
        all_in_order &= overlap_pair(probe, pair, order).await;
        for (key, quota) in pair {
            probe.acquire(key, quota).await;
        }
    }
    all_in_order
}

/// Interleaves two requests of one bucket. Returns whether the first was decided before the second began.
pub(super) async fn overlap<L: RateLimiter, T: Time>(
    probe: &Probe<L, T>,
    key: RateKey<'_>,
    quota: Quota,
    order: Order,
) -> bool {
    let from = probe.time().elapsed();
    let overlap = interleave(probe.ask(key, quota), probe.ask(key, quota), order).await;
    let times = (from, probe.time().elapsed());
    probe.settle(key, quota, times, &overlap.decisions, 0);
    overlap.is_in_order
}

/// Interleaves requests of two buckets. Returns whether the first was decided before the second began.
async fn overlap_pair<L: RateLimiter, T: Time>(
    probe: &Probe<L, T>,
    buckets: [(RateKey<'_>, Quota); 2],
    order: Order,
) -> bool {
    let from = probe.time().elapsed();
    let [first, second] = buckets.map(|(key, quota)| probe.ask(key, quota));
    let overlap = interleave(first, second, order).await;
    let times = (from, probe.time().elapsed());
    for ((key, quota), decision) in buckets.into_iter().zip(overlap.decisions) {
        probe.settle(key, quota, times, &[decision], 0);
    }
    overlap.is_in_order
}

/// Pauses the first request after its steps, and the second after its steps. Then the second continues to its
/// end, and then the first. If the second has an odd number of steps, the first continues before the second.
async fn interleave<F: Future<Output = RateDecision>>(
    first: F,
    second: F,
    Order { steps, grace }: Order,
) -> Overlap {
    let mut first = pin!(first);
    let mut second = pin!(second);
    let mut of_first = poll_times(first.as_mut(), steps.0).await;
    let is_in_order = of_first.is_some();
    let mut of_second = poll_times(second.as_mut(), steps.1).await;
    if steps.1 % 2 == 1 && of_first.is_none() {
        of_first = timeout(grace, first.as_mut()).await.ok();
    }
    if of_second.is_none() {
        of_second = timeout(grace, second.as_mut()).await.ok();
    }
    Overlap {
        decisions: both(first, of_first, second, of_second).await,
        is_in_order,
    }
}

async fn both<F: Future>(
    mut first: Pin<&mut F>,
    mut of_first: Option<F::Output>,
    mut second: Pin<&mut F>,
    mut of_second: Option<F::Output>,
) -> [F::Output; 2]
where
    F::Output: Unpin,
{
    poll_fn(|context| {
        if of_second.is_none()
            && let Poll::Ready(output) = second.as_mut().poll(context)
        {
            of_second = Some(output);
        }
        if of_first.is_none()
            && let Poll::Ready(output) = first.as_mut().poll(context)
        {
            of_first = Some(output);
        }
        match (of_first.take(), of_second.take()) {
            (Some(first), Some(second)) => Poll::Ready([first, second]),
            (first, second) => {
                (of_first, of_second) = (first, second);
                Poll::Pending
            }
        }
    })
    .await
}
