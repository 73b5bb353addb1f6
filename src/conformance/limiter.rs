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
//! The first are [`a_full_bucket_gives_exactly_its_burst`] and [`decisions_match_the_quota`].
//!
//! The checks take a few seconds in all. Each decision is compared with what a token bucket can decide: the
//! check measures the time before and after the request, and 2 ms and half a hundredth are added for clocks
//! that differ. A message shows the last requests, with their times and decisions.
//!
//! A limiter whose clock a test can set is checked to the nanosecond by
//! [`rate_limiter_with_clock`](super::rate_limiter_with_clock).
//!
//! Random requests differ in each run. The message shows their seed, and the environment variable
//! `OAUTH_DCR_CONFORMANCE_SEED` makes the same requests again.

mod buckets;
mod quotas;
mod races;
mod rules;
mod sources;
mod waits;

pub use buckets::*;
pub use quotas::*;
pub use races::*;
pub use sources::*;
pub use waits::*;

pub(super) use rules::with_limiter_rules;

/// This rule and those after it in the list wait, and so may be checked at the same time.
pub(super) const FIRST_THAT_WAITS: &str = "tokens_return_at_the_rate_up_to_the_burst";

#[cfg(test)]
mod tests {
    use super::*;

    macro_rules! names {
        ($($rule:ident: $demand:literal;)*) => {
            [$(stringify!($rule)),*]
        };
    }

    #[test]
    fn seven_rules_are_checked_at_once() {
        let rules = with_limiter_rules!(names!);
        let waiting = rules.iter().skip_while(|it| **it != FIRST_THAT_WAITS);
        assert_eq!(waiting.count(), 7);
    }
}
