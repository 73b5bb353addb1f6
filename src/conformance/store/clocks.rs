//! The clock that all nodes of a store share.

use std::time::{Duration, Instant};

use tokio::time::sleep;

use crate::{
    conformance::store::fixture::{broken, done},
    store::ClientStore,
    types::Timestamp,
};

/// How far the clocks of two nodes may differ.
const APART: Duration = Duration::from_secs(1);

/// How long the clocks are read, and the pause between two readings.
const WATCHED: Duration = Duration::from_millis(1_500);
const BETWEEN: Duration = Duration::from_millis(100);

/// A clock may run this many times faster or slower than the clock of this machine. A clock with a wrong unit of
/// time runs a thousand times faster or slower.
const MAX_FACTOR: u32 = 5;

/// How often a store without a clock is asked for the time.
const ASKED: usize = 6;

/// Either all nodes have a clock or none has. The readings of the nodes never go back by more than a second, and
/// advance about as fast as real time.
pub async fn the_clocks_of_all_nodes_agree(store: impl ClientStore) {
    #[expect(
        clippy::disallowed_methods,
        reason = "the clock of the store advances with real time"
    )]
    let began = Instant::now();
    let Some(first) = read(&store).await else {
        return has_no_clock(&store).await;
    };
    let read_once = began.elapsed();
    let mut last = next(&store, first).await;
    loop {
        let passed = began.elapsed().saturating_sub(read_once);
        let reading = next(&store, last).await;
        last = next(&store, reading).await;
        if passed > WATCHED {
            return check_advance(first, reading, passed, began.elapsed());
        }
        sleep(BETWEEN).await;
    }
}

async fn read(store: &impl ClientStore) -> Option<Timestamp> {
    done("now", store.now().await)
}

/// The next reading, which must not be much earlier than the last.
async fn next(store: &impl ClientStore, last: Timestamp) -> Timestamp {
    let Some(now) = read(store).await else {
        broken(
            "`now` returns the time on all nodes or on none, but: one node has a clock and another has none",
        )
    };
    let back = last.saturating_since(now);
    if back > APART {
        broken(&format!(
            "the clocks of all nodes agree, but: {last:?} is followed by {now:?}, which is {back:?} earlier"
        ));
    }
    now
}

async fn has_no_clock(store: &impl ClientStore) {
    for _ in 0..ASKED {
        if let Some(now) = read(store).await {
            broken(&format!(
                "`now` returns the time on all nodes or on none, but: it returned no time first, and then {now:?}"
            ));
        }
    }
}

/// Checks how far the clock has advanced while at least `at_least` and at most `at_most` passed.
fn check_advance(first: Timestamp, last: Timestamp, at_least: Duration, at_most: Duration) {
    let advance = last.saturating_since(first);
    let is_slow = advance.saturating_mul(MAX_FACTOR) < at_least;
    let is_fast = advance > at_most.saturating_mul(MAX_FACTOR).saturating_add(APART);
    if is_slow || is_fast {
        broken(&format!(
            "a clock is in milliseconds and advances as fast as real time, but: it advanced by {advance:?} in {at_most:?}"
        ));
    }
}
