//! A tenant with a few clients, and all calls that may race for one of the clients.

use std::num::NonZeroU64;

use crate::{
    client::Client,
    conformance::store::{
        audit::user,
        call::Call,
        fixture::{Fixture, hour, id, insertion, just_after, key, metadata},
        trial::Trial,
    },
    registration::RegistrationRequest,
    store::{Activity, ClientStore, ClientUpdate, Insertion, Sweep},
    types::{ErrorRedirectPolicy, SecretDigest, SecurityMode},
};

/// The state of the client `a` before the calls.
#[derive(Clone, Copy)]
pub(super) enum Before {
    Unused,
    /// User 1 has used the client, and has another client.
    Used,
    /// The client is unused, and no other client can be evicted.
    OnlyEvictable,
}

pub(super) const BOTH: [Before; 2] = [Before::Unused, Before::Used];

/// A tenant with the clients `a`, `b` and `c`. The calls are about `a`.
pub(super) async fn prepared<S: ClientStore>(fixture: &Fixture<S>, before: Before) -> Trial<S> {
    let mut trial = Trial::new(fixture.another());
    let first = insertion(first(&trial.fixture)).deduplicated_by(Some(key(1)));
    let others = ["b", "c"].map(|name| Client {
        issued_at: hour(1),
        ..trial.fixture.client(name)
    });
    trial.call(Call::of(&first)).await;
    for client in others {
        trial.call(Call::of(&insertion(client))).await;
    }
    let by = |hours| Activity::used(hour(hours), None).by(Some(user(1)));
    trial.call(touch("c", by(1))).await;
    match before {
        Before::Unused => {}
        Before::Used => trial.call(touch("a", by(0))).await,
        Before::OnlyEvictable => {
            for name in ["b", "c"] {
                let granted = Activity::used(hour(1), Some(hour(99)));
                trial.call(touch(name, granted)).await;
            }
        }
    }
    trial
}

/// The client `a`, with every field that an update may remove.
fn first<S: ClientStore>(fixture: &Fixture<S>) -> Client {
    let request = RegistrationRequest::new(["https://app.example.com/callback"])
        .client_name("a")
        .client_uri("https://app.example.com")
        .token_endpoint_auth_method("client_secret_basic");
    Client {
        secret: Some(SecretDigest::of("now")),
        previous_secret: Some((SecretDigest::of("before"), hour(5))),
        error_redirect_policy: Some(ErrorRedirectPolicy::AllowAlways),
        metadata: metadata(SecurityMode::Strict, request),
        ..fixture.client("a")
    }
}

/// All calls that concern the client `a`.
pub(super) fn calls<S: ClientStore>(fixture: &Fixture<S>) -> Vec<Call> {
    let mut calls = insertions(fixture);
    calls.extend(changes(fixture));
    calls.extend(activities());
    let (after, limit) = (None, u32::MAX);
    calls.extend([Call::Find(id("a")), Call::List { after, limit }]);
    calls
}

/// Insertions that need the id, the key or the place of `a`, and insertions that conflict with each other.
pub(super) fn insertions<S: ClientStore>(fixture: &Fixture<S>) -> Vec<Call> {
    let new = |client_id: &str, name: &str| {
        insertion(Client {
            issued_at: hour(9),
            ..fixture.named(client_id, name)
        })
    };
    let keyed = |insertion: Insertion, byte| insertion.deduplicated_by(Some(key(byte)));
    let most = |insertion: Insertion, max| insertion.max_clients(NonZeroU64::new(max));
    let insertions = [
        new("a", "another a"),
        insertion(first(fixture)),
        keyed(new("k", "k"), 1),
        most(keyed(new("e", "e"), 2), 2),
        most(new("f", "f"), 4),
        most(new("g", "g"), 4),
        keyed(new("t", "t"), 2),
        most(keyed(new("u", "u"), 2), 3),
        new("t", "another t"),
    ];
    insertions.iter().map(Call::of).collect()
}

/// The changes of an owner to `a`.
pub(super) fn changes<S: ClientStore>(fixture: &Fixture<S>) -> Vec<Call> {
    let mut changes = updates(fixture);
    for blocked in [true, false] {
        let id = id("a");
        changes.push(Call::Block { id, blocked });
    }
    changes.push(Call::Remove(id("a")));
    changes
}

/// Updates of `a` that change and remove fields.
pub(super) fn updates<S: ClientStore>(fixture: &Fixture<S>) -> Vec<Call> {
    let keeps = Client {
        secret: Some(SecretDigest::of("next")),
        previous_secret: None,
        revision: 1,
        ..first(fixture)
    };
    let drops = Client {
        secret: None,
        error_redirect_policy: None,
        metadata: fixture.named("a", "without its key").metadata,
        ..keeps.clone()
    };
    vec![
        Call::Update(ClientUpdate::new(keeps.into())),
        Call::Update(ClientUpdate::new(drops.into()).without_duplicate_key()),
    ]
}

/// Activities of `a` and of its user, and a sweep that removes `a`.
pub(super) fn activities() -> Vec<Call> {
    let used = Activity::used(hour(5), None);
    let limited = used
        .by(Some(user(1)))
        .max_clients_per_user(NonZeroU64::new(1));
    // With this limit, the user may also have another client.
    let one_more = limited.max_clients_per_user(NonZeroU64::new(2));
    vec![
        touch("a", used),
        touch("a", limited),
        touch("c", limited),
        touch("a", one_more),
        touch("b", one_more),
        touch("a", Activity::registered_again(hour(5))),
        touch("a", used.by(Some(user(2)))),
        sweep(),
    ]
}

/// A sweep that removes only `a`.
pub(super) fn sweep() -> Call {
    let sweep = Sweep::new().unused_before(hour(1));
    Call::Sweep(sweep.idle_before(just_after(hour(1))))
}

fn touch(name: &str, activity: Activity) -> Call {
    let id = id(name);
    Call::Touch { id, activity }
}

/// Sequences of calls that restore the earlier state of `a`, or almost restore it.
pub(super) fn detours<S: ClientStore>(fixture: &Fixture<S>) -> Vec<Vec<Call>> {
    let remove = Call::Remove(id("a"));
    let block = |blocked| Call::Block {
        id: id("a"),
        blocked,
    };
    let new = |client: Client| insertion(client).deduplicated_by(Some(key(1)));
    let same = Call::of(&new(first(fixture)));
    let other = Call::of(&new(fixture.named("a", "another a")));
    let place = Call::of(&new(fixture.client("p")));
    let mut keyless = updates(fixture).split_off(1);
    keyless.push(place.clone());
    vec![
        vec![remove.clone(), same],
        vec![remove.clone(), other],
        vec![remove, place],
        vec![block(true), block(false)],
        keyless,
    ]
}
