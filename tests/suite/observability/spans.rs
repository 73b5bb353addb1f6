//! The spans of registrations, as a subscriber sees them.

use std::sync::Arc;

use http::{Method, Request};
use oauth_dcr::{
    Registrar, RegistrarBuilder, RegistrationEndpoint, RegistrationRequest, TenantId, Tenants,
    acl::Signals,
    endpoint::{BodyProgress, HeadDecision},
    settings::SettingsDocument,
    tenants::TenantSelector,
    tracing::TracingEvents,
};
use serde_json::{Value, json};
use tracing::{Level, instrument::WithSubscriber as _};

use super::tracing::{Collected, Collector, fields};
use crate::{faulty_store::FaultyStore, support::broken::Failing};

const WAITS: [&str; 4] = [
    "tenants.find",
    "initial_access.verify",
    "limiter.acquire",
    "store.insert",
];

/// Tenants `t0` to `t9`.
fn tenants() -> Tenants {
    let tenants: Vec<Value> = (0..10)
        .map(|at| {
            json!({
                "id": format!("t{at}"), "hosts": [format!("t{at}.example")],
                "registration": { "enabled": true },
            })
        })
        .collect();
    let document = json!({ "tenants": tenants }).to_string();
    Tenants::new(SettingsDocument::from_json(&document).unwrap())
}

fn builder() -> RegistrarBuilder {
    let store = FaultyStore {
        yields: true,
        ..FaultyStore::default()
    };
    let builder = Registrar::builder(store).tenants(tenants());
    builder.events(TracingEvents::new()).initial_access(Open)
}

/// Admits every request after a wait.
struct Open;

impl oauth_dcr::registration::InitialAccess for Open {
    async fn verify(
        &self,
        _: &TenantId,
        _: Option<&str>,
    ) -> Result<oauth_dcr::registration::InitialAccessOutcome, oauth_dcr::BackendError> {
        tokio::task::yield_now().await;
        Ok(oauth_dcr::registration::InitialAccessOutcome::Granted)
    }
}

/// Registers with the tenant `t{at}`, and returns the id of the client.
async fn register(registrar: &Registrar, at: usize) -> Option<String> {
    let tenant = TenantId::parse(&format!("t{at}")).unwrap();
    let selector = TenantSelector::Id(&tenant);
    let admission = registrar.admit(selector, Signals::new()).await.ok()?;
    tokio::task::yield_now().await;
    let request = RegistrationRequest::new(["https://app.example.com/callback"]);
    let registered = admission.register(request).await.ok()?;
    Some(registered.client().id().to_string())
}

async fn traced(registrar: &Registrar, at: usize) -> (Option<String>, Collected) {
    let collector = Collector::default();
    let registering = register(registrar, at);
    let id = registering.with_subscriber(collector.subscriber()).await;
    (id, collector.take())
}

#[tokio::test]
async fn each_wait_has_a_span_within_its_registration() {
    let (id, seen) = traced(&builder().build().unwrap(), 3).await;
    let [registration, waits @ ..] = &*seen.spans else {
        panic!("{seen:?}");
    };
    assert_eq!(registration.name, "registration");
    assert_eq!(
        (&*registration.target, registration.level),
        ("oauth_dcr", Level::INFO)
    );
    let id = id.unwrap();
    let expected = [
        ("client_id", &*id),
        ("outcome", "registered"),
        ("tenant", "t3"),
    ];
    assert_eq!(registration.fields, fields(expected));
    assert_eq!(waits.iter().map(|it| it.name).collect::<Vec<_>>(), WAITS);
    for wait in waits {
        assert_eq!((&*wait.target, wait.level), ("oauth_dcr", Level::DEBUG));
        assert_eq!(wait.parent, Some(registration.id));
        assert!(wait.fields.is_empty() && wait.is_closed);
    }
    assert!(registration.is_closed);
    // The store reports the stored client before it answers.
    let insert = waits.last().unwrap();
    assert_eq!(seen.events.len(), 1);
    assert_eq!(seen.events[0].parent, Some(insert.id));
}

#[tokio::test]
async fn refusal_records_its_error_on_the_span() {
    let unknown = traced(&builder().build().unwrap(), 10).await.1;
    let expected = [("error", "unknown_tenant"), ("outcome", "refused")];
    assert_eq!(unknown.spans[0].fields, fields(expected));
    assert_eq!(unknown.spans.len(), 2);

    let failed = traced(&builder().limiter(Failing).build().unwrap(), 1)
        .await
        .1;
    let expected = [
        ("error", "backend"),
        ("outcome", "failed"),
        ("tenant", "t1"),
    ];
    assert_eq!(failed.spans[0].fields, fields(expected));
    assert_eq!(failed.events[0].parent, Some(failed.spans[0].id));
}

/// The status of the answer to a request over HTTP. A body of `None` is interrupted.
async fn status(method: Method, host: &str, media_type: &str, body: Option<&[u8]>) -> u16 {
    let endpoint = RegistrationEndpoint::new(builder().build().unwrap());
    let request = Request::builder().method(method).uri("/oidc/register");
    let request = request
        .header("host", host)
        .header("content-type", media_type);
    let (head, ()) = request.body(()).unwrap().into_parts();
    let response = match (endpoint.open(&head).await, body) {
        (HeadDecision::Respond(response), _) => response,
        (HeadDecision::ReadBody(admitted), None) => admitted.abandon(),
        (HeadDecision::ReadBody(mut admitted), Some(body)) => {
            assert_eq!(admitted.push(body), BodyProgress::More);
            admitted.finish().await
        }
    };
    response.status().as_u16()
}

#[tokio::test]
async fn each_refusal_is_recorded_once() {
    let (json, post) = ("application/json", Method::POST);
    let whole = Some(&b"[]"[..]);
    for (method, host, media_type, body, expected, kind, tenant) in [
        // Before the tenant is known.
        (&post, "no host", json, whole, 400, "invalid_host", None),
        (
            &post,
            "t10.example",
            json,
            whole,
            404,
            "unknown_tenant",
            None,
        ),
        // Before the request is admitted.
        (
            &Method::GET,
            "t1.example",
            json,
            whole,
            405,
            "method_not_allowed",
            Some("t1"),
        ),
        // After admission: before the body is read, while it is read, and when it has been read.
        (
            &post,
            "t1.example",
            "text/plain",
            whole,
            415,
            "unsupported_media_type",
            Some("t1"),
        ),
        (
            &post,
            "t1.example",
            json,
            None,
            400,
            "body_incomplete",
            Some("t1"),
        ),
        (&post, "t1.example", json, whole, 400, "decode", Some("t1")),
    ] {
        let collector = Collector::default();
        let answered = status(method.clone(), host, media_type, body);
        let answered = answered.with_subscriber(collector.subscriber()).await;
        assert_eq!(answered, expected, "{kind}");
        let seen = collector.take();
        let mut wanted = fields([("error", kind), ("outcome", "refused")]);
        wanted.extend(tenant.map(|tenant| ("tenant".to_owned(), tenant.to_owned())));
        assert_eq!(seen.spans[0].fields, wanted);
        let parents: Vec<_> = seen.events.iter().map(|it| it.parent).collect();
        assert_eq!(parents, [Some(seen.spans[0].id)], "{kind}");
    }
}

#[tokio::test]
async fn logs_of_ports_are_within_their_spans() {
    /// Waits, and then logs the call.
    struct Chatty;
    impl oauth_dcr::rate_limit::RateLimiter for Chatty {
        async fn acquire(
            &self,
            _: oauth_dcr::rate_limit::RateKey<'_>,
            quota: oauth_dcr::rate_limit::Quota,
        ) -> Result<oauth_dcr::rate_limit::RateDecision, oauth_dcr::BackendError> {
            tokio::task::yield_now().await;
            tracing::info!("asked");
            Ok(oauth_dcr::rate_limit::RateDecision::admitted(quota, 1))
        }
    }
    let seen = traced(&builder().limiter(Chatty).build().unwrap(), 1)
        .await
        .1;
    let wait = seen
        .spans
        .iter()
        .find(|it| it.name == "limiter.acquire")
        .unwrap();
    assert_eq!(seen.events[0].fields["message"], "asked");
    assert_eq!(seen.events[0].parent, Some(wait.id));
}

#[tokio::test]
async fn parallel_registrations_keep_their_spans() {
    let registrar = Arc::new(builder().build().unwrap());
    let collector = Collector::default();
    let guard = tracing::subscriber::set_default(collector.subscriber());
    let all: Vec<_> = (0..50)
        .map(|at| {
            let registrar = Arc::clone(&registrar);
            tokio::spawn(async move { (at % 10, register(&registrar, at % 10).await) })
        })
        .collect();
    let mut expected = Vec::new();
    for one in all {
        let (tenant, id) = one.await.unwrap();
        expected.push((format!("t{tenant}"), id.unwrap()));
    }
    drop(guard);
    let seen = collector.take();
    // All of them started before one ended; otherwise the test would prove nothing.
    let first_end = seen
        .spans
        .iter()
        .position(|it| it.name == "store.insert")
        .unwrap();
    let begun = seen.spans[..first_end]
        .iter()
        .filter(|it| it.name == "registration");
    assert_eq!(begun.count(), 50);

    let roots = seen.spans.iter().filter(|it| it.name == "registration");
    let mut pairs: Vec<_> = roots
        .clone()
        .map(|it| (it.fields["tenant"].clone(), it.fields["client_id"].clone()))
        .collect();
    expected.sort();
    pairs.sort();
    assert_eq!(pairs, expected);
    for root in roots {
        let children = seen.spans.iter().filter(|it| it.parent == Some(root.id));
        let children: Vec<_> = children.collect();
        assert_eq!(children.iter().map(|it| it.name).collect::<Vec<_>>(), WAITS);
        let insert = children.last().unwrap().id;
        let mut events = seen.events.iter();
        let event = events.find(|it| it.parent == Some(insert)).unwrap();
        for field in ["tenant", "client_id"] {
            assert_eq!(event.fields[field], root.fields[field]);
        }
    }
}

#[tokio::test]
async fn abandoned_registration_ends_without_an_outcome() {
    let registrar = builder().build().unwrap();
    let collector = Collector::default();
    let guard = tracing::subscriber::set_default(collector.subscriber());
    let mut registering = Box::pin(register(&registrar, 1));
    let waker = std::task::Waker::noop();
    let polled = registering
        .as_mut()
        .poll(&mut std::task::Context::from_waker(waker));
    assert!(polled.is_pending());
    drop(registering);
    drop(guard);
    let seen = collector.take();
    assert_eq!(seen.spans[0].fields, fields([("tenant", "t1")]));
    assert!(seen.spans[0].is_closed && seen.events.is_empty());
}
