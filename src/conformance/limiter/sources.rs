//! The buckets of sources.

use tokio::time::Instant;

use crate::{
    conformance::limiter::bucket::{drain_bucket, fresh_tenant, regained},
    rate_limit::{Quota, RateKey, RateLimiter},
    types::SourceNetwork,
};

/// A tenant's bucket and those of its sources have nothing to do with each other, nor with another
/// tenant's, however alike the addresses are.
pub async fn each_source_has_its_own_bucket(limiter: impl RateLimiter) {
    let quota = slow(3);
    let sources = [
        "203.0.113.5",
        "203.0.113.55",
        "203.0.113.6",
        "2001:db8::",
        "2001:db8:0:1::",
        "::",
        "unknown",
    ]
    .map(source);
    let (first, second) = (fresh_tenant(), fresh_tenant());
    let start = Instant::now();
    // The tenant's bucket before those of its sources, and after them.
    let keys = [RateKey::Tenant(&first)]
        .into_iter()
        .chain(sources.map(|source| RateKey::Source(&first, source)))
        .chain(sources.map(|source| RateKey::Source(&second, source)))
        .chain([RateKey::Tenant(&second)]);
    for key in keys {
        let admitted = drain_bucket(&limiter, key, quota).await;
        let most = quota.burst() + regained(quota, start);
        assert!(
            (quota.burst()..=most).contains(&admitted),
            "sources have buckets of their own: others were drained, and then of {quota:?} {admitted} \
             of `{key}` were admitted, not {} to {most}",
            quota.burst(),
        );
    }
}

/// Two addresses of one IPv6 network of 64 bits share a bucket, and so do all that are unknown.
pub async fn addresses_of_one_source_share_its_bucket(limiter: impl RateLimiter) {
    let quota = slow(4);
    for (first, second) in [
        ("2001:db8::1", "2001:db8::ffff:ffff:ffff:ffff"),
        ("::ffff:203.0.113.5", "203.0.113.5"),
        ("unknown", "unknown too"),
    ] {
        let tenant = fresh_tenant();
        let start = Instant::now();
        drain_bucket(&limiter, RateKey::Source(&tenant, source(first)), quota).await;
        let second = RateKey::Source(&tenant, source(second));
        let admitted = drain_bucket(&limiter, second, quota).await;
        let most = regained(quota, start);
        assert!(
            admitted <= most,
            "addresses of one source share its bucket: `{first}` used up {quota:?}, and then \
             {admitted} of `{second}` were admitted, not 0 to {most}",
        );
    }
}

/// A quota that gains nothing while the check runs, on most machines.
fn slow(burst: u32) -> Quota {
    Quota::per_minute(1, burst).unwrap_or_default()
}

/// The source of the address that `text` spells; what is none is unknown.
fn source(text: &str) -> SourceNetwork {
    SourceNetwork::of(text.parse().ok())
}
