//! What refusals say to the developers of a client, and to the user at the browser.

use oauth_dcr::{
    Client, TenantSettings,
    access::AccessError,
    authorization::AuthorizationError as Error,
    settings::{ApiPolicy, ClientGrant, GrantedScope, Grantee},
};

use super::{
    after_the_redirect_uri, authorize, before_the_redirect_uri, client, good, refused, with,
    without,
};
use crate::support::{
    clients::Stored,
    tenants::{API, t1},
};

fn every_error() -> Vec<Error> {
    let before = before_the_redirect_uri()
        .into_iter()
        .map(|(_, _, error, _)| error);
    let after = after_the_redirect_uri()
        .into_iter()
        .map(|(_, error, _)| error);
    let others = [
        Error::Unreadable,
        Error::LocalhostPort,
        Error::LoopbackPort,
        Error::MalformedValue { parameter: "state" },
        Error::UnknownParameter,
        Error::ResponseTypeNotRegistered,
        Error::NonceRequired,
        Error::NoConnection,
        Error::Denied,
        Error::LoginRequired,
        Error::ServerError,
        Error::TemporarilyUnavailable,
        AccessError::NothingOpen.into(),
        AccessError::Closed.into(),
        AccessError::NoGrant.into(),
        AccessError::NotForClient.into(),
        AccessError::OtherApi.into(),
    ];
    before.chain(after).chain(others).collect()
}

#[test]
fn descriptions_have_only_characters_of_rfc_6749() {
    for error in every_error() {
        let text = error.to_string();
        let is_allowed = |it: u8| matches!(it, b' '..=b'!' | b'#'..=b'[' | b']'..=b'~');
        assert!(text.bytes().all(is_allowed), "{text}");
        assert!(!text.contains("  "), "{text}");
    }
}

#[test]
fn advice_is_a_few_complete_sentences() {
    for error in every_error() {
        let advice = error.advice();
        assert!(
            advice.ends_with('.') && !advice.contains("  "),
            "{error:?}: {advice}"
        );
        let words = advice.split(' ').count();
        assert!((8..=50).contains(&words), "{error:?}: {words} words");
        assert!(!advice.contains('_'), "{error:?}: {advice}");
    }
}

#[test]
fn advice_for_unknown_clients_is_to_add_them() {
    let gone = refused(&t1(), &client(), with("client_id", "tpc_GONE"));
    assert!(
        gone.error().advice().contains("remove the connection"),
        "{gone:?}"
    );
    assert!(gone.error().advice().contains("add it again"), "{gone:?}");
}

/// The description that a client gets if it requests `resource`, or no API.
fn error_of(tenant: &TenantSettings, client: &Client, resource: Option<&str>) -> Error {
    let pairs = resource.map_or_else(|| without("resource"), |it| with("resource", it));
    refused(tenant, client, pairs).error()
}

fn assert_not_to_blame(error: Error) {
    let advice = error.advice();
    assert!(
        advice.contains("has done nothing wrong"),
        "{error:?}: {advice}"
    );
    let text = error.to_string();
    assert!(
        text.contains("the application is not at fault"),
        "{error:?}: {text}"
    );
}

#[test]
fn closed_tenant_does_not_blame_the_client() {
    let mut tenant = t1();
    tenant.client_grants.clear();
    let error = error_of(&tenant, &client(), Some(API));
    assert_eq!(
        (error, error.code()),
        (AccessError::NoGrant.into(), "unauthorized_client")
    );
    assert_not_to_blame(error);
    let error = error_of(&tenant, &client(), None);
    assert_eq!(
        (error, error.code()),
        (AccessError::NothingOpen.into(), "invalid_request")
    );
    assert_not_to_blame(error);

    tenant = t1();
    for api in &mut tenant.apis {
        api.policy = ApiPolicy::Deny;
    }
    let error = error_of(&tenant, &client(), Some(API));
    assert_eq!(
        (error, error.code()),
        (AccessError::Closed.into(), "unauthorized_client")
    );
    assert_not_to_blame(error);
    assert_not_to_blame(error_of(&tenant, &client(), None));

    tenant = t1();
    tenant.connections.clear();
    let refusal = refused(&tenant, &client(), good());
    assert_not_to_blame(refusal.error());
}

#[test]
fn client_with_a_grant_must_name_the_api() {
    let mut tenant = t1();
    let own = Grantee::Client(client().id().clone());
    tenant.client_grants = vec![ClientGrant::new(own, API, GrantedScope::All)];
    assert_eq!(
        error_of(&tenant, &client(), None),
        AccessError::ApiRequired.into()
    );
    let other = Stored::public("tpc_B2").client();
    let mut pairs = without("resource");
    pairs.retain(|(name, _)| *name != "client_id");
    pairs.push(("client_id", "tpc_B2".to_owned()));
    let error = refused(&tenant, &other, pairs).error();
    assert_eq!(error, AccessError::NothingOpen.into());
}

#[test]
fn empty_grant_does_not_blame_the_client() {
    let own = || Grantee::Client(client().id().clone());
    let mut tenant = t1();
    tenant.client_grants = vec![ClientGrant::new(own(), API, GrantedScope::All)];
    let nothing_open = Error::from(AccessError::NothingOpen);

    let mut denied = tenant.clone();
    for api in &mut denied.apis {
        api.policy = ApiPolicy::Deny;
    }
    assert_eq!(error_of(&denied, &client(), None), nothing_open);

    let mut system = tenant.clone();
    for api in &mut system.apis {
        api.system = true;
    }
    assert_eq!(error_of(&system, &client(), None), nothing_open);

    let mut elsewhere = tenant.clone();
    elsewhere.client_grants[0].audience = "https://gone.example".into();
    assert_eq!(error_of(&elsewhere, &client(), None), nothing_open);

    // Two grants for one client are both ignored, and the default grant is replaced nevertheless.
    let mut two = tenant;
    two.client_grants = vec![
        ClientGrant::new(own(), API, GrantedScope::All),
        ClientGrant::new(own(), API, GrantedScope::Listed(Vec::new())),
        ClientGrant::new(Grantee::ThirdPartyClients, API, GrantedScope::All),
    ];
    assert_eq!(error_of(&two, &client(), None), nothing_open);
    assert_eq!(
        error_of(&two, &client(), Some(API)),
        AccessError::NoGrant.into()
    );
}

#[test]
fn descriptions_say_where_to_find_valid_values() {
    for resource in [Some("https://nowhere.example"), None] {
        let text = error_of(&t1(), &client(), resource).to_string();
        for word in ["resource", "audience", "protected_resources"] {
            assert!(text.contains(word), "{word}: {text}");
        }
    }
    let refusal = refused(&t1(), &client(), with("scope", "nothing"));
    assert!(
        refusal.to_string().contains("scopes_supported"),
        "{refusal}"
    );
}

#[test]
fn port_of_localhost_has_a_distinct_description() {
    let uris = [
        "http://localhost:8080/cb",
        "http://127.0.0.1:8080/cb",
        "https://localhost:8443/cb",
    ];
    let native = Stored::public("tpc_A1").redirect_uris(&uris).client();
    let error_of = |localhost: bool, literals: bool, uri: &str| {
        let mut tenant = t1();
        tenant.registration.redirect_uris.localhost_any_port = localhost;
        tenant.registration.redirect_uris.loopback_any_port = literals;
        let decided = authorize(&tenant, &native, with("redirect_uri", uri));
        decided.err().map(|refusal| refusal.error())
    };
    let [named, literal] = ["http://localhost:1/cb", "http://127.0.0.1:1/cb"];
    // This is the default.
    assert_eq!(error_of(false, true, named), Some(Error::LocalhostPort));
    assert_eq!(error_of(false, true, literal), None);
    assert_eq!(
        error_of(false, true, "http://localhost/cb"),
        Some(Error::LocalhostPort)
    );
    assert_eq!(
        error_of(false, true, "http://localhost:1/other"),
        Some(Error::RedirectUriNotRegistered)
    );
    assert_eq!(
        error_of(false, true, "http://localhost:0/cb"),
        Some(Error::RedirectUriNotRegistered)
    );
    // The port of 127.0.0.1 matters, too.
    assert_eq!(error_of(false, false, named), Some(Error::LoopbackPort));
    assert_eq!(error_of(true, false, literal), Some(Error::LoopbackPort));
    assert_eq!(error_of(true, false, named), None);
    // The port of an https URI always matters.
    assert_eq!(
        error_of(true, true, "https://localhost:1/cb"),
        Some(Error::LoopbackPort)
    );
    for error in [Error::LocalhostPort, Error::LoopbackPort] {
        assert_eq!(error.code(), "invalid_request");
    }
}

#[test]
fn stray_spaces_in_scope_are_ignored() {
    for scope in [
        " read:items",
        "read:items ",
        "  read:items   offline_access  ",
    ] {
        let decision = authorize(&t1(), &client(), with("scope", scope)).unwrap();
        assert_eq!(
            decision.access().scope().unwrap().as_str(),
            "read:items",
            "{scope:?}"
        );
    }
    let decision = authorize(&t1(), &client(), with("scope", "   ")).unwrap();
    assert_eq!(decision.access().scope(), None);
}
