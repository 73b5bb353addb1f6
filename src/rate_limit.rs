//! Rate limits for registrations: quotas, and the limiters that apply them.
//!
//! ```
//! use oauth_dcr::{
//!     rate_limit::{LocalRateLimiter, Quota, RateKey, RateLimiter},
//!     TenantId,
//! };
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let limiter = LocalRateLimiter::new();
//! let quota = Quota::new(5, 1)?; // 5 per second, at most 1 at once
//! let tenant = TenantId::parse("acme")?;
//!
//! let first = limiter.acquire(RateKey::Tenant(&tenant), quota).await?;
//! let second = limiter.acquire(RateKey::Tenant(&tenant), quota).await?;
//! assert!(first.is_admitted());
//! assert!(!second.is_admitted());
//! # Ok(())
//! # }
//! ```
//!
//! 1. [`Quota`] is a rate and a burst. [Settings](crate::settings) have a quota for each tenant, and a quota
//!    for each source of a tenant's requests. [`InvalidQuota`] says why numbers do not make a valid quota.
//! 2. [`RateLimiter`] is the trait to implement for a limiter of your own. It has a bucket of tokens for each
//!    [`RateKey`], and returns a [`RateDecision`].
//! 3. `LocalRateLimiter` (feature `memory`) counts in this process. The feature `redis` has a limiter for many
//!    processes.

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
