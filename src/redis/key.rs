use crate::rate_limit::{Quota, RateKey};

/// The key of a bucket in the server.
pub(super) fn name(prefix: &str, key: RateKey<'_>, quota: Quota) -> String {
    let (interval, burst) = (quota.token_interval().as_nanos(), quota.burst());
    match key {
        RateKey::Tenant(tenant) => {
            format!("{prefix}:{{{tenant}}}:rate:{interval}:{burst}")
        }
        RateKey::Source(tenant, source) => {
            format!("{prefix}:{{{tenant}}}:rate:{interval}:{burst}:{source}")
        }
    }
}
