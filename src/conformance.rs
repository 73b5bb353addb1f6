//! Suites that check your own store or limiter against its whole contract. Each suite panics at the first broken
//! rule, and its message names the rule and says what happened.
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
//!   [`client_store_nodes`] checks the same rules on two handles to one store, like two servers that share a
//!   database.
//! - [`rate_limiter`] checks every rule for a [`RateLimiter`]. Each rule is a function of [`limiter`].
//! - [`rate_limiter_with_clock`] checks a limiter whose clock a test can set, to the nanosecond. Each rule
//!   is a function of [`clocked_limiter`].
//!
//! Each check uses fresh random ids, so the same back end can be checked repeatedly, and by several checks at
//! once. The checks run on Tokio. Racing calls run on several threads only on Tokio's multi-threaded runtime.
//! On both runtimes, the checks pause a call at each point where it waits, and run other calls in between. The
//! checks for limiters wait in real time and measure how long they waited, so a slow machine causes no failure.
//!
//! If random calls break a rule, the message names their seed. Set the environment variable
//! `OAUTH_DCR_CONFORMANCE_SEED` to this seed, and the next run begins with the same calls.
//!
//! A call to a store that returns nothing within 30 seconds breaks its rule. A rule for limiters is broken if
//! its check takes longer than a minute.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::missing_panics_doc,
    reason = "a suite reports a broken rule by panicking"
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
/// After each rule, the suite fills every tenant of the rule up to a limit, to detect a wrong count of clients.
///
/// # Panics
/// At the first broken rule. The message begins with the rule and ends with the last calls.
pub async fn client_store(store: impl ClientStore) {
    let store = Arc::new(store);
    check_nodes(Arc::clone(&store) as _, store).await;
}

/// Checks every rule of [`store`] on two handles to one store, like two servers that share a database. The
/// calls alternate between the handles, and racing calls use both.
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
/// At the first broken rule. The message begins with the rule and ends with the last calls.
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
/// The suite takes about five seconds, or less than a minute if each request takes 10 ms. It checks the rules
/// that wait at the same time.
///
/// # Panics
/// At the first broken rule. The message begins with the rule and ends with the last requests.
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
/// `advance` moves the limiter's clock ahead. Between calls of `advance` the clock must stand still. No rule
/// waits in real time: the clock passes years within seconds. Run [`rate_limiter`] as well, which checks the
/// limiter with a real clock.
///
/// Each wait must be right to the nanosecond. If your limiter counts in coarser units, use only
/// [`rate_limiter`].
///
/// # Panics
/// At the first broken rule. The message begins with the rule and ends with the last requests.
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

/// A limiter and the function that moves its clock.
struct Clocked<L, F> {
    limiter: Arc<L>,
    advance: F,
}

impl<L, F: Fn(Duration)> Clocked<L, F> {
    fn advance(self: Arc<Self>) -> impl Fn(Duration) {
        move |time| (self.advance)(time)
    }
}

/// The rules of a list, ready to be checked on a limiter and the function that moves its clock.
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
