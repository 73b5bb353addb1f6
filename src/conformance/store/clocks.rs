//! The clock that all nodes of a store share.

use std::time::{Duration, Instant};

use tokio::time::sleep;

use crate::{
    conformance::store::fixture::{broken, done},
    store::ClientStore,
    types::Timestamp,
};

/// How far the clocks of two nodes may be apart.
const APART: Duration = Duration::from_secs(1);

/// For how long the clocks are read, and how often.
const WATCHED: Duration = Duration::from_millis(1_500);
const BETWEEN: Duration = Duration::from_millis(100);

/// A clock may run this many times faster or slower than the clock of this machine. Another unit of time is a
/// thousand times faster or slower.
const MOST_TIMES: u32 = 5;

/// How often a store without a clock is asked.
const ASKED: usize = 6;

/// All nodes have the clock, or none has it. The readings of the nodes do not go back by more than a second, and
/// advance about as fast as time does.
pub async fn the_clocks_of_all_nodes_agree(store: impl ClientStore) {
    #[expect(
        clippy::disallowed_methods,
        reason = "a clock of the store advances with the real time"
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

/// The next reading, after another one.
async fn next(store: &impl ClientStore, last: Timestamp) -> Timestamp {
    let Some(now) = read(store).await else {
        broken(
            "`now` returns the time on all nodes or on none, but: one has a clock, another has none",
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
                "`now` returns the time on all nodes or on none, but: it has returned no time, and then {now:?}"
            ));
        }
    }
}

/// Compares how far the clock has advanced with the time that has passed at least and at most.
fn check_advance(first: Timestamp, last: Timestamp, at_least: Duration, at_most: Duration) {
    let advance = last.saturating_since(first);
    let is_slow = advance.saturating_mul(MOST_TIMES) < at_least;
    let is_fast = advance > at_most.saturating_mul(MOST_TIMES).saturating_add(APART);
    if is_slow || is_fast {
        broken(&format!(
            "a clock is in milliseconds and advances as time does, but: it has advanced by {advance:?} in {at_most:?}"
        ));
    }
}
