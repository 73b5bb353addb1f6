//! The pipeline with ports that fail, wait or lie.

use std::{
    error::Error as _,
    future::Future,
    pin::pin,
    sync::{Arc, atomic::Ordering},
    task::{Context, Poll, Waker},
};

use crate::{
    faulty_store::FaultyStore,
    support::broken::{Constant, Counting, Failing, Recorder},
};
use oauth_dcr::{
    MemoryStore, Registered, Registrar, RegistrarBuilder, RegistrationError, RegistrationRequest,
    TenantId, TenantSettings, Tenants,
    acl::Signals,
    registration::MetadataFault,
    settings::SettingsDocument,
    store::ClientStore as _,
    tenants::TenantSelector,
    types::{GrantType, ResponseType},
};

fn request() -> RegistrationRequest {
    RegistrationRequest::new(["https://app.example.com/callback"])
}

fn enabled(builder: RegistrarBuilder) -> RegistrarBuilder {
    builder.tenant(TenantSettings::new().enabled())
}

async fn register(registrar: &Registrar) -> Result<Registered, RegistrationError> {
    registrar
        .admit(TenantSelector::Host(None), Signals::new())
        .await?
        .register(request())
        .await
}

#[tokio::test]
async fn registration_is_off_by_default() {
    let registrar = Registrar::builder(MemoryStore::new()).build().unwrap();
    assert!(matches!(
        register(&registrar).await,
        Err(RegistrationError::NotEnabled)
    ));
}

#[tokio::test]
async fn registered_client_is_found_with_its_secret() {
    let registrar = enabled(Registrar::builder(MemoryStore::new()))
        .build()
        .unwrap();
    let registered = register(&registrar).await.unwrap();
    let client = registered.client();
    let found = registrar
        .find(client.tenant(), client.id())
        .await
        .unwrap()
        .unwrap();
    assert_eq!(found, *client);
    let secret = registered.secret().unwrap().expose();
    assert!(found.secret_digest().unwrap().matches(secret));
    let other = TenantId::parse("other").unwrap();
    assert_eq!(registrar.find(&other, client.id()).await.unwrap(), None);
}

#[tokio::test]
async fn taken_id_is_retried_up_to_three_times() {
    for (taken, inserts, stored) in [(0, 1, 1), (3, 4, 1), (4, 4, 0)] {
        let store = FaultyStore {
            taken_ids: taken,
            ..FaultyStore::default()
        };
        let registrar = enabled(Registrar::builder(store.clone())).build().unwrap();
        let outcome = register(&registrar).await;
        assert_eq!(outcome.is_ok(), stored == 1, "{taken} taken");
        assert_eq!(store.insertions.load(Ordering::SeqCst), inserts);
        assert_eq!(store.clients.len(), stored);
    }
}

#[tokio::test]
async fn a_taken_id_is_never_overwritten() {
    let store = MemoryStore::new();
    let registrar = enabled(Registrar::builder(store.clone()).random(Constant(1)))
        .build()
        .unwrap();
    let first = register(&registrar).await.unwrap();
    let second = register(&registrar).await;
    assert!(matches!(second, Err(RegistrationError::NoFreeId)));
    let kept = store
        .find(first.client().tenant(), first.client().id())
        .await
        .unwrap();
    assert!(Arc::ptr_eq(
        &kept.unwrap().readable().unwrap(),
        first.client()
    ));
}

#[tokio::test]
async fn every_failing_port_refuses_registration() {
    let failing = [
        enabled(Registrar::builder(FaultyStore::failing()))
            .build()
            .unwrap(),
        enabled(Registrar::builder(MemoryStore::new()))
            .limiter(Failing)
            .build()
            .unwrap(),
        enabled(Registrar::builder(MemoryStore::new()))
            .tenants(Failing)
            .build()
            .unwrap(),
    ];
    for registrar in failing {
        let error = register(&registrar).await.unwrap_err();
        assert!(matches!(error, RegistrationError::Backend(_)), "{error:?}");
        let cause = error.source().unwrap().source().unwrap();
        assert_eq!(cause.to_string(), "out of order");
        assert!(!error.to_string().contains("out of order"));
    }
}

#[tokio::test]
async fn registration_fails_without_randomness() {
    let store = MemoryStore::new();
    let registrar = enabled(Registrar::builder(store.clone()))
        .random(Failing)
        .build()
        .unwrap();
    assert!(matches!(
        register(&registrar).await,
        Err(RegistrationError::Random(_))
    ));
    let repeating = enabled(Registrar::builder(store.clone()))
        .random(Constant(255))
        .build()
        .unwrap();
    assert!(matches!(
        register(&repeating).await,
        Err(RegistrationError::Random(_))
    ));
    assert!(store.is_empty());
}

#[tokio::test]
async fn registration_draws_randomness_once() {
    let random = Arc::new(Counting::default());
    let registrar = enabled(Registrar::builder(MemoryStore::new())).random(Arc::clone(&random));
    register(&registrar.build().unwrap()).await.unwrap();
    assert_eq!(random.0.load(Ordering::SeqCst), 1);
}

/// Polls a registration `polls` times, then abandons it, and returns its state at that time.
fn abandoned_after(polls: usize, store: &MemoryStore, events: &Arc<Recorder>) -> bool {
    let store = FaultyStore {
        clients: store.clone(),
        yields: true,
        ..FaultyStore::default()
    };
    let registrar = enabled(Registrar::builder(store))
        .events(Arc::clone(events))
        .build()
        .unwrap();
    let mut future = pin!(register(&registrar));
    let mut context = Context::from_waker(Waker::noop());
    (0..polls).any(|_| matches!(future.as_mut().poll(&mut context), Poll::Ready(Ok(_))))
}

#[test]
fn abandoned_request_leaves_no_partial_client() {
    let mut seen = Vec::new();
    for polls in 0..=6 {
        let (store, events) = (MemoryStore::new(), Arc::default());
        let finished = abandoned_after(polls, &store, &events);
        assert!(!finished || store.len() == 1);
        // A stored client has its event, although the caller has left.
        let events = events.0.lock().unwrap();
        let registered = events.iter().filter(|it| it.starts_with("Registered"));
        assert_eq!(
            (registered.count(), events.len()),
            (store.len(), store.len())
        );
        seen.push((finished, store.len()));
    }
    let (done, half_way) = ((true, 1), (false, 1));
    assert!(
        seen.contains(&half_way),
        "no registration was abandoned after its insert: {seen:?}"
    );
    assert_eq!(seen.last(), Some(&done));
    assert_eq!(seen.first(), Some(&(false, 0)));
}

#[tokio::test]
async fn settings_change_applies_to_the_next_request() {
    let document = |enabled: bool| {
        let json =
            format!(r#"{{"tenants": [{{"id": "a", "registration": {{"enabled": {enabled}}}}}]}}"#);
        SettingsDocument::from_json(&json).unwrap()
    };
    let tenants = Tenants::new(document(false));
    let registrar = Registrar::builder(MemoryStore::new())
        .tenants(tenants.clone())
        .build()
        .unwrap();
    assert!(matches!(
        register(&registrar).await,
        Err(RegistrationError::NotEnabled)
    ));

    tenants.replace(document(true));
    let admission = registrar
        .admit(TenantSelector::Host(None), Signals::new())
        .await
        .unwrap();
    tenants.replace(document(false));
    admission
        .register(request())
        .await
        .expect("it was admitted under the settings before");
    assert!(matches!(
        register(&registrar).await,
        Err(RegistrationError::NotEnabled)
    ));
}

#[tokio::test]
async fn permissive_clients_have_plain_ids_and_more_grants() {
    let tenant = TenantSettings::new().enabled().permissive();
    let registrar = Registrar::builder(MemoryStore::new())
        .tenant(tenant)
        .build()
        .unwrap();
    let admission = registrar
        .admit(TenantSelector::Host(None), Signals::new())
        .await
        .unwrap();
    let request = request()
        .grant_types([
            "implicit",
            "password",
            "client_credentials",
            "authorization_code",
        ])
        .response_types(["token id_token", "code", "none"]);
    let registered = admission.register(request).await.unwrap();
    let client = registered.client();
    assert_eq!(client.id().as_str().len(), 32);
    let metadata = client.metadata();
    let grants: Vec<_> = metadata
        .grant_types()
        .iter()
        .map(GrantType::as_str)
        .collect();
    assert_eq!(
        grants,
        ["implicit", "client_credentials", "authorization_code"]
    );
    let responses: Vec<_> = metadata
        .response_types()
        .iter()
        .map(ResponseType::as_str)
        .collect();
    assert_eq!(responses, ["id_token token", "code"]);
}

#[tokio::test]
async fn a_public_client_cannot_have_client_credentials() {
    let tenant = TenantSettings::new().enabled().permissive();
    let request = request()
        .grant_types(["client_credentials"])
        .token_endpoint_auth_method("none");
    let error = request.apply(&tenant.registration).unwrap_err();
    assert_eq!(*error.fault(), MetadataFault::ConfidentialOnly);
}

#[tokio::test]
async fn every_registration_and_every_refusal_is_an_event() {
    let events = Arc::new(Recorder::default());
    let registrar = enabled(Registrar::builder(MemoryStore::new()))
        .events(Arc::clone(&events))
        .build()
        .unwrap();
    register(&registrar).await.unwrap();
    let admission = registrar
        .admit(TenantSelector::Host(None), Signals::new())
        .await
        .unwrap();
    admission.register_json(b"[]").await.unwrap_err();
    let admission = registrar
        .admit(TenantSelector::Host(None), Signals::new())
        .await
        .unwrap();
    admission
        .register(RegistrationRequest::default())
        .await
        .unwrap_err();
    for _ in 0..3 {
        let _ = registrar
            .admit(TenantSelector::Host(None), Signals::new())
            .await;
    }
    let kinds: Vec<String> = events
        .0
        .lock()
        .unwrap()
        .iter()
        .map(|event| kind(event))
        .collect();
    assert_eq!(
        kinds,
        ["Registered", "Decode", "Metadata", "TooManyRequests"]
    );
}

fn kind(event: &str) -> String {
    let error = event.split("error: ").nth(1).unwrap_or(event);
    error.chars().take_while(|it| it.is_alphabetic()).collect()
}
