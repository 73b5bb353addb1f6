//! The rules for every [`RateLimiter`](crate::rate_limit::RateLimiter). Each rule is a function.
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
//! [`rate_limiter`](super::rate_limiter) lists the rules. To write a limiter, start with the first rules,
//! [`a_full_bucket_gives_exactly_its_burst`] and [`decisions_match_the_quota`], and follow the order of the list.
//!
//! The checks take a few seconds in all. They compare each decision with the decisions that a token bucket can
//! make: they measure the time before and after each request, and allow the limiter's clock to differ by 2 ms
//! and 0.5 %. The message of a broken rule shows the last requests, with their times and decisions.
//!
//! If a test can set the limiter's clock, [`rate_limiter_with_clock`](super::rate_limiter_with_clock) checks the
//! limiter to the nanosecond.
//!
//! Random requests differ in each run. The message of a broken rule shows their seed. To repeat the same
//! requests, set the environment variable `OAUTH_DCR_CONFORMANCE_SEED` to it.

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

/// The first rule of the list whose check waits. All later rules wait too, so they are checked at the same time.
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
        let waiting = rules.iter().skip_while(|rule| **rule != FIRST_THAT_WAITS);
        assert_eq!(waiting.count(), 7);
    }
}
