//! The order and the stability of pages.

use crate::{
    conformance::store::{fixture::Fixture, race::race},
    store::{ClientStore, RemoveOutcome, Sweep},
};

/// Pages are "by the bytes of their ids", have "up to `limit`" clients, and begin "after `after`".
pub async fn pages_are_ordered_by_id_bytes(store: impl ClientStore) {
    let fixture = Fixture::new(store);
    // The ids are sorted by bytes. Sorting by language rules would give other orders.
    let names = [
        "!", "-b", "0", "1", "10", "9", "B", "Z", "_", "a", "a-a", "aB", "aa", "b", "tpc_1",
        "tpc_A", "tpc_a", "z", "~",
    ];
    let mut shuffled = names;
    shuffled.reverse();
    shuffled.rotate_left(7);
    fixture.put_all(&shuffled).await;
    assert_eq!(
        fixture.names().await,
        names,
        "pages are sorted by the bytes of ids"
    );
    for limit in [1, 2, 5, 18, 19, 20] {
        let mut seen: Vec<String> = Vec::new();
        loop {
            let page = page_after(&fixture, seen.last(), limit).await;
            let max = usize::try_from(limit).unwrap_or(usize::MAX);
            assert!(page.len() <= max, "at most {limit}: {page:?}");
            let is_last = page.len() < max;
            seen.extend(page);
            if is_last {
                break;
            }
        }
        assert_eq!(
            seen, names,
            "each client is on one page, with a limit of {limit}"
        );
    }
    assert_eq!(
        fixture.page(None, 0).await,
        [""; 0],
        "a page with a limit of 0 is empty"
    );
    // These limits would be wrong in an integer of fewer than 32 bits.
    for limit in [
        255,
        256,
        257,
        65_536,
        65_537,
        1 << 31,
        (1 << 31) + 1,
        u32::MAX,
    ] {
        let page = fixture.page(Some("a"), limit).await;
        assert_eq!(page.len(), 9, "a limit of {limit} allows all clients");
    }
}

/// "Clients whose ids come after `after`", whether there is a client with that id or not.
pub async fn a_page_may_begin_after_a_removed_id(store: impl ClientStore) {
    let fixture = Fixture::new(store);
    fixture.put_all(&["b", "d", "f", "h"]).await;
    let outcome = fixture.remove("d").await;
    assert_eq!(outcome, RemoveOutcome::Removed, "the client was stored");
    for (after, expected) in [
        ("a", &["b", "f"][..]),
        ("b", &["f", "h"]),
        ("d", &["f", "h"]),
        ("e", &["f", "h"]),
        ("g", &["h"]),
        ("h", &[]),
        ("z", &[]),
    ] {
        let page = fixture.page(Some(after), 2).await;
        assert_eq!(page, expected, "the clients after {after}");
    }
}

/// "A client that is there from the first page to the last one is on exactly one of them, whatever
/// else comes and goes."
pub async fn pages_are_stable_while_clients_change(store: impl ClientStore) {
    let fixture = Fixture::new(store);
    let stable: Vec<String> = (0..60)
        .map(|number| format!("{number:02}-stable"))
        .collect();
    for name in &stable {
        fixture.put(fixture.client(name)).await;
    }
    let racers = (0..4).map(|number| {
        let fixture = fixture.clone();
        async move {
            if number > 0 {
                come_and_go(&fixture, number).await;
                return Vec::new();
            }
            let mut passes = Vec::new();
            for limit in [1, 3, 7, 50] {
                passes.push(pass(&fixture, limit).await);
            }
            passes
        }
    });
    for seen in race(racers).await.into_iter().flatten() {
        let mut sorted = seen.clone();
        sorted.sort();
        assert_eq!(seen, sorted, "pages are sorted by the bytes of ids");
        let is_stable = |name: &&String| name.ends_with("stable");
        let found: Vec<&String> = seen.iter().filter(is_stable).collect();
        let expected: Vec<&String> = stable.iter().collect();
        let rule = "a client that stays is on exactly one page";
        assert_eq!(found, expected, "{rule}");
    }
    let swept = fixture.sweep(Sweep::new()).await;
    assert_eq!(swept, [""; 0], "a sweep without moments removes no client");
}

/// The page after an id. If a page began earlier, reading all pages might never end.
async fn page_after<S: ClientStore>(
    fixture: &Fixture<S>,
    after: Option<&String>,
    limit: u32,
) -> Vec<String> {
    let page = fixture.page(after.map(String::as_str), limit).await;
    let is_after = page.first().is_none_or(|first| Some(first) > after);
    assert!(
        is_after,
        "the page after {after:?} begins after it: {page:?}"
    );
    page
}

/// Reads all pages, one after the other.
async fn pass<S: ClientStore>(fixture: &Fixture<S>, limit: u32) -> Vec<String> {
    let mut seen: Vec<String> = Vec::new();
    loop {
        let page = page_after(fixture, seen.last(), limit).await;
        if page.is_empty() {
            return seen;
        }
        seen.extend(page);
        tokio::task::yield_now().await;
    }
}

async fn come_and_go<S: ClientStore>(fixture: &Fixture<S>, number: u32) {
    for turn in 0..60 {
        let name = format!("{turn:02}-{number}-visitor");
        fixture.put(fixture.client(&name)).await;
        tokio::task::yield_now().await;
        if turn % 2 == 0 {
            fixture.remove(&name).await;
        }
    }
}
