//! What the owner of a tenant can do with its clients.

use std::{collections::BTreeSet, sync::atomic::Ordering, time::Duration};

use oauth_dcr::{
    Client, ClientId, MemoryStore, Owner, OwnerError, Registered, Registrar, RegistrationRequest,
    TenantId, TenantSettings, Tenants,
    settings::SettingsDocument,
    tenants::TenantSelector,
    token::TokenRequest,
    types::{ErrorRedirectPolicy, GrantType, SecurityMode, TokenEndpointAuthMethod},
};
use serde_json::{Value, json};

use crate::{
    faulty_store::FaultyStore,
    support::{
        broken::Failing,
        clients::Stored,
        fixture::{Fixture, id_of},
    },
};

const HOUR: Duration = Duration::from_hours(1);

fn fixture() -> Fixture {
    Fixture::new(json!({}))
}

fn confidential() -> Value {
    json!({ "redirect_uris": ["https://app.example.com/callback"], "client_name": "App" })
}

fn public() -> Value {
    json!({
        "redirect_uris": ["https://app.example.com/callback"],
        "token_endpoint_auth_method": "none",
    })
}

fn request(name: &str) -> RegistrationRequest {
    RegistrationRequest::new(["https://app.example.com/new"]).client_name(name)
}

fn unknown() -> ClientId {
    ClientId::parse("tpc_unknown").unwrap()
}

/// Whether a client with this id authenticates with this secret now.
async fn authenticates(fixture: &Fixture, id: &ClientId, secret: &str) -> bool {
    let form = format!(
        "grant_type=authorization_code&client_id={id}&client_secret={secret}&code=c&\
         redirect_uri=https%3A%2F%2Fapp.example.com%2Fcallback&code_verifier={}",
        "v".repeat(43)
    );
    let client = fixture.owner().await.find(id).await.ok();
    let request = TokenRequest::from_form(&form, None);
    let grant = request.authenticate(&fixture.tenant, client.as_deref(), fixture.now());
    grant.is_ok()
}

fn secret(registered: &Registered) -> String {
    registered.secret().unwrap().expose().to_owned()
}

#[tokio::test]
async fn owner_finds_only_registered_clients() {
    let fixture = fixture();
    let answer = fixture.register(&confidential()).await;
    let owner = fixture.owner().await;
    let found = owner.find(&id_of(&answer)).await.unwrap();
    assert_eq!(found.metadata().client_name(), Some("App"));
    let missing = owner.find(&unknown()).await;
    assert!(matches!(missing, Err(OwnerError::UnknownClient)));
}

#[tokio::test]
async fn unknown_tenant_has_no_owner() {
    let document = json!({ "tenants": [{ "id": "t1", "hosts": ["a.example"] }] });
    let document = SettingsDocument::from_json(&document.to_string()).unwrap();
    let registrar = Registrar::builder(MemoryStore::new())
        .tenants(Tenants::new(document))
        .build()
        .unwrap();
    let owner = registrar
        .owner(TenantSelector::Host(Some("b.example")))
        .await;
    assert!(matches!(owner, Err(OwnerError::UnknownTenant)), "{owner:?}");
    let owner = registrar
        .owner(TenantSelector::Host(Some("a.example")))
        .await;
    assert_eq!(owner.unwrap().settings().id.as_str(), "t1");
}

#[tokio::test]
async fn failing_back_end_is_reported_as_an_error() {
    let registrar = Registrar::builder(FaultyStore::failing())
        .tenant(TenantSettings::new())
        .build()
        .unwrap();
    let owner = registrar.owner(TenantSelector::Host(None)).await.unwrap();
    let id = unknown();
    let errors = [
        owner.find(&id).await.map(|_| ()),
        owner.list(None, 1).await.map(|_| ()),
        owner.rotate_secret(&id, HOUR).await.map(|_| ()),
        owner.block(&id).await,
        owner.delete(&id).await,
    ];
    for error in errors {
        assert!(matches!(error, Err(OwnerError::Backend(_))), "{error:?}");
    }
    let registrar = Registrar::builder(MemoryStore::new())
        .tenants(Failing)
        .build()
        .unwrap();
    let owner = registrar.owner(TenantSelector::Host(None)).await;
    assert!(matches!(owner, Err(OwnerError::Backend(_))), "{owner:?}");
}

#[tokio::test]
async fn pages_list_every_client_exactly_once() {
    let fixture = fixture();
    let mut ids = BTreeSet::new();
    for _ in 0..7 {
        ids.insert(id_of(&fixture.register(&confidential()).await));
    }
    let owner = fixture.owner().await;
    for limit in [0, 1, 3, 6, 7, 8, u32::MAX] {
        let (mut seen, mut next, mut pages) = (Vec::new(), None, 0);
        loop {
            let page = owner.list(next.as_ref(), limit).await.unwrap();
            let longest = usize::try_from(limit).unwrap().max(1);
            assert!(page.clients.len() <= longest);
            seen.extend(page.clients.iter().map(|client| client.id().clone()));
            (next, pages) = (page.next, pages + 1);
            if next.is_none() {
                break;
            }
        }
        assert_eq!(
            seen,
            ids.iter().cloned().collect::<Vec<_>>(),
            "limit {limit}"
        );
        assert_eq!(pages, 7_u32.div_ceil(limit.clamp(1, 1000)), "limit {limit}");
    }
}

#[tokio::test]
async fn an_update_is_checked_by_the_profile() {
    let fixture = fixture();
    let answer = fixture.register(&confidential()).await;
    let owner = fixture.owner().await;
    let client = owner.find(&id_of(&answer)).await.unwrap();
    let bad = RegistrationRequest::new(["http://app.example.com/callback"]);
    let error = owner.update(&client, bad).await.unwrap_err();
    assert!(matches!(error, OwnerError::Metadata(_)), "{error:?}");
    assert_eq!(owner.find(client.id()).await.unwrap(), client);

    let updated = owner.update(&client, request("New")).await.unwrap();
    assert!(updated.secret().is_none(), "the client keeps its secret");
    let found = owner.find(client.id()).await.unwrap();
    assert_eq!(found, *updated.client());
    assert_eq!(found.metadata().client_name(), Some("New"));
    assert_eq!(found.issued_at(), client.issued_at());
    assert_eq!(found.revision(), client.revision() + 1);
    let old = answer["client_secret"].as_str().unwrap();
    assert!(authenticates(&fixture, client.id(), old).await);
    assert_eq!(
        fixture.kinds_of_events(),
        ["Registered", "Changed Metadata"]
    );
}

#[tokio::test]
async fn a_client_keeps_its_security_mode() {
    let strict = fixture();
    let body = json!({
        "redirect_uris": ["https://app.example.com/callback"],
        "token_endpoint_auth_method": "none",
        "grant_types": ["authorization_code", "implicit"],
    });
    let created_strict = strict.register(&body).await;
    let permissive = Fixture::with_store(
        strict.store.clone(),
        json!({ "security_mode": "permissive" }),
    );
    let created_permissive = permissive.register(&body).await;
    let asks = || request("New").grant_types(["authorization_code", "implicit"]);
    for (fixture, answer, mode) in [
        (&permissive, &created_strict, SecurityMode::Strict),
        (&strict, &created_permissive, SecurityMode::Permissive),
    ] {
        let owner = fixture.owner().await;
        let client = owner.find(&id_of(answer)).await.unwrap();
        let updated = owner.update(&client, asks()).await.unwrap();
        assert_eq!(updated.client().security_mode(), mode);
        let grants = updated.client().metadata().grant_types();
        let is_permissive = mode == SecurityMode::Permissive;
        assert_eq!(grants.contains(GrantType::Implicit), is_permissive);
    }
}

#[tokio::test]
async fn only_a_confidential_client_has_a_secret() {
    let fixture = fixture();
    let answer = fixture.register(&public()).await;
    let owner = fixture.owner().await;
    let client = owner.find(&id_of(&answer)).await.unwrap();
    assert!(client.is_public());

    let confidential = owner.update(&client, request("New")).await.unwrap();
    assert!(!confidential.client().is_public());
    let first = secret(&confidential);
    assert!(authenticates(&fixture, client.id(), &first).await);

    let rotated = owner.rotate_secret(client.id(), HOUR).await.unwrap();
    let asks = request("New").token_endpoint_auth_method("none");
    let public = owner.update(rotated.client(), asks).await.unwrap();
    assert!(public.secret().is_none());
    assert!(public.client().is_public());
    assert_eq!(public.client().previous_secret_digest(fixture.now()), None);
    for old in [first, secret(&rotated)] {
        assert!(!authenticates(&fixture, client.id(), &old).await);
    }
    let method = public.client().metadata().token_endpoint_auth_method();
    assert_eq!(method, TokenEndpointAuthMethod::None);
}

#[tokio::test]
async fn update_of_a_changed_client_is_refused() {
    let fixture = fixture();
    let answer = fixture.register(&confidential()).await;
    let owner = fixture.owner().await;
    let stale = owner.find(&id_of(&answer)).await.unwrap();
    owner.block(stale.id()).await.unwrap();
    let error = owner.update(&stale, request("New")).await.unwrap_err();
    assert!(matches!(error, OwnerError::Changed), "{error:?}");
    assert!(owner.find(stale.id()).await.unwrap().is_blocked());
}

#[tokio::test]
async fn update_neither_blocks_nor_unblocks() {
    let fixture = fixture();
    let id = id_of(&fixture.register(&public()).await);
    let owner = fixture.owner().await;
    let client = Client::clone(&*owner.find(&id).await.unwrap()).with_blocked(true);
    let updated = owner.update(&client, request("New")).await.unwrap();
    assert!(!updated.client().is_blocked());
    assert!(!owner.find(&id).await.unwrap().is_blocked());
}

#[tokio::test]
async fn foreign_and_missing_clients_are_unknown() {
    let fixture = fixture();
    let answer = fixture.register(&confidential()).await;
    let owner = fixture.owner().await;
    let foreign: Client = Stored::public(id_of(&answer).as_str()).client();
    let mut record = serde_json::to_value(&foreign).unwrap();
    record["tenant"] = "t2".into();
    let foreign: Client = serde_json::from_value(record).unwrap();
    assert_eq!(foreign.tenant(), &TenantId::parse("t2").unwrap());
    let error = owner.update(&foreign, request("New")).await.unwrap_err();
    assert!(matches!(error, OwnerError::UnknownClient), "{error:?}");

    let id = unknown();
    let policy = ErrorRedirectPolicy::AllowAlways;
    let errors = [
        owner
            .rotate_secret(&id, HOUR)
            .await
            .map(|_| ())
            .unwrap_err(),
        owner.block(&id).await.unwrap_err(),
        owner.unblock(&id).await.unwrap_err(),
        owner
            .set_error_redirect_policy(&id, policy)
            .await
            .map(|_| ())
            .unwrap_err(),
        owner.delete(&id).await.unwrap_err(),
    ];
    for error in errors {
        assert!(matches!(error, OwnerError::UnknownClient), "{error:?}");
    }
    let gone = owner.find(&id_of(&answer)).await.unwrap();
    owner.delete(gone.id()).await.unwrap();
    let error = owner.update(&gone, request("New")).await.unwrap_err();
    assert!(matches!(error, OwnerError::UnknownClient), "{error:?}");
}

#[tokio::test]
async fn both_secrets_work_during_the_overlap() {
    let fixture = fixture();
    let answer = fixture.register(&confidential()).await;
    let id = id_of(&answer);
    let old = answer["client_secret"].as_str().unwrap();
    let rotated = fixture
        .owner()
        .await
        .rotate_secret(&id, HOUR)
        .await
        .unwrap();
    let new = secret(&rotated);
    assert_ne!(old, new);
    assert!(authenticates(&fixture, &id, old).await);
    assert!(authenticates(&fixture, &id, &new).await);
    fixture.set_hour(1);
    assert!(!authenticates(&fixture, &id, old).await);
    assert!(authenticates(&fixture, &id, &new).await);
    assert_eq!(fixture.kinds_of_events(), ["Registered", "Changed Secret"]);
}

#[tokio::test]
async fn old_secret_ends_immediately_without_an_overlap() {
    let fixture = fixture();
    let answer = fixture.register(&confidential()).await;
    let id = id_of(&answer);
    let owner = fixture.owner().await;
    let rotated = owner.rotate_secret(&id, Duration::ZERO).await.unwrap();
    let old = answer["client_secret"].as_str().unwrap();
    assert!(!authenticates(&fixture, &id, old).await);
    assert!(authenticates(&fixture, &id, &secret(&rotated)).await);
}

#[tokio::test]
async fn a_second_rotation_ends_the_first_secret() {
    let fixture = fixture();
    let answer = fixture.register(&confidential()).await;
    let id = id_of(&answer);
    let owner = fixture.owner().await;
    let second = secret(&owner.rotate_secret(&id, 100 * HOUR).await.unwrap());
    let third = secret(&owner.rotate_secret(&id, HOUR).await.unwrap());
    let first = answer["client_secret"].as_str().unwrap();
    assert!(!authenticates(&fixture, &id, first).await);
    assert!(authenticates(&fixture, &id, &second).await);
    assert!(authenticates(&fixture, &id, &third).await);
}

#[tokio::test]
async fn an_overlap_has_an_end() {
    let fixture = fixture();
    let answer = fixture.register(&confidential()).await;
    let (id, old) = (id_of(&answer), answer["client_secret"].as_str().unwrap());
    let owner = fixture.owner().await;
    owner.rotate_secret(&id, Duration::MAX).await.unwrap();
    let days = Owner::MAX_OVERLAP.as_secs() / 86_400;
    fixture.set_hour(24 * days - 1);
    assert!(authenticates(&fixture, &id, old).await);
    fixture.set_hour(24 * days);
    assert!(!authenticates(&fixture, &id, old).await);
}

#[tokio::test]
async fn clock_that_steps_back_revives_no_secret() {
    let fixture = fixture();
    let answer = fixture.register(&confidential()).await;
    let (id, old) = (id_of(&answer), answer["client_secret"].as_str().unwrap());
    let owner = fixture.owner().await;
    owner.rotate_secret(&id, HOUR).await.unwrap();
    fixture.set_hour(2);
    let policy = ErrorRedirectPolicy::AllowAlways;
    owner.set_error_redirect_policy(&id, policy).await.unwrap();
    fixture.set_hour(0);
    assert!(!authenticates(&fixture, &id, old).await);
}

#[tokio::test]
async fn rotation_with_a_lost_answer_succeeds() {
    let store = FaultyStore::default();
    let fixture = Fixture::with_store(store.clone(), json!({}));
    let id = id_of(&fixture.register(&confidential()).await);
    store.lost_updates.store(1, Ordering::SeqCst);
    let owner = fixture.owner().await;
    let rotated = owner.rotate_secret(&id, HOUR).await.unwrap();
    let stored = owner.find(&id).await.unwrap();
    let digest = stored.secret_digest().unwrap();
    assert!(digest.matches(rotated.secret().unwrap().expose()));
    assert_eq!(stored.revision(), 1);
    assert_eq!(fixture.kinds_of_events(), ["Registered", "Changed Secret"]);
}

#[tokio::test]
async fn a_public_client_has_no_secret_to_rotate() {
    let fixture = fixture();
    let id = id_of(&fixture.register(&public()).await);
    let owner = fixture.owner().await;
    let error = owner.rotate_secret(&id, HOUR).await.unwrap_err();
    assert!(matches!(error, OwnerError::PublicClient), "{error:?}");
    assert!(owner.find(&id).await.unwrap().is_public());
}

#[tokio::test]
async fn blocked_client_cannot_authenticate_until_unblocked() {
    let fixture = fixture();
    let answer = fixture.register(&confidential()).await;
    let (id, secret) = (id_of(&answer), answer["client_secret"].as_str().unwrap());
    let owner = fixture.owner().await;
    owner.block(&id).await.unwrap();
    assert!(owner.find(&id).await.unwrap().is_blocked());
    assert!(!authenticates(&fixture, &id, secret).await);
    owner.unblock(&id).await.unwrap();
    assert!(!owner.find(&id).await.unwrap().is_blocked());
    assert!(authenticates(&fixture, &id, secret).await);
    let kinds = fixture.kinds_of_events();
    assert_eq!(
        kinds,
        ["Registered", "Changed Blocked", "Changed Unblocked"]
    );
}

#[tokio::test]
async fn owner_decides_about_error_redirects() {
    let fixture = fixture();
    let id = id_of(&fixture.register(&confidential()).await);
    let owner = fixture.owner().await;
    let strict = owner.find(&id).await.unwrap().error_redirect_policy();
    assert_eq!(strict, ErrorRedirectPolicy::OpenRedirectProtection);
    let policy = ErrorRedirectPolicy::AllowAlways;
    owner.set_error_redirect_policy(&id, policy).await.unwrap();
    assert_eq!(
        owner.find(&id).await.unwrap().error_redirect_policy(),
        policy
    );
    assert_eq!(
        fixture.kinds_of_events(),
        ["Registered", "Changed ErrorRedirectPolicy"]
    );
}

#[tokio::test]
async fn a_deleted_client_is_gone() {
    let fixture = fixture();
    let answer = fixture.register(&confidential()).await;
    let (id, secret) = (id_of(&answer), answer["client_secret"].as_str().unwrap());
    let owner = fixture.owner().await;
    owner.delete(&id).await.unwrap();
    assert!(matches!(
        owner.find(&id).await,
        Err(OwnerError::UnknownClient)
    ));
    assert!(!authenticates(&fixture, &id, secret).await);
    assert!(matches!(
        owner.delete(&id).await,
        Err(OwnerError::UnknownClient)
    ));
    assert_eq!(fixture.kinds_of_events(), ["Registered", "Removed Deleted"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn concurrent_changes_are_all_applied() {
    let fixture = fixture();
    let id = id_of(&fixture.register(&confidential()).await);
    let owner = fixture.owner().await;
    let rotations = (0..3).map(|_| {
        let (owner, id) = (owner.clone(), id.clone());
        tokio::spawn(async move { owner.rotate_secret(&id, HOUR).await.map(|_| ()) })
    });
    let rotations: Vec<_> = rotations.collect();
    owner.block(&id).await.unwrap();
    for rotation in rotations {
        rotation.await.unwrap().unwrap();
    }
    let client = owner.find(&id).await.unwrap();
    assert!(client.is_blocked());
    assert_eq!(client.revision(), 4);
}
