//! Rows whose records cannot be read, and calls that do not need to read a record.

use crate::{
    client::{Client, StoredClient},
    conformance::store::{
        fixture::{Fixture, done, fail, hour, id, insertion, just_after, key, limited, written},
        reports::Reports,
    },
    store::{
        Activity, BlockOutcome, ClientStore, InsertOutcome, RemoveOutcome, Sweep, UpdateOutcome,
    },
    types::SecretDigest,
};

/// A client whose record can be written but not read, because its secret contradicts its authentication method. A
/// store that keeps clients without records returns the client unchanged.
fn unreadable<S: ClientStore>(fixture: &Fixture<S>, name: &str) -> Client {
    Client {
        secret: Some(SecretDigest::of("contradiction")),
        ..fixture.client(name)
    }
}

fn assert_is_named(row: &StoredClient, expected: &Client) {
    let rule = "a row that cannot be read is returned with its id";
    assert_eq!(row.id(), expected.id(), "{rule}");
    match row {
        StoredClient::Unreadable(client) => {
            let reason = client.reason();
            assert!(!reason.is_empty(), "{rule} and the reason");
            let shows_digest = reason.contains(&SecretDigest::of("contradiction").to_tagged());
            assert!(!shows_digest, "the reason does not contain the record");
        }
        StoredClient::Readable(client) => assert_eq!(**client, *expected, "{rule}"),
    }
}

/// "A row whose record can't be read is `StoredClient::Unreadable`, never an error and never absent", and lists
/// contain the row in the order of ids.
pub async fn an_unreadable_row_hides_no_other_row(store: impl ClientStore) {
    let fixture = Fixture::new(store);
    let broken = unreadable(&fixture, "b");
    for client in [fixture.client("a"), broken.clone(), fixture.client("c")] {
        fixture.put(client).await;
    }
    let found = done("find", fixture.store.find(&fixture.tenant, &id("b")).await);
    let found = found.unwrap_or_else(|| fail("a row that cannot be read is found", &"no row"));
    assert_is_named(&found, &broken);
    let rows = done("list", fixture.store.list(&fixture.tenant, None, 10).await);
    match &*rows {
        [StoredClient::Readable(a), b, StoredClient::Readable(c)] => {
            assert_eq!([&**a, &**c], [&fixture.client("a"), &fixture.client("c")]);
            assert_is_named(b, &broken);
        }
        other => fail("the list has the unreadable row and its neighbours", &other),
    }
    let outcome = fixture.insert(fixture.insertion("b")).await;
    assert_eq!(
        outcome,
        InsertOutcome::IdTaken,
        "an insertion does not overwrite the row"
    );
    let found = done("find", fixture.store.find(&fixture.tenant, &id("b")).await);
    let found = found.unwrap_or_else(|| fail("a failed insertion removes no row", &"no row"));
    assert_is_named(&found, &broken);
    let rule = "pages count the unreadable row";
    assert_eq!(fixture.page(None, 2).await, ["a", "b"], "{rule}");
    assert_eq!(fixture.page(Some("b"), 2).await, ["c"], "{rule}");
    let readable = Client {
        revision: 1,
        ..fixture.client("b")
    };
    let updated = fixture.update(readable.clone()).await;
    assert_eq!(
        updated,
        UpdateOutcome::Updated,
        "an update replaces the row"
    );
    assert_eq!(fixture.find("b").await, Some(readable));
}

/// A row that cannot be read can be blocked, touched, swept, evicted and removed.
pub async fn an_unreadable_row_can_be_blocked_and_removed(store: impl ClientStore) {
    let fixture = Fixture::new(store);
    for name in ["blocked", "deleted", "evicted", "swept"] {
        fixture.put(unreadable(&fixture, name)).await;
    }
    let rule = "calls that need no record work for a row that cannot be read";
    let blocked = fixture.set_blocked("blocked", true).await;
    assert_eq!(blocked, BlockOutcome::Written { revision: 1 }, "{rule}");
    assert_eq!(fixture.remove("deleted").await, RemoveOutcome::Removed);
    let touched = fixture.touch("swept", Activity::used(hour(1), None)).await;
    assert_eq!(touched, written(), "{rule}");
    let outcome = fixture.insert(limited(fixture.insertion("new"), 3)).await;
    let removed = vec![id("evicted")];
    assert_eq!(outcome, InsertOutcome::Inserted { removed }, "{rule}");
    let sweep = Sweep::new().idle_before(hour(9)).unused_before(hour(0));
    assert_eq!(fixture.sweep(sweep).await, ["swept"], "{rule}");
    let all = Sweep::new().unused_before(just_after(hour(0)));
    assert_eq!(fixture.sweep(all).await, ["new"], "a blocked row stays");
    let ended = fixture.set_blocked("blocked", false).await;
    assert_eq!(ended, BlockOutcome::Written { revision: 2 }, "{rule}");
    assert_eq!(fixture.sweep(all).await, ["blocked"], "{rule}");
}

/// "Sets whether a client is blocked, and adds one to its revision; nothing else changes."
pub async fn a_block_changes_flag_and_revision(store: impl ClientStore) {
    let fixture = Fixture::new(store);
    let client = fixture.client("a");
    fixture.put(client.clone()).await;
    for (revision, blocked) in [(1, true), (2, true), (3, false), (4, true)] {
        let outcome = fixture.set_blocked("a", blocked).await;
        assert_eq!(outcome, BlockOutcome::Written { revision });
        let expected = Client {
            blocked,
            revision,
            ..client.clone()
        };
        assert_eq!(fixture.find("a").await.as_ref(), Some(&expected));
        let listed = fixture.clients().await;
        assert_eq!(listed.first().map(|it| &**it), Some(&expected));
    }
    let rule = "a block does not change usage and duplicate key";
    let keyed = fixture.insertion("used").deduplicated_by(Some(key(2)));
    fixture.insert(keyed).await;
    fixture.touch("used", Activity::used(hour(5), None)).await;
    fixture.set_blocked("used", true).await;
    fixture.set_blocked("used", false).await;
    let again = fixture.insertion("again").deduplicated_by(Some(key(2)));
    let outcome = fixture.insert(again).await;
    let is_duplicate = matches!(outcome, InsertOutcome::Duplicate(_));
    assert!(is_duplicate, "{rule}: {outcome:?}");
    let unused = Sweep::new().unused_before(hour(9)).idle_before(hour(6));
    assert_eq!(fixture.sweep(unused).await, [""; 0], "{rule}");
    assert_eq!(fixture.remove("used").await, RemoveOutcome::Removed);
    let update = |revision| {
        let client = client.clone();
        fixture.update(Client { revision, ..client })
    };
    let rule = "an update of the revision before the block is not stored";
    assert_eq!(update(4).await, UpdateOutcome::Changed, "{rule}");
    assert_eq!(update(5).await, UpdateOutcome::Updated, "{rule}");
    let found = fixture.find("a").await;
    assert_eq!(
        found.map(|client| client.blocked),
        Some(false),
        "a later update may unblock the client"
    );
    assert_eq!(fixture.set_blocked("b", true).await, BlockOutcome::Missing);
    assert_eq!(fixture.names().await, ["a"], "a block adds no client");
    let elsewhere = fixture.another();
    elsewhere.put(elsewhere.client("a")).await;
    fixture.set_blocked("a", true).await;
    let found = elsewhere.find("a").await;
    assert_eq!(
        found.map(|client| client.blocked),
        Some(false),
        "a block does not change other tenants"
    );
}

/// The key of a client that cannot be read stays taken. The insertion fails, and no second client gets the key, which
/// would bypass a block.
pub async fn an_unreadable_row_keeps_its_key(store: impl ClientStore) {
    let fixture = Fixture::new(store);
    let key = Some(key(1));
    let broken = unreadable(&fixture, "a");
    fixture
        .insert(insertion(broken.clone()).deduplicated_by(key))
        .await;
    let again = fixture.insertion("b").deduplicated_by(key);
    let reports = Reports::default();
    let again = again.on_outcome(reports.reporter());
    match fixture.store.insert(again).await {
        Err(_) => assert_eq!(reports.all(), [], "a failure is not reported"),
        Ok(InsertOutcome::Duplicate(stored)) => {
            assert_eq!(*stored, broken, "the stored client is returned unchanged");
        }
        Ok(other) => fail("a key has one client", &other),
    }
    assert_eq!(fixture.names().await, ["a"], "a key has one client");
}
