//! Callers that go away: a call is done whole or not at all.

use std::{
    collections::BTreeSet,
    future::poll_fn,
    pin::pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::Poll,
    time::Duration,
};

use crate::{
    client::Client,
    conformance::store::fixture::{Fixture, fail, hour, id, inserted, insertion, key, limited},
    store::{ClientStore, ClientUpdate, InsertOutcome, Sweep},
};

/// How often a call may wait before its caller goes away: more often than a call of any back end
/// waits.
const MOST_WAITS: usize = 24;

/// How often and how long a store that was left alone may still be at work.
const MOST_LOOKS: u32 = 500;
const BETWEEN_LOOKS: Duration = Duration::from_millis(20);

/// Runs `call`, but goes away when it waits for the time after `waits`. Whether it was done by then.
async fn abandoned<T>(waits: usize, call: impl Future<Output = T>) -> bool {
    let mut call = pin!(call);
    let mut left = waits;
    poll_fn(|context| match call.as_mut().poll(context) {
        Poll::Ready(_) => Poll::Ready(true),
        Poll::Pending if left == 0 => Poll::Ready(false),
        Poll::Pending => {
            left -= 1;
            Poll::Pending
        }
    })
    .await
}

/// An insertion that evicts a client: afterwards the store has either the old client or the whole new
/// client, with its duplicate key.
pub async fn an_abandoned_insertion_is_all_or_nothing(store: impl ClientStore) {
    let parent = Fixture::new(store);
    for waits in 0..=MOST_WAITS {
        let fixture = parent.another();
        fixture.put(fixture.client("old")).await;
        let keyed = |name| limited(fixture.insertion(name).deduplicated_by(Some(key(1))), 1);
        let is_done = abandoned(waits, fixture.store.insert(keyed("new"))).await;
        let names = fixture.names().await;
        let rule = "an insertion is whole or nothing";
        assert!(names == ["old"] || names == ["new"], "{rule}: {names:?}");
        assert!(!is_done || names == ["new"], "{rule}: it was done");
        // Both agree on who has the key, the place and the id.
        let next = fixture.insert(keyed("next")).await;
        let names = fixture.names().await;
        match next {
            InsertOutcome::Duplicate(into) => {
                assert_eq!(*into, fixture.client("new"), "{rule}");
                assert_eq!(names, ["new"], "{rule}");
            }
            other => {
                let removed = vec![id("old")];
                assert_eq!(other, InsertOutcome::Inserted { removed }, "{rule}");
                assert_eq!(names, ["next"], "{rule}");
            }
        }
        if is_done {
            break;
        }
    }
}

/// "Also if the caller has gone away": whatever is stored was reported, and nothing else.
pub async fn an_abandoned_insertion_is_reported_if_stored(store: impl ClientStore) {
    let fixture = Fixture::new(store);
    let reported = Arc::new(Mutex::new(BTreeSet::new()));
    let wrong = Arc::new(Mutex::new(Vec::new()));
    for waits in 0..=MOST_WAITS {
        let name = format!("after-{waits:02}");
        let (reports, id) = (Arc::clone(&reported), name.clone());
        let wrong = Arc::clone(&wrong);
        // A panic in here would end in `settle`.
        let report = move |outcome: &InsertOutcome| {
            if *outcome == inserted() {
                lock(&reports).insert(id);
            } else {
                lock(&wrong).push(outcome.clone());
            }
        };
        let insertion = fixture.insertion(&name).on_outcome(report);
        if abandoned(waits, fixture.store.insert(insertion)).await {
            let is_reported = lock(&reported).contains(&name);
            assert!(is_reported, "an outcome is reported before it is returned");
            break;
        }
    }
    let rule = "what is stored is reported, and nothing else";
    assert_eq!(*lock(&wrong), [], "{rule}");
    for _ in 0..MOST_LOOKS {
        let stored: BTreeSet<_> = fixture.names().await.into_iter().collect();
        if stored == *lock(&reported) {
            return;
        }
        tokio::time::sleep(BETWEEN_LOOKS).await;
    }
    let names = fixture.names().await;
    fail(rule, &(names, lock(&reported).clone()));
}

fn lock<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

/// An update: afterwards the client is as it was or as it is meant to be.
pub async fn an_abandoned_update_is_all_or_nothing(store: impl ClientStore) {
    let parent = Fixture::new(store);
    for waits in 0..=MOST_WAITS {
        let fixture = parent.another();
        let old = fixture.named("a", "old");
        let new = Client {
            revision: 1,
            ..fixture.named("a", "new")
        };
        fixture
            .insert(insertion(old.clone()).deduplicated_by(Some(key(1))))
            .await;
        let update = ClientUpdate::new(Arc::new(new.clone())).without_duplicate_key();
        let is_done = abandoned(waits, fixture.store.update(update)).await;
        let found = fixture.find("a").await;
        let rule = "an update is whole or nothing";
        let is_new = found.as_ref() == Some(&new);
        assert!(is_new || found.as_ref() == Some(&old), "{rule}: {found:?}");
        assert!(is_new || !is_done, "{rule}: it was done");
        if is_done {
            break;
        }
    }
}

/// A sweep: afterwards all that it removes are gone, or none.
pub async fn an_abandoned_sweep_is_all_or_nothing(store: impl ClientStore) {
    let parent = Fixture::new(store);
    let all = ["a", "b", "c", "d"];
    for waits in 0..=MOST_WAITS {
        let fixture = parent.another();
        fixture.put_all(&all).await;
        let sweep = Sweep::new().unused_before(hour(1));
        let is_done = abandoned(waits, fixture.store.sweep(&fixture.tenant, sweep)).await;
        let names = fixture.names().await;
        let rule = "a sweep is whole or nothing";
        assert!(names.is_empty() || names == all, "{rule}: {names:?}");
        assert!(names.is_empty() || !is_done, "{rule}: it was done");
        if is_done {
            break;
        }
    }
}
