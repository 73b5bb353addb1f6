//! How the in-process limiter uses its clock.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use oauth_dcr::{
    TenantId, Timestamp,
    rate_limit::{LocalRateLimiter, Quota, RateDecision, RateKey, RateLimiter as _},
    system::Clock,
    types::SourceNetwork,
};

/// Shows the time that the test sets, counts its readings, and advances by a step at each reading.
#[derive(Debug, Default)]
struct CountedClock(Mutex<Reading>);

#[derive(Clone, Copy, Debug, Default)]
struct Reading {
    time: Duration,
    step: Duration,
    count: u32,
}

impl CountedClock {
    fn set(&self, time: Duration, step: Duration) {
        let count = 0;
        *self.0.lock().unwrap() = Reading { time, step, count };
    }

    fn readings(&self) -> u32 {
        self.0.lock().unwrap().count
    }
}

impl Clock for CountedClock {
    fn now(&self) -> Timestamp {
        Timestamp::MAX
    }

    fn monotonic(&self) -> Duration {
        let mut reading = self.0.lock().unwrap();
        reading.count += 1;
        let time = reading.time;
        reading.time = time.saturating_add(reading.step);
        time
    }
}

fn limiter() -> (Arc<CountedClock>, LocalRateLimiter) {
    let clock = Arc::new(CountedClock::default());
    let limiter = LocalRateLimiter::with_clock(Arc::<CountedClock>::clone(&clock));
    (clock, limiter)
}

/// The bucket that is asked for.
#[derive(Clone, Copy, Debug)]
enum Bucket {
    Tenant,
    Source,
}

const BUCKETS: [Bucket; 2] = [Bucket::Tenant, Bucket::Source];

async fn acquire(limiter: &LocalRateLimiter, bucket: Bucket, quota: Quota) -> RateDecision {
    let tenant = TenantId::parse("a").unwrap();
    let key = match bucket {
        Bucket::Tenant => RateKey::Tenant(&tenant),
        Bucket::Source => RateKey::Source(&tenant, SourceNetwork::of(None)),
    };
    limiter.acquire(key, quota).await.unwrap()
}

/// How many of 20 requests are admitted.
async fn admitted(limiter: &LocalRateLimiter, bucket: Bucket) -> usize {
    let mut count = 0;
    for _ in 0..20 {
        let decision = acquire(limiter, bucket, Quota::default()).await;
        count += usize::from(decision.is_admitted());
    }
    count
}

const SECOND: Duration = Duration::from_secs(1);
const NANOSECOND: Duration = Duration::from_nanos(1);

#[tokio::test]
async fn each_decision_reads_the_clock_once() {
    for bucket in BUCKETS {
        let (clock, limiter) = limiter();
        for number in 1..=5_000 {
            acquire(&limiter, bucket, Quota::default()).await;
            assert_eq!(clock.readings(), number, "{bucket:?}");
        }
    }
}

#[tokio::test]
async fn a_sweep_reads_the_clock_once() {
    let (clock, limiter) = limiter();
    for burst in 1..=10 {
        let quota = Quota::new(1, burst).unwrap();
        acquire(&limiter, Bucket::Tenant, quota).await;
    }
    clock.set(100 * SECOND, Duration::ZERO);
    limiter.sweep();
    assert_eq!(clock.readings(), 1);
    assert_eq!(limiter.tenants(), 0);
}

#[tokio::test]
async fn every_refusal_has_a_positive_wait() {
    let quota = Quota::new(1, 1).unwrap();
    for bucket in BUCKETS {
        let (clock, limiter) = limiter();
        assert!(acquire(&limiter, bucket, quota).await.is_admitted());
        // The token is available again at the next reading.
        clock.set(Duration::from_nanos(999_999_999), NANOSECOND);
        let refused = acquire(&limiter, bucket, quota).await;
        assert_eq!(refused.retry_after(), Some(NANOSECOND), "{bucket:?}");
        assert!(acquire(&limiter, bucket, quota).await.is_admitted());
    }
}

#[tokio::test]
async fn running_clock_refills_at_each_reading() {
    let quota = Quota::new(1, 3).unwrap();
    for bucket in BUCKETS {
        let (clock, limiter) = limiter();
        clock.set(Duration::ZERO, SECOND / 4);
        let mut outcomes = Vec::new();
        for _ in 0..12 {
            let decision = acquire(&limiter, bucket, quota).await;
            outcomes.push(decision.retry_after().unwrap_or_default().as_millis());
        }
        // The burst of three, the fourth reading after a second, and then every fourth reading.
        let expected = [0, 0, 0, 250, 0, 750, 500, 250, 0, 750, 500, 250];
        assert_eq!(outcomes, expected, "{bucket:?}");
    }
}

#[tokio::test]
async fn clock_before_its_start_admits_no_more() {
    for bucket in BUCKETS {
        let (clock, limiter) = limiter();
        clock.set(1_000 * SECOND, Duration::ZERO);
        assert_eq!(admitted(&limiter, bucket).await, 5);
        for back in [999 * SECOND, SECOND, Duration::ZERO] {
            clock.set(back, Duration::ZERO);
            assert_eq!(
                admitted(&limiter, bucket).await,
                0,
                "{bucket:?} at {back:?}"
            );
        }
        // The reported wait is right if the clock continues from here.
        let wait = acquire(&limiter, bucket, Quota::default()).await;
        let wait = wait.retry_after().unwrap();
        clock.set(wait.saturating_sub(NANOSECOND), Duration::ZERO);
        assert_eq!(admitted(&limiter, bucket).await, 0, "{bucket:?}");
        clock.set(wait, Duration::ZERO);
        assert_eq!(admitted(&limiter, bucket).await, 1, "{bucket:?}");
    }
}

#[tokio::test]
async fn a_clock_that_jumps_ahead_gives_one_burst() {
    for bucket in BUCKETS {
        let (clock, limiter) = limiter();
        let times = [1, 100 * 365 * 86_400, 200 * 365 * 86_400].map(Duration::from_secs);
        for time in times.into_iter().chain([Duration::MAX]) {
            clock.set(time, Duration::ZERO);
            assert_eq!(
                admitted(&limiter, bucket).await,
                5,
                "{bucket:?} at {time:?}"
            );
        }
        clock.set(SECOND, Duration::ZERO);
        assert_eq!(admitted(&limiter, bucket).await, 0, "{bucket:?}");
    }
}

#[tokio::test]
async fn clock_at_its_maximum_admits_no_more() {
    let nanos = Duration::from_nanos(u64::MAX);
    let widest = Quota::new(1, u32::MAX).unwrap();
    for bucket in BUCKETS {
        for time in [Duration::ZERO, nanos / 2, nanos, Duration::MAX] {
            let (clock, limiter) = limiter();
            clock.set(time, Duration::ZERO);
            assert_eq!(admitted(&limiter, bucket).await, 5, "{time:?}");
            for _ in 0..3 {
                assert!(acquire(&limiter, bucket, widest).await.is_admitted());
            }
        }
    }
}
