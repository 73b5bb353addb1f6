//! Registrations, their events and their answers.

use std::hint::black_box;

use allocation_counter::measure;
use bytes::Bytes;
use http_body_util::Full;
use oauth_dcr::{
    MemoryStore, Registrar, TenantSettings,
    acl::Signals,
    events::{Event, EventSink},
    tenants::TenantSelector,
    tower::RegistrationService,
};
use tokio::runtime;

use crate::ready;

/// The public client of the documentation, as a client sends it.
const BODY: &[u8] = br#"{
    "client_name": "My Dynamic Application",
    "redirect_uris": ["https://application.example.com/callback"],
    "token_endpoint_auth_method": "none",
    "grant_types": ["authorization_code", "refresh_token"],
    "response_types": ["code"]
}"#;

async fn register(registrar: &Registrar) -> usize {
    let host = TenantSelector::Host(Some("auth.example.com"));
    let admission = registrar.admit(host, Signals::new()).await.unwrap();
    admission
        .register_json(BODY)
        .await
        .unwrap()
        .into_json()
        .len()
}

#[test]
fn a_registration_allocates_at_most_35_times() {
    let registrar = Registrar::builder(MemoryStore::new())
        .tenant(TenantSettings::new().enabled())
        .build()
        .unwrap();
    // The first registration creates the tenant's tables.
    ready(register(&registrar));
    let counted = measure(|| {
        ready(register(&registrar));
    });
    assert!(
        counted.count_total <= 35,
        "{} allocations",
        counted.count_total
    );
    assert!(counted.bytes_total < 8_192, "{} bytes", counted.bytes_total);
}

/// Reads every event and stores nothing.
struct Reader;

impl EventSink for Reader {
    fn record(&self, event: &Event<'_>) {
        black_box((event.tenant(), event.outcome()));
    }
}

#[test]
fn an_event_allocates_nothing() {
    let builder = || {
        let mut tenant = TenantSettings::new().enabled();
        tenant.registration.rate_limit = None;
        Registrar::builder(MemoryStore::new()).tenant(tenant)
    };
    let counts = [builder(), builder().events(Reader).events(Reader)].map(|builder| {
        let registrar = builder.build().unwrap();
        ready(register(&registrar));
        let counted = measure(|| {
            ready(register(&registrar));
        });
        counted.count_total
    });
    assert_eq!(counts[0], counts[1]);
}

#[test]
fn an_answer_adds_at_most_11_allocations() {
    let registrar = Registrar::builder(MemoryStore::new())
        .tenant(TenantSettings::new().enabled())
        .build()
        .unwrap();
    let service = RegistrationService::new(registrar.clone());
    let answer = |request| {
        let response = ready(service.answer(request));
        assert_eq!(response.status(), 201);
    };
    let request = || {
        http::Request::post("/oidc/register")
            .header("host", "auth.example.com")
            .header("content-type", "application/json")
            .body(Full::new(Bytes::from_static(BODY)))
            .unwrap()
    };
    let runtime = runtime::Builder::new_current_thread().enable_time().build();
    let runtime = runtime.unwrap();
    let _entered = runtime.enter();
    answer(request());
    let registered = measure(|| {
        ready(register(&registrar));
    });
    let mut sent = Some(request());
    let answered = measure(|| answer(sent.take().unwrap()));
    let (registered, answered) = (registered.count_total, answered.count_total);
    assert!(
        answered <= registered + 11,
        "{answered} allocations, of which {registered} for the registration"
    );
}
