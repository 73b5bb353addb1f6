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
//!   [`client_store_nodes`] checks the same rules on two handles to one store, as two servers have them.
//! - [`rate_limiter`] checks every rule for a [`RateLimiter`]. Each rule is a function of [`limiter`].
//! - [`rate_limiter_with_clock`] checks a limiter whose clock a test can set, to the nanosecond. Each rule
//!   is a function of [`clocked_limiter`].
//!
//! Each check uses fresh random ids, so the same back end can be checked again, and by several checks at
//! once. The checks run on Tokio. Calls that race run on several threads only on its multi-threaded runtime;
//! both runtimes stop a call at each point where it waits, and run other calls there. The checks for limiters
//! wait in real time, and measure how long they waited, so a slow machine fails nothing.
//!
//! The message about random calls names their seed. The environment variable `OAUTH_DCR_CONFORMANCE_SEED` sets the
//! seed of the next run, which then makes these calls first.
//!
//! A call of a store that has no answer after 30 seconds breaks its rule: the call does not end. So does a rule
//! for limiters that takes longer than a minute.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::missing_panics_doc,
    reason = "panicking is how a suite says what is wrong"
)]

pub mod clocked_limiter;
pub mod limiter;
mod random;
mod rule;
pub mod store;
mod traffic;

use std::{sync::Arc, time::Duration};

use clocked_limiter::with_clocked_limiter_rules;
use limiter::{FIRST_THAT_WAITS, with_limiter_rules};
use rule::{rules, table};
use store::{Node, Nodes, fill, with_store_rules};
use tokio::task::JoinSet;

use crate::{rate_limit::RateLimiter, store::ClientStore};

/// Checks every rule of [`store`] on a store, in this order:
///
#[doc = with_store_rules!(table!(store;))]
///
/// After each rule, every tenant of the rule is filled to a limit, so that a wrong count of clients shows.
///
/// # Panics
/// At the first rule that is broken. The message begins with the rule, and ends with the calls before it.
pub async fn client_store(store: impl ClientStore) {
    let store = Arc::new(store);
    check_nodes(Arc::clone(&store) as _, store).await;
}

/// Checks every rule of [`store`] on two handles to one store, as two servers have them. The calls reach the
/// handles in turns, and calls that race reach both.
///
/// ```no_run
/// # async fn check() {
/// use oauth_dcr::{MemoryStore as MyStore, conformance};
///
/// let store = MyStore::new(); // connect twice to your database instead
/// conformance::client_store_nodes(store.clone(), store).await;
/// # }
/// ```
///
/// # Panics
/// At the first rule that is broken. The message begins with the rule, and ends with the calls before it.
pub async fn client_store_nodes(first: impl ClientStore, second: impl ClientStore) {
    check_nodes(Arc::new(first), Arc::new(second)).await;
}

async fn check_nodes(first: Node, second: Node) {
    for rule in with_store_rules!(rules!(store;)) {
        let nodes = Arc::new(Nodes::new(Arc::clone(&first), Arc::clone(&second)));
        let after = fill(Arc::clone(&nodes));
        let history = |seen: &str| nodes.history(seen);
        rule.verify_then(Arc::clone(&nodes), after, history).await;
    }
}

/// Checks every rule of [`limiter`] on a limiter, in this order:
///
#[doc = with_limiter_rules!(table!(limiter;))]
///
/// It takes about five seconds, and less than a minute if a request takes 10 ms. The rules that
/// wait are checked at the same time.
///
/// # Panics
/// At the first rule that is broken. The message begins with the rule, and ends with the last requests.
pub async fn rate_limiter(limiter: impl RateLimiter) {
    random::verify_seed();
    let subject = Arc::new(limiter);
    let mut waiting = JoinSet::new();
    for rule in with_limiter_rules!(rules!(limiter;)) {
        if rule.name == FIRST_THAT_WAITS || !waiting.is_empty() {
            let subject = Arc::clone(&subject);
            waiting.spawn(async move { rule.verify(subject).await });
        } else {
            rule.verify(Arc::clone(&subject)).await;
        }
    }
    waiting.join_all().await;
}

/// Checks every rule of [`clocked_limiter`] on a limiter whose clock a test moves, in this order:
///
#[doc = with_clocked_limiter_rules!(table!(clocked_limiter;))]
///
/// `advance` moves the limiter's clock ahead; otherwise it stands still. No rule waits: hours and years
/// pass in a second. [`rate_limiter`] checks in addition that the limiter does well with a real clock.
///
/// Each wait must be right to the nanosecond. Check a limiter that counts in coarser units with
/// [`rate_limiter`] only.
///
/// # Panics
/// At the first rule that is broken. The message begins with the rule, and ends with the last requests.
pub async fn rate_limiter_with_clock(
    limiter: impl RateLimiter,
    advance: impl Fn(Duration) + Send + Sync + 'static,
) {
    random::verify_seed();
    let subject = Arc::new(Clocked {
        limiter: Arc::new(limiter),
        advance,
    });
    for rule in with_clocked_limiter_rules!(clocked_rules!()) {
        rule.verify(Arc::clone(&subject)).await;
    }
}

/// A limiter, and what moves its clock.
struct Clocked<L, F> {
    limiter: Arc<L>,
    advance: F,
}

impl<L, F: Fn(Duration)> Clocked<L, F> {
    fn advance(self: Arc<Self>) -> impl Fn(Duration) {
        move |time| (self.advance)(time)
    }
}

/// The rules of a list, ready to be checked on a limiter and what moves its clock.
macro_rules! clocked_rules {
    ($($name:ident: $demand:literal;)*) => {
        [$(rule::Rule {
            name: stringify!($name),
            demand: $demand,
            check: |subject: Arc<Clocked<_, _>>| {
                Box::pin(clocked_limiter::$name(Arc::clone(&subject.limiter), subject.advance()))
            },
        }),*]
    };
}

use clocked_rules;
