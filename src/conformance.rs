//! Suites for those who write a port of their own: each runs it through its whole contract, and
//! panics at the first rule that it breaks, naming the rule and what was seen.
//!
//! ```
//! use oauth_dcr::{conformance, rate_limit::LocalRateLimiter, MemoryStore};
//!
//! #[tokio::main] // in your tests: #[tokio::test(flavor = "multi_thread")]
//! async fn main() {
//!     conformance::client_store(MemoryStore::new()).await; // yours
//!     conformance::rate_limiter(LocalRateLimiter::new()).await; // yours
//! }
//! ```
//!
//! Each check draws ids of its own, so that a back end may be used again, and by several checks at
//! once. They run on Tokio; races are races only on its multi-threaded runtime. Spans of time in the
//! checks for limiters are real, and measured, so that a slow machine fails nothing.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::missing_panics_doc,
    reason = "panicking is how a suite says what is wrong"
)]

pub mod limiter;
mod rule;
pub mod store;

pub use limiter::rate_limiter;
pub use store::client_store;
