//! Quotas, and the port to whatever counts them.

mod default_limiter;
#[cfg(feature = "memory")]
mod local_rate_limiter;
mod quota;
mod rate_decision;
mod rate_key;
mod rate_limiter;
mod source_buckets;

#[cfg(feature = "memory")]
pub use local_rate_limiter::LocalRateLimiter;
pub use quota::{InvalidQuota, Quota};
pub use rate_decision::RateDecision;
pub use rate_key::RateKey;
pub use rate_limiter::RateLimiter;

pub(crate) use default_limiter::default_limiter;
pub(crate) use rate_decision::whole_seconds;
pub(crate) use rate_limiter::DynRateLimiter;
pub(crate) use source_buckets::{SourceBuckets, Taken};
