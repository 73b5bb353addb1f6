//! Callers that go away. The store does their calls completely or not at all.

use std::time::Duration;

use crate::{
    conformance::store::{
        call::Call,
        fixture::{Fixture, hour, id},
        prepared::{BOTH, Before, activities, insertions, prepared, sweep, updates},
        race::race,
        schedule::{AT_ONCE, Budget, MAX_WAITS},
        trial::insert,
    },
    store::{ClientStore, Sweep},
};

/// How the trials of a rule run.
struct Pass {
    /// How many trials run at once. With several, a back end may commit their calls together. With one, its call
    /// never waits for another call.
    at_once: usize,
    /// Whether callers of insertions retry. A retry detects an id, key or place that the abandoned insertion still
    /// reserves, but hides an insertion that was stored without a report.
    retries: bool,
    /// No further round begins after this time.
    max_time: Duration,
}

const PASSES: [Pass; 2] = [
    Pass {
        at_once: AT_ONCE,
        retries: true,
        max_time: Duration::from_secs(5),
    },
    Pass {
        at_once: 1,
        retries: false,
        max_time: Duration::from_secs(3),
    },
];

/// Abandons each call where it waits for the first time, then for the second time, and so on. Afterwards the
/// clients, keys, usages and counts are as before the call, or as after it.
async fn abandon<S: ClientStore>(fixture: &Fixture<S>, calls: Vec<Call>) {
    let mut cases: Vec<(Before, Call)> = Vec::new();
    for call in calls {
        cases.extend(BOTH.map(|before| (before, call.clone())));
    }
    for pass in &PASSES {
        abandon_cases(fixture, cases.clone(), pass).await;
    }
}

/// Abandons the calls after more and more waits, until all of them end earlier or the time is over.
async fn abandon_cases<S: ClientStore>(
    fixture: &Fixture<S>,
    mut cases: Vec<(Before, Call)>,
    pass: &'static Pass,
) {
    let budget = Budget::new(pass.max_time);
    for waits in 0..=MAX_WAITS {
        let mut longer = Vec::new();
        for cases in cases.chunks(pass.at_once) {
            let trials = cases.iter().cloned().map(|(before, call)| {
                let fixture = fixture.clone();
                async move {
                    let has_waited = abandoned(&fixture, before, &call, waits, pass).await;
                    has_waited.then_some((before, call))
                }
            });
            longer.extend(race(trials).await.into_iter().flatten());
            if budget.is_overdrawn() {
                return;
            }
        }
        if longer.is_empty() || budget.is_spent() {
            return;
        }
        cases = longer;
    }
}

/// Returns whether the call was abandoned, because it waited more than `waits` times.
async fn abandoned<S: ClientStore>(
    fixture: &Fixture<S>,
    before: Before,
    call: &Call,
    waits: usize,
    pass: &Pass,
) -> bool {
    let mut trial = prepared(fixture, before).await;
    let has_waited = trial.abandon(call, waits).await;
    if has_waited && pass.retries && matches!(call, Call::Insert { .. }) {
        trial.read().await;
        let again = trial.localize(call);
        trial.call(again).await;
    }
    trial.audit().await;
    has_waited
}

/// The insertions store, evict, touch a duplicate or change nothing. The store reports each insertion that it has
/// done.
pub async fn an_abandoned_insertion_is_all_or_nothing(store: impl ClientStore) {
    let fixture = Fixture::new(store);
    let calls = insertions(&fixture);
    abandon(&fixture, calls).await;
}

/// "Also if the caller has gone away": an insertion is reported if it is stored, and only then.
pub async fn an_abandoned_insertion_is_reported_if_stored(store: impl ClientStore) {
    let fixture = Fixture::new(store);
    let new = ["new", "b"].map(|name| insert(fixture.client(name)));
    abandon(&fixture, new.into()).await;
}

/// The updates keep the duplicate key or remove it.
pub async fn an_abandoned_update_is_all_or_nothing(store: impl ClientStore) {
    let fixture = Fixture::new(store);
    let calls = updates(&fixture);
    abandon(&fixture, calls).await;
}

/// Blocking and unblocking change the flag and the revision together.
pub async fn an_abandoned_block_is_all_or_nothing(store: impl ClientStore) {
    let fixture = Fixture::new(store);
    let calls = [true, false].map(|blocked| Call::Block {
        id: id("a"),
        blocked,
    });
    abandon(&fixture, calls.into()).await;
}

/// A removal removes the client, and frees its key and its place, at once.
pub async fn an_abandoned_removal_is_all_or_nothing(store: impl ClientStore) {
    let fixture = Fixture::new(store);
    abandon(&fixture, vec![Call::Remove(id("a"))]).await;
}

/// An activity changes the usage, and evicts the clients beyond the user's limit, at once.
pub async fn an_abandoned_touch_is_all_or_nothing(store: impl ClientStore) {
    let fixture = Fixture::new(store);
    let is_touch = |call: &Call| matches!(call, Call::Touch { .. });
    let touches = activities().into_iter().filter(is_touch).collect();
    abandon(&fixture, touches).await;
}

/// A sweep removes all of its clients or none.
pub async fn an_abandoned_sweep_is_all_or_nothing(store: impl ClientStore) {
    let fixture = Fixture::new(store);
    let all = Sweep::new().unused_before(hour(9)).idle_before(hour(9));
    abandon(&fixture, vec![sweep(), Call::Sweep(all)]).await;
}

/// An abandoned `find` or `list` changes nothing, and no other call waits for it.
pub async fn an_abandoned_read_changes_nothing(store: impl ClientStore) {
    let fixture = Fixture::new(store);
    let (after, limit) = (None, u32::MAX);
    let reads = vec![Call::Find(id("a")), Call::List { after, limit }];
    abandon(&fixture, reads).await;
}
