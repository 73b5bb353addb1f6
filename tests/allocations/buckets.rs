//! The buckets of the limiter in memory.

use std::sync::Arc;

use allocation_counter::measure;
use oauth_dcr::{
    TenantId,
    rate_limit::{LocalRateLimiter, Quota, RateKey, RateLimiter as _},
};

use crate::{clock::ManualClock, ready};

#[test]
fn a_local_bucket_takes_at_most_100_bytes() {
    // Tables double, so one of these counts is just above a size, whatever the first size.
    for count in [30_000_i64, 40_000, 50_000, 60_000, 120_000] {
        let clock = Arc::new(ManualClock::new());
        let limiter = LocalRateLimiter::with_clock(Arc::clone(&clock) as _);
        let filled = measure(|| {
            for number in 0..count {
                let tenant = TenantId::parse(&format!("tenant-{number}")).unwrap();
                ready(limiter.acquire(RateKey::Tenant(&tenant), Quota::default())).unwrap();
            }
        });
        let bytes = filled.bytes_current;
        assert!(
            (1..=100 * count).contains(&bytes),
            "{bytes} bytes for {count}"
        );
        // The bucket is full after 200 ms; the sweep keeps buckets for the time of another token.
        clock.set_millis(400);
        let swept = measure(|| limiter.sweep());
        let left = bytes + swept.bytes_current;
        assert!(
            (0..=1_024).contains(&left),
            "{left} bytes are left of {bytes}"
        );
    }
}
