//! Readers of a client that other calls change.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use crate::{
    client::Client,
    conformance::store::{
        fixture::{Fixture, fail},
        race::race,
    },
    store::{BlockOutcome, ClientStore, UpdateOutcome},
};

/// How many changes the readers watch.
const CHANGES: u64 = 80;

const READERS: usize = 4;

/// The client at a revision. Its name is the revision of the last update, and it is blocked at odd revisions.
fn at_revision<S: ClientStore>(fixture: &Fixture<S>, revision: u64) -> Client {
    Client {
        revision,
        blocked: revision % 2 == 1,
        ..fixture.named("b", &format!("revision {}", revision / 2 * 2))
    }
}

/// A client is blocked and updated alternately. Each reader always finds the client as one change has left it, and
/// never sees an earlier revision later.
pub async fn readers_see_whole_clients(store: impl ClientStore) {
    let fixture = Fixture::new(store);
    fixture.put_all(&["a", "c"]).await;
    fixture.put(at_revision(&fixture, 0)).await;
    let is_over = Arc::new(AtomicBool::new(false));
    let tasks = (0..=READERS).map(|number| {
        let (fixture, is_over) = (fixture.clone(), Arc::clone(&is_over));
        async move {
            if number == 0 {
                change(&fixture).await;
                is_over.store(true, Ordering::Relaxed);
            } else {
                watch(&fixture, &is_over).await;
            }
        }
    });
    race(tasks).await;
}

async fn change<S: ClientStore>(fixture: &Fixture<S>) {
    for revision in 1..=CHANGES {
        if revision % 2 == 1 {
            let outcome = fixture.set_blocked("b", true).await;
            assert_eq!(outcome, BlockOutcome::Written { revision });
        } else {
            let outcome = fixture.update(at_revision(fixture, revision)).await;
            assert_eq!(outcome, UpdateOutcome::Updated);
        }
        let visitor = format!("b{revision}");
        fixture.put(fixture.client(&visitor)).await;
        fixture.remove(&visitor).await;
        tokio::task::yield_now().await;
    }
}

async fn watch<S: ClientStore>(fixture: &Fixture<S>, is_over: &AtomicBool) {
    let mut last = 0;
    while !is_over.load(Ordering::Relaxed) {
        let found = fixture.find("b").await;
        last = seen(fixture, found.as_ref(), last);
        let listed = fixture.clients().await;
        let is_listed = |name: &str| listed.iter().any(|client| client.id.as_str() == name);
        if !is_listed("a") || !is_listed("c") {
            fail("a client that does not change is listed", &listed);
        }
        let listed = listed.iter().find(|client| client.id.as_str() == "b");
        last = seen(fixture, listed.map(|client| &**client), last);
        tokio::task::yield_now().await;
    }
}

/// Checks a client that was read, and returns its revision.
fn seen<S: ClientStore>(fixture: &Fixture<S>, client: Option<&Client>, last: u64) -> u64 {
    let Some(client) = client else {
        fail("a client that changes is always found", &"no client")
    };
    let expected = at_revision(fixture, client.revision);
    assert_eq!(
        *client, expected,
        "a reader sees a client as one change has left it"
    );
    let revision = client.revision;
    assert!(revision >= last, "revision {revision} after {last}");
    revision
}
