//! What a registration asks of the allocator: counted, so that no machine is too slow to pass.

use std::{
    future::Future,
    pin::pin,
    task::{Context, Poll, Waker},
};

use allocation_counter::measure;
use oauth_dcr::{
    CodeChallenge, CodeVerifier, MemoryStore, Registrar, TenantSelector, TenantSettings,
    acl::Signals,
};

/// The public client of the documentation, as a client sends it.
const BODY: &[u8] = br#"{
    "client_name": "My Dynamic Application",
    "redirect_uris": ["https://application.example.com/callback"],
    "token_endpoint_auth_method": "none",
    "grant_types": ["authorization_code", "refresh_token"],
    "response_types": ["code"]
}"#;

/// Nothing waits on a store in memory, so the first poll is the last.
fn ready<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("the future waits"),
    }
}

async fn register(registrar: &Registrar) -> usize {
    let host = TenantSelector::Host(Some("auth.example.com"));
    let admission = registrar.admit(host, Signals::unknown()).await.unwrap();
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
        .build();
    // The first makes the tenant's tables.
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

#[test]
fn a_pkce_check_allocates_nothing() {
    let challenge = CodeChallenge::parse("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM").unwrap();
    let counted = measure(|| {
        let verifier = CodeVerifier::parse("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk").unwrap();
        assert!(challenge.verify(&verifier));
    });
    assert_eq!(counted.count_total, 0);
}
