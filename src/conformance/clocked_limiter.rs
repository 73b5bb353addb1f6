//! The rules for a limiter whose clock a test moves. Each rule is a function.
//!
//! ```
//! use std::{sync::{Arc, Mutex}, time::Duration};
//!
//! use oauth_dcr::{conformance, rate_limit::LocalRateLimiter, system::Clock, Timestamp};
//!
//! #[derive(Default)]
//! struct MyClock(Mutex<Duration>);
//!
//! impl Clock for MyClock {
//!     fn now(&self) -> Timestamp {
//!         Timestamp::MAX
//!     }
//!
//!     fn monotonic(&self) -> Duration {
//!         *self.0.lock().unwrap()
//!     }
//! }
//!
//! #[tokio::main] // in your tests: #[tokio::test(flavor = "multi_thread")]
//! async fn main() {
//!     let clock = Arc::new(MyClock::default());
//!     let limiter = Arc::new(LocalRateLimiter::with_clock(clock.clone()));
//!     let advance = move |time| *clock.0.lock().unwrap() += time;
//!     // All rules:
//!     conformance::rate_limiter_with_clock(limiter.clone(), advance.clone()).await;
//!     // One rule, while you work on it:
//!     conformance::clocked_limiter::a_stopped_clock_returns_no_token(limiter, advance).await;
//! }
//! ```
//!
//! [`rate_limiter_with_clock`](super::rate_limiter_with_clock) lists the rules. In the first rules, such as
//! [`a_stopped_clock_returns_no_token`] and [`buckets_are_separate_at_one_moment`], the clock stands still. In
//! the rules from [`a_token_returns_on_the_nanosecond`] to [`random_histories_match_a_token_bucket`], it moves.
//!
//! Each rule takes a limiter and a function that moves its clock ahead. The clock must stand still until the
//! function is called again. The rules move the clock by about 75 years in all, and each decision must be right
//! to the nanosecond.
//!
//! Random requests differ in each run. The message of a broken rule shows their seed. To repeat the same
//! requests, set the environment variable `OAUTH_DCR_CONFORMANCE_SEED` to it.

mod buckets;
mod rules;
mod waits;

pub use buckets::*;
pub use waits::*;

pub(super) use rules::with_clocked_limiter_rules;
