//! A marked secret appears only in the one answer that is for its owner.

use std::{
    fmt::{Debug, Write as _},
    sync::{Arc, Mutex},
    time::Duration,
};

use http::Request;
use oauth_dcr::{
    MemoryStore, Registrar, RegistrationEndpoint, RegistrationRequest, TenantSettings, Timestamp,
    acl::Signals,
    endpoint::{BodyProgress, HeadDecision},
    tenants::TenantSelector,
};
use tracing::{Event, Subscriber, field::Visit};
use tracing_subscriber::{Layer, layer::Context, prelude::*};

use crate::support::{
    broken::{Constant, Recorder},
    http::Server,
};

/// The base64url form of 32 bytes of `m`: the secret of every client here.
const CANARY: &str = "bW1tbW1tbW1tbW1tbW1tbW1tbW1tbW1tbW1tbW1tbW0";

/// Records everything that is logged, at every level.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<String>>);

impl<S: Subscriber> Layer<S> for Log {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        event.record(&mut self.clone());
    }
}

impl Visit for Log {
    fn record_debug(&mut self, field: &tracing::field::Field, value: &dyn Debug) {
        write!(self.0.lock().unwrap(), "{}={value:?} ", field.name()).unwrap();
    }
}

fn tenant() -> TenantSettings {
    let mut tenant = TenantSettings::new().enabled();
    tenant.registration.rate_limit = None;
    tenant
}

#[tokio::test]
async fn no_debug_event_or_log_contains_the_secret() {
    let log = Log::default();
    let guard = tracing::subscriber::set_default(tracing_subscriber::registry().with(log.clone()));
    tracing::trace!(note = "the log is kept");

    let events = Arc::new(Recorder::default());
    let store = MemoryStore::new();
    let registrar = Registrar::builder(store.clone())
        .tenant(tenant())
        .random(Constant(b'm'))
        .events(Arc::clone(&events))
        .build()
        .unwrap();
    let mut shown = Vec::new();
    let mut show = |value: &dyn Debug| shown.push(format!("{value:?} {value:#?}"));

    let admission = registrar
        .admit(TenantSelector::Host(None), Signals::new())
        .await
        .unwrap();
    show(&admission);
    let request = RegistrationRequest::new(["https://app.example.com/callback"]);
    let registered = admission.register(request.clone()).await.unwrap();
    assert_eq!(
        registered.secret().unwrap().expose(),
        CANARY,
        "the secret is not the canary"
    );
    let digest = registered.client().secret_digest().unwrap().to_tagged();
    show(&registered);
    show(registered.client());
    show(&registered.secret());
    show(&registrar);
    show(&store);

    // Rotates to the same secret: both secrets are in everything that the owner gets.
    let owner = registrar.owner(TenantSelector::Host(None)).await.unwrap();
    let id = registered.client().id();
    let rotated = owner.rotate_secret(id, Duration::MAX).await.unwrap();
    assert_eq!(rotated.secret().unwrap().expose(), CANARY);
    let client = owner.find(id).await.unwrap();
    assert!(client.previous_secret_digest(Timestamp::MAX).is_none());
    assert!(
        client
            .previous_secret_digest(Timestamp::from_unix_seconds(0))
            .is_some()
    );
    show(&owner);
    show(&rotated);
    show(&client);
    show(&owner.list(None, 10).await.unwrap());
    show(&owner.update(&client, request.clone()).await.unwrap());
    show(&owner.update(&client, request.clone()).await.unwrap_err());

    // A body that is collected contains a secret that the client chose.
    let head = Request::post("/oidc/register").header("content-type", "application/json");
    let (head, ()) = head.body(()).unwrap().into_parts();
    let endpoint = RegistrationEndpoint::new(registrar.clone());
    let mut opened = endpoint.open(&head).await;
    if let HeadDecision::ReadBody(body) = &mut opened {
        assert_eq!(body.push(CANARY.as_bytes()), BodyProgress::More);
    }
    show(&opened);
    let sent = format!(r#"{{"redirect_uris": ["https://u:{CANARY}@a.example"]}}"#);
    show(&RegistrationRequest::from_json(sent.as_bytes()).unwrap());

    // The same id again: the store refuses, and the error does not contain the secret.
    let admission = registrar
        .admit(TenantSelector::Host(None), Signals::new())
        .await
        .unwrap();
    show(&admission.register(request).await.unwrap_err());
    show(&RegistrationEndpoint::new(registrar));

    drop(guard);
    shown.extend(events.0.lock().unwrap().iter().cloned());
    shown.push(log.0.lock().unwrap().clone());
    let shown = shown.join("\n");
    assert!(shown.contains("the log is kept") && shown.contains("Registered"));
    assert!(shown.contains("change: Secret") && shown.contains("change: Metadata"));
    assert!(!shown.contains(CANARY), "{shown}");
    // As a list of numbers, the form in which `Debug` shows bytes.
    assert!(!shown.contains("98, 87, 49, 116"), "{shown}");
    assert!(
        !shown.contains(&digest) && !shown.contains(&digest[7..]),
        "{shown}"
    );
}

#[tokio::test]
async fn secret_is_only_in_the_201_over_http() {
    let log = Log::default();
    let guard = tracing::subscriber::set_default(tracing_subscriber::registry().with(log.clone()));
    let registrar = Registrar::builder(MemoryStore::new())
        .tenant(tenant())
        .random(Constant(b'm'))
        .build()
        .unwrap();
    let server = Server::start(registrar).await;
    let request = || {
        Request::post("/oidc/register")
            .header("content-type", "application/json")
            .body(br#"{"redirect_uris": ["https://app.example.com/callback"]}"#.to_vec())
            .unwrap()
    };
    let created = server.send(request()).await;
    let body = String::from_utf8(created.body().to_vec()).unwrap();
    assert_eq!(body.matches(CANARY).count(), 1);
    assert!(!format!("{:?}", created.headers()).contains(CANARY));

    // Its id is now taken and stays taken.
    let refused = server.send(request()).await;
    assert_eq!(refused.status(), 503);
    assert!(!format!("{refused:?}").contains(CANARY));
    drop(guard);
    assert!(!log.0.lock().unwrap().contains(CANARY));
}
