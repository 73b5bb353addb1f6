//! Suites that check a store or a limiter of your own against its whole contract. Each suite panics at the
//! first rule that is broken, and names the rule and what was seen.
//!
//! ```
//! use oauth_dcr::{conformance, rate_limit::LocalRateLimiter, MemoryStore};
//!
//! #[tokio::main] // in your tests: #[tokio::test(flavor = "multi_thread")]
//! async fn main() {
//!     conformance::client_store(MemoryStore::new()).await; // your store
//!     conformance::rate_limiter(LocalRateLimiter::new()).await; // your limiter
//! }
//! ```
//!
//! - [`client_store`] checks every rule for a [`ClientStore`]. Each rule is a function of [`store`].
//! - [`rate_limiter`] checks every rule for a [`RateLimiter`]. Each rule is a function of [`limiter`].
//!
//! Each check uses fresh random ids, so the same back end can be checked again, and by several checks at
//! once. The checks run on Tokio; races are real only on its multi-threaded runtime. The checks for
//! limiters wait in real time, and measure how long they waited, so a slow machine fails nothing.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::missing_panics_doc,
    reason = "panicking is how a suite says what is wrong"
)]

pub mod limiter;
mod rule;
pub mod store;

use std::sync::Arc;

use limiter::with_limiter_rules;
use rule::{rules, table};
use store::with_store_rules;

use crate::{rate_limit::RateLimiter, store::ClientStore};

/// Checks every rule of [`store`] on a store, in this order:
///
#[doc = with_store_rules!(table!(store;))]
///
/// # Panics
/// At the first rule that is broken. The message begins with the rule.
pub async fn client_store(store: impl ClientStore) {
    let subject = Arc::new(store);
    for rule in with_store_rules!(rules!(store;)) {
        rule.verify(Arc::clone(&subject)).await;
    }
}

/// Checks every rule of [`limiter`] on a limiter, in this order:
///
#[doc = with_limiter_rules!(table!(limiter;))]
///
/// # Panics
/// At the first rule that is broken. The message begins with the rule.
pub async fn rate_limiter(limiter: impl RateLimiter) {
    let subject = Arc::new(limiter);
    for rule in with_limiter_rules!(rules!(limiter;)) {
        rule.verify(Arc::clone(&subject)).await;
    }
}
