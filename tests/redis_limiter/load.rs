//! Requests of many tenants at a steady rate, and their outcomes.

use std::{
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use oauth_dcr::{
    BackendError,
    rate_limit::{Quota, RateDecision, RateKey, RateLimiter as _},
    redis::RedisRateLimiter,
};
use tokio::{
    task::JoinHandle,
    time::{MissedTickBehavior, interval, sleep},
};

use crate::tenant;

/// Every request ends within this time: the limit is 250 ms, and the rest is for a slow machine.
pub(crate) const NO_HANG: Duration = Duration::from_secs(2);

pub(crate) const TENANTS: usize = 50;
const EACH_A_SECOND: usize = 4;

pub(crate) struct Seen {
    /// The number in the tenant's name.
    pub(crate) tenant: usize,
    pub(crate) start: Instant,
    pub(crate) end: Instant,
    pub(crate) answer: Result<RateDecision, BackendError>,
}

/// Requests of many tenants at a steady rate, until the load is ended.
pub(crate) struct Load {
    pub(crate) seen: Arc<Mutex<Vec<Seen>>>,
    source: JoinHandle<()>,
}

impl Load {
    pub(crate) fn on(limiter: &Arc<RedisRateLimiter>) -> Self {
        let seen = Arc::new(Mutex::new(Vec::new()));
        let source = tokio::spawn(requests(Arc::clone(limiter), Arc::clone(&seen)));
        Self { seen, source }
    }

    /// All requests that were sent, after each has ended.
    pub(crate) async fn end(self) -> Vec<Seen> {
        self.source.abort();
        let _ = self.source.await;
        sleep(NO_HANG).await;
        Arc::into_inner(self.seen)
            .expect("the request ends")
            .into_inner()
            .unwrap()
    }
}

async fn requests(limiter: Arc<RedisRateLimiter>, seen: Arc<Mutex<Vec<Seen>>>) {
    let rate = u32::try_from(TENANTS * EACH_A_SECOND).unwrap();
    let mut ticks = interval(Duration::from_secs(1) / rate);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    for number in (0..TENANTS).cycle() {
        ticks.tick().await;
        let (limiter, seen) = (Arc::clone(&limiter), Arc::clone(&seen));
        tokio::spawn(async move {
            let id = tenant(&format!("tenant-{number}"));
            let start = Instant::now();
            let answer = limiter
                .acquire(RateKey::Tenant(&id), Quota::default())
                .await;
            let end = Instant::now();
            let tenant = number;
            let request = Seen {
                tenant,
                start,
                end,
                answer,
            };
            seen.lock().unwrap().push(request);
        });
    }
}
