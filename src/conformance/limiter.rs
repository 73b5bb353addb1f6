//! The rules for every [`RateLimiter`](crate::rate_limit::RateLimiter), one function each.
//!
//! ```
//! # use oauth_dcr::rate_limit::LocalRateLimiter;
//! # type MyLimiter = LocalRateLimiter;
//! use oauth_dcr::conformance;
//!
//! #[tokio::main] // in your tests: #[tokio::test(flavor = "multi_thread")]
//! async fn main() {
//!     // All rules:
//!     conformance::rate_limiter(MyLimiter::new()).await;
//!     // One rule, while you work on it:
//!     conformance::limiter::each_tenant_has_its_own_bucket(MyLimiter::new()).await;
//! }
//! ```
//!
//! [`rate_limiter`](super::rate_limiter) lists the rules in the order in which a limiter is best written.
//! The first are [`a_full_bucket_gives_exactly_its_burst`] and
//! [`tokens_return_at_the_rate_up_to_the_burst`].
//!
//! The checks take a few seconds in all. How many requests a limiter may admit has two bounds: at least
//! the tokens that have certainly returned, and at most the tokens that can have returned while the check
//! measured the time. A hundredth is added for clocks that differ.

mod bucket;
mod buckets;
mod decisions;
mod rules;
mod sources;

pub use buckets::*;
pub use decisions::*;
pub use sources::*;

pub(super) use rules::with_limiter_rules;
