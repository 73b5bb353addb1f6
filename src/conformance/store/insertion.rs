//! An insertion creates a client and never overwrites another.

use std::sync::{Arc, mpsc};

use crate::{
    conformance::store::{
        fixture::{Fixture, hour, id, inserted, insertion, key, limited},
        race::race,
    },
    store::{Activity, ClientStore, InsertOutcome, Insertion},
};

/// How many insertions race for one id.
const RACERS: usize = 64;

/// "If another has the id, nothing changes": the stored client stays as it is, and no duplicate key is taken.
pub async fn a_taken_id_is_never_overwritten(store: impl ClientStore) {
    let fixture = Fixture::new(store);
    let first = fixture.named("a", "first");
    fixture.put(first.clone()).await;

    let second = insertion(fixture.named("a", "second")).deduplicated_by(Some(key(1)));
    let outcome = fixture.insert(second).await;
    assert_eq!(outcome, InsertOutcome::IdTaken, "an id is taken once");
    let found = fixture.find("a").await;
    assert_eq!(found, Some(first), "a taken id is never overwritten");

    let third = fixture.insertion("b").deduplicated_by(Some(key(1)));
    let outcome = fixture.insert(third).await;
    assert_eq!(
        outcome,
        inserted(),
        "an insertion that stored nothing takes no key"
    );
}

/// "If insertions race for one id, exactly one is stored", with all of its fields.
pub async fn racing_insertions_of_one_id_store_one(store: impl ClientStore) {
    let fixture = Fixture::new(store);
    for round in 0..4 {
        let name = format!("round-{round}");
        let contenders: Vec<_> = (0..RACERS)
            .map(|number| fixture.named(&name, &format!("contender {number}")))
            .collect();
        let racers = contenders.iter().cloned().map(|client| {
            let fixture = fixture.clone();
            async move { fixture.insert(insertion(client)).await }
        });
        let outcomes = race(racers).await;
        let both = outcomes.iter().zip(contenders);
        let (winners, losers): (Vec<_>, Vec<_>) =
            both.partition(|(outcome, _)| **outcome == inserted());
        assert_eq!(
            winners.len(),
            1,
            "one of {RACERS} insertions is stored: {outcomes:?}"
        );
        for (outcome, _) in losers {
            assert_eq!(
                *outcome,
                InsertOutcome::IdTaken,
                "the other insertions return this"
            );
        }
        let winner = winners.into_iter().map(|(_, client)| client).next();
        let found = fixture.find(&name).await;
        assert_eq!(
            found, winner,
            "the insertion that returned `Inserted` is stored"
        );
    }
}

/// Ids are compared byte by byte: `A`, `a` and `aa` are different clients.
pub async fn similar_ids_are_different_clients(store: impl ClientStore) {
    let fixture = Fixture::new(store);
    let names = [
        "A", "a", "aa", "a%", "a_", "_a", "a'", "a\\", "a\"", "1", "01", "1e0", "NULL",
    ];
    fixture.put_all(&names).await;
    for name in names {
        let found = fixture.find(name).await;
        assert_eq!(
            found,
            Some(fixture.client(name)),
            "each id is a different client"
        );
    }
    let missing = fixture.find("aA").await;
    assert_eq!(missing, None, "a client that is not stored is not found");
}

/// "Once the outcome is certain, the store calls `Insertion::settle` with it": exactly once for each outcome.
pub async fn every_outcome_is_reported_once(store: impl ClientStore) {
    let fixture = Fixture::new(store);
    let rule = "each outcome is reported once, before it is returned";
    let keyed = |name| fixture.insertion(name).deduplicated_by(Some(key(1)));
    let removed = vec![id("first")];
    for (insertion, expected) in [
        (keyed("first"), inserted()),
        (fixture.insertion("first"), InsertOutcome::IdTaken),
        (
            keyed("keyed"),
            InsertOutcome::Duplicate(Arc::new(fixture.client("first"))),
        ),
        (
            limited(fixture.insertion("second"), 1),
            InsertOutcome::Inserted { removed },
        ),
    ] {
        assert_is_reported(&fixture, insertion, &expected, rule).await;
    }
    let granted = Activity::used(hour(0), Some(hour(1)));
    fixture.touch("second", granted).await;
    let full = limited(fixture.insertion("third"), 1);
    assert_is_reported(&fixture, full, &InsertOutcome::Full, rule).await;
}

async fn assert_is_reported<S: ClientStore>(
    fixture: &Fixture<S>,
    insertion: Insertion,
    expected: &InsertOutcome,
    rule: &str,
) {
    let (report, reports) = mpsc::channel();
    // If sending fails, the comparison below fails.
    let insertion = insertion.on_outcome(move |outcome| drop(report.send(outcome.clone())));
    let outcome = fixture.insert(insertion).await;
    assert_eq!(outcome, *expected, "{rule}");
    let reported: Vec<_> = reports.try_iter().collect();
    assert_eq!(reported, [outcome], "{rule}");
}

/// The store is asked about a tenant that it has never seen.
pub async fn an_empty_tenant_has_no_clients(store: impl ClientStore) {
    let fixture = Fixture::new(store);
    assert_eq!(fixture.find("a").await, None, "there is no client");
    assert_eq!(fixture.names().await, [""; 0], "there is no client");
}
