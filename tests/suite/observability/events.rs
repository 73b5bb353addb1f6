//! The contents of events, and which sinks get them.

use std::{
    net::IpAddr,
    sync::{Arc, Mutex},
    time::Duration,
};

use http::Request;
use oauth_dcr::{
    MemoryStore, PeerAddress, Registrar, RegistrationEndpoint, RegistrationRequest, TenantSettings,
    acl::Signals,
    endpoint::{BodyProgress, HeadDecision},
    events::{Event, EventSink},
    tenants::TenantSelector,
};
use serde_json::json;

use super::every_event::{CANARY, SOURCE, contains_secret, provoke};
use crate::support::{broken::Recorder, clock::ManualClock};

/// The outcome, source and duration of each registration.
#[derive(Default)]
struct Outcomes(Mutex<Vec<Reported>>);

/// The outcome, source and duration of an event.
type Reported = (Option<&'static str>, Option<IpAddr>, Option<Duration>);

impl EventSink for Outcomes {
    fn record(&self, event: &Event<'_>) {
        let outcome = (event.outcome(), event.source(), event.took());
        self.0.lock().unwrap().push(outcome);
    }
}

impl Outcomes {
    fn take(&self) -> Vec<(&'static str, Option<IpAddr>, u128)> {
        let outcomes = std::mem::take(&mut *self.0.lock().unwrap());
        let ended = outcomes.into_iter().filter_map(|(outcome, source, took)| {
            assert_eq!(outcome.is_some(), took.is_some());
            Some((outcome?, source, took?.as_millis()))
        });
        ended.collect()
    }
}

fn fixture() -> (Registrar, Arc<ManualClock>, Arc<Outcomes>) {
    let (clock, outcomes) = (Arc::new(ManualClock::new()), Arc::new(Outcomes::default()));
    let mut tenant = TenantSettings::new().enabled();
    tenant.registration.fold_identical = true;
    tenant.trusted_proxies = "127.0.0.0/8".parse::<ipnet::IpNet>().into_iter().collect();
    let registrar = Registrar::builder(MemoryStore::new())
        .tenant(tenant)
        .clock(Arc::clone(&clock))
        .events(Arc::clone(&outcomes))
        .build()
        .unwrap();
    (registrar, clock, outcomes)
}

/// A sink that panics at each event.
struct Panicking;

impl EventSink for Panicking {
    fn record(&self, _: &Event<'_>) {
        // Without the report of the panic hook.
        std::panic::resume_unwind(Box::new("out of order"));
    }
}

#[tokio::test]
async fn panicking_sink_loses_only_its_events() {
    let events = Arc::new(Recorder::default());
    let mut tenant = TenantSettings::new().enabled();
    tenant.registration.max_clients = std::num::NonZeroU64::new(1);
    let registrar = Registrar::builder(MemoryStore::new())
        .tenant(tenant)
        .events(Panicking)
        .events(Arc::clone(&events))
        .build()
        .unwrap();
    for uri in ["https://a.example/", "https://b.example/", "no URI"] {
        let selector = TenantSelector::Host(None);
        let admission = registrar.admit(selector, Signals::new()).await.unwrap();
        let registered = admission.register(RegistrationRequest::new([uri])).await;
        assert_eq!(registered.is_ok(), uri != "no URI");
    }
    let events = events.0.lock().unwrap();
    let kinds = events.iter().map(|event| event.split(' ').next().unwrap());
    let expected = ["Registered", "Removed", "Registered", "Refused"];
    assert_eq!(kinds.collect::<Vec<_>>(), expected);
}

#[tokio::test]
async fn duration_runs_from_head_to_outcome() {
    let (registrar, clock, outcomes) = fixture();
    let endpoint = RegistrationEndpoint::new(registrar);
    let head = || {
        let request = Request::post("/oidc/register")
            .header("content-type", "application/json")
            .header("x-forwarded-for", SOURCE)
            .extension(PeerAddress("127.0.0.1".parse().unwrap()));
        request.body(()).unwrap().into_parts().0
    };
    let source = Some(SOURCE.parse().unwrap());
    let body = json!({
        "redirect_uris": ["https://app.example.com/callback"],
        "token_endpoint_auth_method": "none",
    });
    let body = body.to_string();
    for (millis, pieces, outcome) in [
        (0, [&body[..9], &body[9..]], "registered"),
        (5_000, [&body[..9], &body[9..]], "folded"),
        (9_000, ["[", "]"], "refused"),
    ] {
        clock.set_millis(millis);
        let HeadDecision::ReadBody(mut admitted) = endpoint.open(&head()).await else {
            panic!("the request is not admitted");
        };
        for piece in pieces {
            assert_eq!(admitted.push(piece.as_bytes()), BodyProgress::More);
        }
        clock.set_millis(millis + 1_234);
        admitted.finish().await;
        assert_eq!(outcomes.take(), [(outcome, source, 1_234)]);
    }
    let mut get = head();
    get.method = http::Method::GET;
    let HeadDecision::Respond(_) = endpoint.open(&get).await else {
        panic!("the request is not answered from its head");
    };
    assert_eq!(outcomes.take(), [("refused", source, 0)]);
}

#[tokio::test]
async fn clock_that_steps_back_gives_no_negative_duration() {
    let (registrar, clock, outcomes) = fixture();
    clock.set_millis(1_000);
    let host = TenantSelector::Host(None);
    let signals = Signals::from_peer(SOURCE.parse().unwrap());
    let admission = registrar.admit(host, signals).await.unwrap();
    clock.set_millis(0);
    let request = RegistrationRequest::default();
    admission.register(request).await.unwrap_err();
    let source = Some(SOURCE.parse().unwrap());
    assert_eq!(outcomes.take(), [("refused", source, 0)]);
}

/// Writes its name into a shared list.
struct Named(&'static str, Arc<Mutex<Vec<&'static str>>>);

impl EventSink for Named {
    fn record(&self, _: &Event<'_>) {
        self.1.lock().unwrap().push(self.0);
    }
}

#[tokio::test]
async fn sinks_get_events_in_the_order_added() {
    let called = Arc::default();
    let registrar = Registrar::builder(MemoryStore::new())
        .events(Named("first", Arc::clone(&called)))
        .events(Named("second", Arc::clone(&called)))
        .build()
        .unwrap();
    let host = TenantSelector::Host(None);
    for _ in 0..2 {
        registrar.admit(host, Signals::new()).await.unwrap_err();
    }
    assert_eq!(
        *called.lock().unwrap(),
        ["first", "second", "first", "second"]
    );
}

#[tokio::test]
async fn list_can_hold_sinks_of_several_types() {
    let called = Arc::default();
    let named = |name| Named(name, Arc::clone(&called));
    let mut builder = Registrar::builder(MemoryStore::new());
    let boxed: Vec<Box<dyn EventSink>> = vec![
        Box::new(named("first")),
        Box::new(Arc::new(Outcomes::default())),
        Box::new(named("second")),
    ];
    for sink in boxed {
        builder = builder.events(sink);
    }
    let shared: Arc<dyn EventSink> = Arc::new(named("shared"));
    let registrar = builder.events(shared).build().unwrap();
    let host = TenantSelector::Host(None);
    registrar.admit(host, Signals::new()).await.unwrap_err();
    assert_eq!(*called.lock().unwrap(), ["first", "second", "shared"]);
}

#[tokio::test]
async fn no_event_shows_a_secret_or_refused_body() {
    let events = Arc::new(Recorder::default());
    provoke(&|builder| builder.events(Arc::clone(&events))).await;
    let events = events.0.lock().unwrap();
    let kinds: Vec<_> = events
        .iter()
        .map(|it| it.split(' ').next().unwrap())
        .collect();
    for kind in [
        "Registered",
        "Deduplicated",
        "Changed",
        "Unreadable",
        "Removed",
        "RuleMatched",
        "ClockDiffers",
        "Refused",
    ] {
        assert!(kinds.contains(&kind), "{kind}");
    }
    for event in events.iter() {
        assert!(!contains_secret(event), "{event}");
    }
    let refusals = events.iter().filter(|it| it.starts_with("Refused"));
    assert!(refusals.clone().count() > 15);
    assert!(refusals.into_iter().all(|event| !event.contains(CANARY)));
}
