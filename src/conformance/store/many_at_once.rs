//! Calls that remove or read hundreds of clients while the caller goes away or another call runs.

use std::{num::NonZeroU64, time::Duration};

use crate::{
    client::Client,
    conformance::store::{
        audit::user,
        call::Call,
        fixture::{Fixture, done, hour, id, insertion, name},
        many::put_all,
        schedule::{Budget, MAX_WAITS, interleaved},
        text::difference,
        trial::{Trial, insert},
    },
    store::{Activity, ClientStore, Sweep},
};

/// More clients than a back end handles at once if it works in batches of a hundred.
const CLIENTS: usize = 130;

/// No further round begins after this time.
const TIME_LIMIT: Duration = Duration::from_secs(3);

/// The callers of an insertion, an activity and a sweep that each remove at least a hundred clients go away.
pub async fn an_abandoned_call_of_many_is_all_or_nothing(store: impl ClientStore) {
    let fixture = Fixture::new(store);
    let budget = Budget::new(TIME_LIMIT);
    let new = Client {
        issued_at: hour(9),
        ..fixture.client("new")
    };
    let mut calls = vec![
        Call::of(&insertion(new).max_clients(NonZeroU64::new(1))),
        Call::Touch {
            id: id("000"),
            activity: used(9).max_clients_per_user(NonZeroU64::new(1)),
        },
        Call::Sweep(Sweep::new().idle_before(hour(9))),
    ];
    for waits in 0..=MAX_WAITS {
        let mut longer = Vec::new();
        for call in calls {
            let mut trial = many_clients(&fixture).await;
            if trial.abandon(&call, waits).await {
                longer.push(call);
            }
            trial.read().await;
        }
        if longer.is_empty() || budget.is_spent() {
            return;
        }
        calls = longer;
    }
}

fn used(hours: u64) -> Activity {
    Activity::used(hour(hours), None).by(Some(user(1)))
}

/// A tenant with many clients of one user.
async fn many_clients<S: ClientStore>(fixture: &Fixture<S>) -> Trial<S> {
    let mut trial = Trial::new(fixture.another());
    for number in 0..CLIENTS {
        let name = format!("{number:03}");
        trial.call(insert(trial.fixture.client(&name))).await;
        let activity = used(0);
        let id = id(&name);
        trial.call(Call::Touch { id, activity }).await;
    }
    trial
}

/// "A client that is there from the first page to the last one": this also holds within one page that a store reads
/// in batches.
pub async fn a_long_list_misses_no_client(store: impl ClientStore) {
    let fixture = Fixture::new(store);
    let budget = Budget::new(TIME_LIMIT);
    let names: Vec<String> = (0..1_100).map(|number| format!("{number:04}")).collect();
    put_all(&fixture, &names).await;
    for waits in 0..=MAX_WAITS {
        let gone = format!("{waits:04}");
        let list = async {
            let rows = fixture.store.list(&fixture.tenant, None, u32::MAX).await;
            done("list", rows)
        };
        let both = interleaved(Box::pin(list), Box::pin(fixture.remove(&gone)), waits).await;
        let listed: Vec<String> = both.first.iter().map(name).collect();
        let stay = listed.into_iter().filter(|name| *name != gone);
        let stay: Vec<String> = stay.collect();
        let expected = names.get(waits + 1..).unwrap_or_default();
        assert!(
            stay == expected,
            "all other clients are listed: {}",
            difference(&stay, expected)
        );
        if both.is_in_order || budget.is_spent() {
            return;
        }
    }
}
