//! Rows of different tenants never affect each other.

use crate::{
    client::Client,
    conformance::store::fixture::{Fixture, hour, inserted, insertion, key, limited, written},
    store::{Activity, ClientStore, RemoveOutcome, Sweep, TouchOutcome, UpdateOutcome},
    types::TenantId,
};

/// Two tenants that have a client of the same id each, the second one another client's besides.
async fn two<S: ClientStore>(store: S) -> (Fixture<S>, Fixture<S>) {
    let own = Fixture::new(store);
    let other = own.another();
    own.put(own.named("a", "own")).await;
    other.put(other.named("a", "other")).await;
    other.put(other.client("b")).await;
    (own, other)
}

async fn assert_untouched<S: ClientStore>(other: &Fixture<S>, call: &str) {
    let clients = [other.named("a", "other"), other.client("b")];
    let all = other.clients().await;
    let found: Vec<&Client> = all.iter().map(|client| &**client).collect();
    let expected: Vec<&Client> = clients.iter().collect();
    assert_eq!(found, expected, "`{call}` leaves other tenants alone");
}

/// `insert`: an id, a duplicate key and a limit are a tenant's own.
pub async fn an_insertion_stays_in_its_tenant(store: impl ClientStore) {
    let (own, other) = two(store).await;
    let both = [&own, &other];
    for fixture in both {
        let same = fixture.insertion("c").deduplicated_by(Some(key(1)));
        let outcome = fixture.insert(same).await;
        assert_eq!(
            outcome,
            inserted(),
            "ids and duplicate keys are a tenant's own"
        );
    }
    let third = limited(own.insertion("d"), 3);
    let outcome = own.insert(third).await;
    assert_eq!(
        outcome,
        inserted(),
        "a limit counts the tenant's own clients"
    );
    assert_eq!(own.find("d").await.as_ref(), Some(&own.client("d")), "own");
    assert_eq!(
        other.names().await,
        ["a", "b", "c"],
        "and nothing is evicted elsewhere"
    );
}

/// `find` and `list`.
pub async fn reading_stays_in_its_tenant(store: impl ClientStore) {
    let (own, other) = two(store).await;
    let found = own.find("a").await;
    assert_eq!(
        found,
        Some(own.named("a", "own")),
        "`find` finds the tenant's own"
    );
    assert_eq!(own.find("b").await, None, "`find` finds nobody else's");
    assert_eq!(own.names().await, ["a"], "`list` lists nobody else's");
    assert_untouched(&other, "find").await;
}

/// `update`.
pub async fn an_update_stays_in_its_tenant(store: impl ClientStore) {
    let (own, other) = two(store).await;
    let next = |client: Client| Client {
        revision: 1,
        ..client
    };
    let outcome = own.update(next(own.named("a", "changed"))).await;
    assert_eq!(
        outcome,
        UpdateOutcome::Updated,
        "the tenant's own is updated"
    );
    let outcome = own.update(next(own.client("b"))).await;
    assert_eq!(outcome, UpdateOutcome::Missing, "nobody else's is");
    assert_untouched(&other, "update").await;
}

/// `remove`.
pub async fn a_removal_stays_in_its_tenant(store: impl ClientStore) {
    let (own, other) = two(store).await;
    let outcome = own.remove("b").await;
    assert_eq!(outcome, RemoveOutcome::Missing, "nobody else's is removed");
    let outcome = own.remove("a").await;
    assert_eq!(
        outcome,
        RemoveOutcome::Removed,
        "the tenant's own is removed"
    );
    assert_untouched(&other, "remove").await;
}

/// `touch`.
pub async fn a_touch_stays_in_its_tenant(store: impl ClientStore) {
    let (own, other) = two(store).await;
    let touch = Activity::used(hour(5), None);
    let outcome = own.touch("b", touch).await;
    assert_eq!(outcome, TouchOutcome::Missing, "nobody else's is touched");
    let outcome = own.touch("a", touch).await;
    assert_eq!(outcome, written(), "the tenant's own is touched");
    let unused = Sweep::new().unused_before(hour(1));
    assert_eq!(other.sweep(unused).await, ["a", "b"], "no usage is shared");
}

/// `sweep`.
pub async fn a_sweep_stays_in_its_tenant(store: impl ClientStore) {
    let (own, other) = two(store).await;
    let swept = own.sweep(Sweep::new().unused_before(hour(1))).await;
    assert_eq!(swept, ["a"], "a sweep removes the tenant's own");
    assert_untouched(&other, "sweep").await;
}

/// Tenants whose names look alike are not the same.
pub async fn similar_tenant_ids_are_different_tenants(store: impl ClientStore) {
    let fixture = Fixture::new(store);
    fixture.put(fixture.client("a")).await;
    let name = fixture.tenant.as_str();
    for alike in [
        name.to_uppercase(),
        format!("{name}.a"),
        format!("{name}:a"),
    ] {
        let Ok(tenant) = TenantId::parse(&alike) else {
            continue;
        };
        let other = Fixture {
            tenant,
            ..fixture.clone()
        };
        let outcome = other.insert(insertion(other.client("a"))).await;
        assert_eq!(outcome, inserted(), "{alike} is another tenant");
        assert_eq!(other.names().await, ["a"], "{alike} is another tenant");
    }
    assert_eq!(
        fixture.names().await,
        ["a"],
        "and changes nothing for this one"
    );
}
