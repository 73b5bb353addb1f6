//! Who is told if the user denies the request, and the link that a page offers.

use oauth_dcr::{
    Client,
    access::AccessError,
    authorization::{
        AuthorizationDecision, AuthorizationError as Error, AuthorizationRefusal, Delivery,
        LinkTarget,
    },
    redirect_uri::Destination,
    types::ErrorRedirectPolicy,
};

use super::{
    after_the_redirect_uri, authorize, before_the_redirect_uri, location, refused, with, without,
};
use crate::support::{clients::Stored, tenants::t1};

const ON_THE_DEVICE: [&str; 4] = [
    "http://127.0.0.1:51004/cb",
    "http://[::1]/cb",
    "http://localhost:8080/cb",
    "com.example.app:/cb",
];

const IN_THE_BROWSER: [&str; 2] = [
    "https://app.example.com/callback",
    "https://localhost:3005/cb",
];

fn client_at(uri: &str) -> Client {
    Stored::public("tpc_A1").redirect_uris(&[uri]).client()
}

fn decision_at(uri: &str, policy: ErrorRedirectPolicy) -> AuthorizationDecision {
    let client = client_at(uri).with_error_redirect_policy(policy);
    authorize(&t1(), &client, with("redirect_uri", uri)).unwrap()
}

#[test]
fn a_denial_redirects_to_programs_on_the_device() {
    for uri in ON_THE_DEVICE {
        let refusal = decision_at(uri, ErrorRedirectPolicy::OpenRedirectProtection).deny();
        assert_eq!(refusal.error(), Error::Denied);
        let sent = location(refusal.response().unwrap());
        assert!(
            sent.starts_with(&format!("{uri}?error=access_denied&")),
            "{sent}"
        );
        assert!(sent.contains("&state=s-1&iss="), "{sent}");
        assert_eq!(refusal.link(), None);
    }
}

#[test]
fn https_client_gets_a_denial_page_with_link() {
    for uri in IN_THE_BROWSER {
        let refusal = decision_at(uri, ErrorRedirectPolicy::OpenRedirectProtection).deny();
        assert_eq!((refusal.error(), refusal.response()), (Error::Denied, None));
        let LinkTarget::Anchor(anchor) = refusal.link().unwrap().target() else {
            panic!("a form");
        };
        let expected = format!(
            "{uri}?error=access_denied&error_description=access+was+denied\
             &state=s-1&iss=https%3A%2F%2Fauth.example.com"
        );
        assert_eq!(anchor, expected);
    }
}

#[test]
fn denial_redirects_if_the_owner_always_allows_it() {
    for uri in IN_THE_BROWSER.into_iter().chain(ON_THE_DEVICE) {
        let refusal = decision_at(uri, ErrorRedirectPolicy::AllowAlways).deny();
        let sent = location(refusal.response().unwrap());
        assert!(
            sent.starts_with(&format!("{uri}?error=access_denied&")),
            "{sent}"
        );
        assert_eq!(refusal.link(), None);
    }
}

#[test]
fn host_failure_never_redirects_automatically() {
    for uri in IN_THE_BROWSER.into_iter().chain(ON_THE_DEVICE) {
        let decision = decision_at(uri, ErrorRedirectPolicy::OpenRedirectProtection);
        for error in [Error::Denied, Error::ServerError, Error::LoginRequired] {
            let refusal = decision.refuse(error);
            assert_eq!(refusal.response(), None, "{uri}: {error}");
            assert!(refusal.link().is_some(), "{uri}: {error}");
        }
    }
}

#[test]
fn faulty_request_of_a_program_never_redirects_automatically() {
    for uri in ON_THE_DEVICE {
        let mut pairs = with("redirect_uri", uri);
        pairs.retain(|(name, _)| *name != "code_challenge");
        let refusal = refused(&t1(), &client_at(uri), pairs);
        assert_eq!(refusal.response(), None, "{uri}");
        assert!(refusal.link().is_some(), "{uri}");
    }
}

#[test]
fn error_before_the_redirect_uri_has_no_link() {
    let before = before_the_redirect_uri();
    let mut errors: Vec<Error> = before.into_iter().map(|(_, _, error, _)| error).collect();
    errors.extend([
        Error::Unreadable,
        Error::LocalhostPort,
        Error::LoopbackPort,
        AccessError::NotForClient.into(),
    ]);
    for policy in [
        ErrorRedirectPolicy::OpenRedirectProtection,
        ErrorRedirectPolicy::AllowAlways,
    ] {
        let decision = decision_at(ON_THE_DEVICE[0], policy);
        for &error in &errors {
            let refusal = decision.refuse(error);
            let sent = (refusal.response(), refusal.link());
            assert_eq!(sent, (None, None), "{error:?}");
        }
    }
}

#[test]
fn error_after_the_redirect_uri_has_a_link() {
    let decision = decision_at(
        IN_THE_BROWSER[0],
        ErrorRedirectPolicy::OpenRedirectProtection,
    );
    for (_, error, _) in after_the_redirect_uri() {
        assert!(decision.refuse(error).link().is_some(), "{error:?}");
    }
}

#[test]
fn removed_client_is_told_where_to_register() {
    let mut tenant = t1();
    let refusal = AuthorizationRefusal::unknown_client(&tenant);
    assert_eq!(refusal.error(), Error::UnknownClient);
    assert_eq!((refusal.response(), refusal.link()), (None, None));
    let endpoint = tenant.registration_endpoint();
    assert!(endpoint.is_some());
    assert_eq!(refusal.registration_endpoint(), endpoint.as_deref());
    tenant.registration.enabled = false;
    let refusal = AuthorizationRefusal::unknown_client(&tenant);
    assert_eq!(refusal.registration_endpoint(), None);
}

#[test]
fn link_shows_its_target() {
    let of = |uri| {
        let decision = decision_at(uri, ErrorRedirectPolicy::OpenRedirectProtection);
        decision.refuse(Error::ServerError).link().unwrap().clone()
    };
    assert_eq!(
        of("https://app.example.com/cb?state=1").destination(),
        Destination::Site("app.example.com")
    );
    assert_eq!(
        of("http://127.0.0.1:51004/cb").destination(),
        Destination::Device("127.0.0.1")
    );
    assert_eq!(
        of("com.example.app:/cb").destination(),
        Destination::App("com.example.app")
    );
}

#[test]
fn debug_of_a_link_shows_no_state() {
    for mode in ["query", "fragment", "form_post"] {
        let uri = IN_THE_BROWSER[0];
        let mut pairs = with("redirect_uri", uri);
        pairs.push(("response_mode", mode.to_owned()));
        pairs.retain(|(name, _)| *name != "state");
        pairs.push(("state", "s-hidden".to_owned()));
        let refusal = authorize(&t1(), &client_at(uri), pairs).unwrap().deny();
        let link = refusal.link().unwrap();
        let shown = format!("{link:?} {:?}", link.target());
        assert!(!shown.contains("s-hidden"), "{mode}: {shown}");
    }
}

#[test]
fn denial_and_link_keep_the_response_mode() {
    let denied = |uri, mode| {
        let mut pairs = with("redirect_uri", uri);
        pairs.push(("response_mode", String::from(mode)));
        authorize(&t1(), &client_at(uri), pairs).unwrap().deny()
    };
    let [device, site] = [ON_THE_DEVICE[0], IN_THE_BROWSER[0]];
    let refusal = denied(device, "fragment");
    let sent = location(refusal.response().unwrap());
    assert!(
        sent.starts_with(&format!("{device}#error=access_denied&")),
        "{sent}"
    );
    let refusal = denied(device, "form_post");
    assert_eq!(refusal.response().unwrap().delivery(), Delivery::Form);

    let refusal = denied(site, "fragment");
    let LinkTarget::Anchor(anchor) = refusal.link().unwrap().target() else {
        panic!("a form");
    };
    assert!(
        anchor.starts_with(&format!("{site}#error=access_denied&")),
        "{anchor}"
    );
    let refusal = denied(site, "form_post");
    let LinkTarget::Form { action, fields } = refusal.link().unwrap().target() else {
        panic!("an anchor");
    };
    assert_eq!(action, site);
    let iss = ("iss", "https://auth.example.com");
    let description = ("error_description", "access was denied");
    let expected = [
        ("error", "access_denied"),
        description,
        ("state", "s-1"),
        iss,
    ];
    assert_eq!(fields, expected);
}

#[test]
fn denial_of_a_stateless_request_has_no_state() {
    let client = client_at(IN_THE_BROWSER[0]);
    let refusal = authorize(&t1(), &client, without("state")).unwrap().deny();
    let LinkTarget::Anchor(anchor) = refusal.link().unwrap().target() else {
        panic!("a form");
    };
    assert!(!anchor.contains("state="), "{anchor}");
}
