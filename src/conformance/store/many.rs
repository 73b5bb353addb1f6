//! More clients than one page, sweep or eviction handles.

use crate::{
    client::Client,
    conformance::store::{
        fixture::{Fixture, hour, id, insertion, limited},
        race::race,
    },
    store::{ClientStore, InsertOutcome, Sweep},
    types::Timestamp,
};

/// More than a thousand clients.
const CLIENTS: usize = 1_030;

/// How many clients are inserted at once. This is faster if a store commits several calls together.
const AT_ONCE: usize = 32;

/// Pages of any length work, sweeps remove up to a thousand clients at once, and evictions find the longest idle
/// client.
pub async fn a_tenant_may_have_thousands_of_clients(store: impl ClientStore) {
    let fixture = Fixture::new(store);
    let names: Vec<String> = (0..CLIENTS).map(|number| format!("{number:04}")).collect();
    put_all(&fixture, &names).await;
    let rule = "thousands of clients are listed";
    for (limit, expected) in [
        (u32::MAX, CLIENTS),
        (1_001, 1_001),
        (1_000, 1_000),
        (999, 999),
    ] {
        let page = fixture.page(None, limit).await;
        assert_eq!(page.len(), expected, "{rule}: {limit} of {CLIENTS}");
        let is_start = names.starts_with(&page);
        assert!(is_start, "{rule}, in the order of their ids: {page:?}");
    }
    let page = fixture.page(Some("1000"), u32::MAX).await;
    assert_eq!(
        page.len(),
        CLIENTS - 1_001,
        "{rule}: the clients after 1000"
    );
    evict(&fixture, &names).await;
    sweep(&fixture).await;
}

/// Stores many clients, several at a time.
pub(super) async fn put_all<S: ClientStore>(fixture: &Fixture<S>, names: &[String]) {
    for names in names.chunks(AT_ONCE) {
        let puts = names.iter().map(|name| {
            let (fixture, client) = (fixture.clone(), fixture.client(name));
            async move { fixture.put(client).await }
        });
        race(puts).await;
    }
}

/// All clients are equally old, so the lowest ids are evicted.
async fn evict<S: ClientStore>(fixture: &Fixture<S>, names: &[String]) {
    let newcomer = |name| Client {
        issued_at: hour(5),
        ..fixture.client(name)
    };
    let places = u64::try_from(CLIENTS).unwrap_or(u64::MAX);
    // The longest idle client has the highest id.
    let oldest = Client {
        issued_at: Timestamp::from_unix_millis(0),
        ..fixture.client("9999")
    };
    let before = Sweep::new().unused_before(hour(0));
    for _ in 0..2 {
        fixture.put(oldest.clone()).await;
        assert_eq!(fixture.sweep(before).await, ["9999"], "only 9999 is due");
    }
    fixture.put(oldest).await;
    for (name, max, removed) in [
        ("new-0", places + 1, &["9999".to_owned()][..]),
        ("new-1", places + 2, &[][..]),
        ("new-2", places + 2, names.get(..1).unwrap_or_default()),
        ("new-3", places + 1, names.get(1..3).unwrap_or_default()),
        ("new-4", 1, names.get(3..103).unwrap_or_default()),
    ] {
        let outcome = fixture
            .insert(limited(insertion(newcomer(name)), max))
            .await;
        let removed = removed.iter().map(|name| id(name)).collect();
        let expected = InsertOutcome::Inserted { removed };
        assert_eq!(outcome, expected, "the lowest ids are evicted for {name}");
    }
}

async fn sweep<S: ClientStore>(fixture: &Fixture<S>) {
    let names: Vec<String> = (0..400).map(|number| format!("more-{number}")).collect();
    put_all(fixture, &names).await;
    let mut left = fixture.names().await.len();
    let all = Sweep::new().unused_before(hour(9));
    let rest = left.saturating_sub(1_258);
    for (limit, due) in [(1, 1), (257, 257), (u32::MAX, 1_000), (999, rest), (1, 0)] {
        let swept = fixture.sweep(all.limit(limit)).await;
        assert_eq!(
            swept.len(),
            due,
            "a sweep of {limit} removes {due} of {left}"
        );
        left -= swept.len();
        let stored = fixture.names().await.len();
        assert_eq!(stored, left, "swept clients are gone");
    }
}
