//! Rows of different tenants never affect each other.

use crate::{
    client::Client,
    conformance::store::fixture::{Fixture, hour, inserted, insertion, key, limited, written},
    store::{Activity, ClientStore, RemoveOutcome, Sweep, TouchOutcome, UpdateOutcome},
    types::TenantId,
};

/// Two tenants. Each has a client `a`, and the second also has a client `b`.
async fn two_tenants<S: ClientStore>(store: S) -> (Fixture<S>, Fixture<S>) {
    let first = Fixture::new(store);
    let other = first.another();
    first.put(first.named("a", "first")).await;
    other.put(other.named("a", "other")).await;
    other.put(other.client("b")).await;
    (first, other)
}

async fn assert_untouched<S: ClientStore>(other: &Fixture<S>, call: &str) {
    let clients = [other.named("a", "other"), other.client("b")];
    let all = other.clients().await;
    let found: Vec<&Client> = all.iter().map(|client| &**client).collect();
    let expected: Vec<&Client> = clients.iter().collect();
    assert_eq!(found, expected, "`{call}` does not change other tenants");
}

/// `insert`: ids, duplicate keys and limits are separate for each tenant.
pub async fn an_insertion_stays_in_its_tenant(store: impl ClientStore) {
    let (first, other) = two_tenants(store).await;
    let both = [&first, &other];
    for fixture in both {
        let same = fixture.insertion("c").deduplicated_by(Some(key(1)));
        let outcome = fixture.insert(same).await;
        assert_eq!(
            outcome,
            inserted(),
            "each tenant has its own ids and duplicate keys"
        );
    }
    let third = limited(first.insertion("d"), 3);
    let outcome = first.insert(third).await;
    assert_eq!(
        outcome,
        inserted(),
        "a limit counts only clients of its tenant"
    );
    assert_eq!(
        first.find("d").await.as_ref(),
        Some(&first.client("d")),
        "the client is stored"
    );
    assert_eq!(
        other.names().await,
        ["a", "b", "c"],
        "no client of another tenant is evicted"
    );
}

/// `find` and `list`.
pub async fn reading_stays_in_its_tenant(store: impl ClientStore) {
    let (first, other) = two_tenants(store).await;
    let found = first.find("a").await;
    assert_eq!(
        found,
        Some(first.named("a", "first")),
        "`find` finds the client of the tenant"
    );
    assert_eq!(
        first.find("b").await,
        None,
        "`find` finds no client of another tenant"
    );
    assert_eq!(
        first.names().await,
        ["a"],
        "`list` has no client of another tenant"
    );
    assert_untouched(&other, "find").await;
}

/// `update`.
pub async fn an_update_stays_in_its_tenant(store: impl ClientStore) {
    let (first, other) = two_tenants(store).await;
    let next = |client: Client| Client {
        revision: 1,
        ..client
    };
    let outcome = first.update(next(first.named("a", "changed"))).await;
    assert_eq!(
        outcome,
        UpdateOutcome::Updated,
        "the client of the tenant is updated"
    );
    let outcome = first.update(next(first.client("b"))).await;
    assert_eq!(
        outcome,
        UpdateOutcome::Missing,
        "no client of another tenant is updated"
    );
    assert_untouched(&other, "update").await;
}

/// `remove`.
pub async fn a_removal_stays_in_its_tenant(store: impl ClientStore) {
    let (first, other) = two_tenants(store).await;
    let outcome = first.remove("b").await;
    assert_eq!(
        outcome,
        RemoveOutcome::Missing,
        "no client of another tenant is removed"
    );
    let outcome = first.remove("a").await;
    assert_eq!(
        outcome,
        RemoveOutcome::Removed,
        "the client of the tenant is removed"
    );
    assert_untouched(&other, "remove").await;
}

/// `touch`.
pub async fn a_touch_stays_in_its_tenant(store: impl ClientStore) {
    let (first, other) = two_tenants(store).await;
    let touch = Activity::used(hour(5), None);
    let outcome = first.touch("b", touch).await;
    assert_eq!(
        outcome,
        TouchOutcome::Missing,
        "no client of another tenant is touched"
    );
    let outcome = first.touch("a", touch).await;
    assert_eq!(outcome, written(), "the client of the tenant is touched");
    let unused = Sweep::new().unused_before(hour(1));
    assert_eq!(
        other.sweep(unused).await,
        ["a", "b"],
        "tenants share no usage"
    );
}

/// `sweep`.
pub async fn a_sweep_stays_in_its_tenant(store: impl ClientStore) {
    let (first, other) = two_tenants(store).await;
    let swept = first.sweep(Sweep::new().unused_before(hour(1))).await;
    assert_eq!(swept, ["a"], "a sweep removes the client of the tenant");
    assert_untouched(&other, "sweep").await;
}

/// Tenants with similar ids are different tenants.
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
        "the first tenant does not change"
    );
}
