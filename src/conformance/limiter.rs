//! What every [`RateLimiter`] has to do, one function a rule.
//!
//! The checks take a few seconds in all. What a limiter may admit in a time is bounded from both sides: at
//! least what has come back for certain, at most what can have come back while it was measured, with a
//! hundredth on top for clocks that disagree.

mod bucket;
mod buckets;
mod decisions;
mod rules;
mod sources;

pub use buckets::*;
pub use decisions::*;
pub use sources::*;

use std::sync::Arc;

use crate::{
    conformance::{
        limiter::rules::with_limiter_rules,
        rule::{rules, table},
    },
    rate_limit::RateLimiter,
};

/// Checks every rule on `limiter`, in this order:
///
#[doc = with_limiter_rules!(table!)]
///
/// # Panics
/// At the first rule that is broken. The message begins with the rule.
pub async fn rate_limiter(limiter: impl RateLimiter) {
    let limiter = Arc::new(limiter);
    for rule in with_limiter_rules!(rules!) {
        rule.verify(Arc::clone(&limiter)).await;
    }
}
