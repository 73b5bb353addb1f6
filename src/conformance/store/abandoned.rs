//! Callers that go away: a call is done completely or not at all.

use std::time::Duration;

use crate::{
    conformance::store::{
        call::Call,
        fixture::{Fixture, hour, id},
        prepared::{BOTH, Before, activities, insertions, prepared, sweep, updates},
        race::race,
        schedule::{AT_ONCE, Budget, MOST_WAITS},
        trial::insert,
    },
    store::{ClientStore, Sweep},
};

/// How the trials of a rule run.
struct Pass {
    /// How many trials run at once. Several let a back end commit their calls together; in a trial that runs alone, the
    /// call waits for nothing but itself.
    at_once: usize,
    /// Whether the callers of insertions try again, which takes what an insertion that was not done has reserved. It also
    /// hides an insertion that was done without a report.
    tries_again: bool,
    /// After so long no further round begins.
    long_enough: Duration,
}

const PASSES: [Pass; 2] = [
    Pass {
        at_once: AT_ONCE,
        tries_again: true,
        long_enough: Duration::from_secs(5),
    },
    Pass {
        at_once: 1,
        tries_again: false,
        long_enough: Duration::from_secs(3),
    },
];

/// The caller goes away where each of the calls waits for the first, second, third time. Afterwards clients,
/// keys, usages and counts are as before the call, or as after it.
async fn abandon<S: ClientStore>(fixture: &Fixture<S>, calls: Vec<Call>) {
    let mut cases: Vec<(Before, Call)> = Vec::new();
    for call in calls {
        cases.extend(BOTH.map(|before| (before, call.clone())));
    }
    for pass in &PASSES {
        abandon_cases(fixture, cases.clone(), pass).await;
    }
}

/// Goes on until no call waits longer, or the time is over.
async fn abandon_cases<S: ClientStore>(
    fixture: &Fixture<S>,
    mut cases: Vec<(Before, Call)>,
    pass: &'static Pass,
) {
    let budget = Budget::new(pass.long_enough);
    for waits in 0..=MOST_WAITS {
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

/// Whether the call has waited so often.
async fn abandoned<S: ClientStore>(
    fixture: &Fixture<S>,
    before: Before,
    call: &Call,
    waits: usize,
    pass: &Pass,
) -> bool {
    let mut trial = prepared(fixture, before).await;
    let has_waited = trial.abandon(call, waits).await;
    if has_waited && pass.tries_again && matches!(call, Call::Insert { .. }) {
        trial.read().await;
        let again = trial.own(call);
        trial.call(again).await;
    }
    trial.audit().await;
    has_waited
}

/// Insertions that store, evict, touch a duplicate or change nothing. Each is reported if it is done.
pub async fn an_abandoned_insertion_is_all_or_nothing(store: impl ClientStore) {
    let fixture = Fixture::new(store);
    let calls = insertions(&fixture);
    abandon(&fixture, calls).await;
}

/// "Also if the caller has gone away": what is stored was reported, and nothing else.
pub async fn an_abandoned_insertion_is_reported_if_stored(store: impl ClientStore) {
    let fixture = Fixture::new(store);
    let new = ["new", "b"].map(|name| insert(fixture.client(name)));
    abandon(&fixture, new.into()).await;
}

/// Updates, with the key and without it.
pub async fn an_abandoned_update_is_all_or_nothing(store: impl ClientStore) {
    let fixture = Fixture::new(store);
    let calls = updates(&fixture);
    abandon(&fixture, calls).await;
}

/// A block and its end: flag and revision change together.
pub async fn an_abandoned_block_is_all_or_nothing(store: impl ClientStore) {
    let fixture = Fixture::new(store);
    let calls = [true, false].map(|blocked| Call::Block {
        id: id("a"),
        blocked,
    });
    abandon(&fixture, calls.into()).await;
}

/// A removal: client, key and place go together.
pub async fn an_abandoned_removal_is_all_or_nothing(store: impl ClientStore) {
    let fixture = Fixture::new(store);
    abandon(&fixture, vec![Call::Remove(id("a"))]).await;
}

/// Activity: the usage changes, and the clients beyond the limit of the user go.
pub async fn an_abandoned_touch_is_all_or_nothing(store: impl ClientStore) {
    let fixture = Fixture::new(store);
    let is_touch = |call: &Call| matches!(call, Call::Touch { .. });
    let touches = activities().into_iter().filter(is_touch).collect();
    abandon(&fixture, touches).await;
}

/// A sweep: all the clients that it removes are gone, or none is.
pub async fn an_abandoned_sweep_is_all_or_nothing(store: impl ClientStore) {
    let fixture = Fixture::new(store);
    let all = Sweep::new().unused_before(hour(9)).idle_before(hour(9));
    abandon(&fixture, vec![sweep(), Call::Sweep(all)]).await;
}

/// `find` and `list`: nothing changes, and no other call waits for them.
pub async fn an_abandoned_read_changes_nothing(store: impl ClientStore) {
    let fixture = Fixture::new(store);
    let (after, limit) = (None, u32::MAX);
    let reads = vec![Call::Find(id("a")), Call::List { after, limit }];
    abandon(&fixture, reads).await;
}
