//! A client reads each parameter of a response once, whatever its redirect URI contains.

use oauth_dcr::{
    Client, Timestamp,
    authorization::{AuthorizationDecision, AuthorizationResponse, Delivery, Issued, LinkTarget},
    types::ErrorRedirectPolicy,
};
use proptest::{collection, prelude::*, sample};
use url::{Url, form_urlencoded};

use super::{Pairs, authorize, location, refused, with};
use crate::{
    properties::config,
    support::{clients::Stored, tenants::t1},
};

const RESPONSE_PARAMETERS: [&str; 13] = [
    "code",
    "state",
    "iss",
    "error",
    "error_description",
    "error_uri",
    "access_token",
    "id_token",
    "token_type",
    "expires_in",
    "scope",
    "session_state",
    "response",
];

type OwnedPairs = Vec<(String, String)>;

fn client_at(uri: &str) -> Client {
    Stored::public("tpc_A1").redirect_uris(&[uri]).client()
}

fn request(uri: &str, mode: &str, state: Option<&str>) -> Pairs {
    let mut pairs = with("redirect_uri", uri);
    pairs.retain(|(name, _)| *name != "state");
    pairs.push(("response_mode", mode.to_owned()));
    pairs.extend(state.map(|state| ("state", state.to_owned())));
    pairs
}

fn decision(uri: &str, mode: &str, state: Option<&str>) -> AuthorizationDecision {
    authorize(&t1(), &client_at(uri), request(uri, mode, state)).unwrap()
}

fn approved(uri: &str, mode: &str, state: Option<&str>) -> AuthorizationResponse {
    decision(uri, mode, state)
        .approve()
        .response(Issued::code("c"))
}

#[test]
fn registered_query_never_overrides_a_response_parameter() {
    let site = "https://app.example.com/cb";
    let answer = "code=c&state=s-1&iss=https%3A%2F%2Fauth.example.com";
    for (query, kept) in [
        ("?state=fixed", "?"),
        ("?env=prod&state=fixed", "?env=prod&"),
        ("?%73tate=fixed&env=%7e+~", "?env=%7e+~&"),
        ("?code&iss=x&x&y=", "?x&y=&"),
        ("?", "?"),
        ("?x=1&", "?x=1&"),
        ("?x=1&&y", "?x=1&&y&"),
        ("?x=1&state=fixed&", "?x=1&"),
        ("", "?"),
    ] {
        let response = approved(&format!("{site}{query}"), "query", Some("s-1"));
        assert_eq!(
            location(&response),
            format!("{site}{kept}{answer}"),
            "{query}"
        );
    }
}

#[test]
fn registered_state_stays_if_none_was_requested() {
    let uri = "https://app.example.com/cb?state=fixed&code=x";
    let left = "https://app.example.com/cb?state=fixed";
    let twice = format!("{uri}&st%61te=other&state");
    assert_eq!(approved(&twice, "form_post", None).redirect_uri(), left);
    let sent = location(&approved(uri, "query", None));
    assert_eq!(
        sent,
        format!("{left}&code=c&iss=https%3A%2F%2Fauth.example.com")
    );
    // `state=` counts as absent.
    assert_eq!(location(&approved(uri, "query", Some(""))), sent);
    assert_eq!(approved(uri, "form_post", None).redirect_uri(), left);
    // A state that cannot be sent back was requested nevertheless.
    let redirecting = client_at(uri).with_error_redirect_policy(ErrorRedirectPolicy::AllowAlways);
    for state in ["a\0b", &"s".repeat(5000)] {
        let refusal = refused(&t1(), &redirecting, request(uri, "query", Some(state)));
        let sent = location(refusal.response().unwrap());
        assert!(!sent.contains("state="), "{sent}");
    }
}

#[test]
fn code_is_bound_to_the_requested_uri() {
    let uri = "https://app.example.com/cb?state=fixed&x";
    let decision = decision(uri, "query", Some("s-1"));
    assert_eq!(decision.redirect_uri().as_str(), uri);
    let now = Timestamp::from_unix_seconds(0);
    let lifetime = std::time::Duration::from_mins(1);
    let binding = decision.approve().code_binding(now, lifetime).unwrap();
    assert_eq!(binding.redirect_uri().as_str(), uri);
}

/// Everything that a client can read from a response, decoded: the query, and the fragment or the
/// form.
fn read(response: &AuthorizationResponse) -> OwnedPairs {
    let (uri, form): (String, OwnedPairs) = match response.delivery() {
        Delivery::Redirect(location) => (location, Vec::new()),
        Delivery::Form => {
            let fields = response.parameters();
            let fields = fields.map(|(name, value)| (name.to_owned(), value.to_owned()));
            (response.redirect_uri().to_owned(), fields.collect())
        }
    };
    let url = Url::parse(&uri).unwrap();
    let fragment = form_urlencoded::parse(url.fragment().unwrap_or_default().as_bytes());
    let pairs = url.query_pairs().chain(fragment);
    let pairs = pairs.map(|(name, value)| (name.into_owned(), value.into_owned()));
    pairs.chain(form).collect()
}

/// The values under `name`.
fn values<'a>(pairs: &'a OwnedPairs, name: &str) -> Vec<&'a str> {
    let found = pairs.iter().filter(|(known, _)| known == name);
    found.map(|(_, value)| value.as_str()).collect()
}

/// The pairs whose names are not response parameters.
fn others(pairs: impl IntoIterator<Item = (String, String)>) -> OwnedPairs {
    let pairs = pairs.into_iter();
    pairs
        .filter(|(name, _)| !RESPONSE_PARAMETERS.contains(&name.as_str()))
        .collect()
}

fn registered_others(uri: &str) -> OwnedPairs {
    others(Url::parse(uri).unwrap().query_pairs().into_owned())
}

/// The first `state` in the query of the registered `uri`.
fn registered_state(uri: &str) -> Option<String> {
    let url = Url::parse(uri).unwrap();
    let mut pairs = url.query_pairs();
    let state = pairs.find(|(name, _)| name == "state");
    state.map(|(_, value)| value.into_owned())
}

fn denied(uri: &str, mode: &str, state: Option<&str>) -> AuthorizationResponse {
    let client = client_at(uri).with_error_redirect_policy(ErrorRedirectPolicy::AllowAlways);
    let decision = authorize(&t1(), &client, request(uri, mode, state)).unwrap();
    decision.deny().response().unwrap().clone()
}

#[test]
fn every_response_names_the_issuer_once() {
    let uri = "https://app.example.com/cb?iss=https://evil.example&%69ss";
    for mode in ["query", "fragment", "form_post"] {
        for response in [approved(uri, mode, Some("s-1")), denied(uri, mode, None)] {
            let sent = read(&response);
            assert_eq!(values(&sent, "iss"), ["https://auth.example.com"], "{mode}");
        }
    }
}

fn empty_pairs(uri: &str) -> usize {
    let query = uri.split_once('?').map(|(_, query)| query);
    let pairs = query.into_iter().flat_map(|query| query.split('&'));
    pairs.filter(|pair| pair.is_empty()).count()
}

fn pair() -> impl Strategy<Value = String> {
    let names = RESPONSE_PARAMETERS.into_iter().chain([
        "", "x", "env", "State", "st%61te", "%63ode", "cod%65", "i%73s", "sta+te", "+state",
        "code%20", "%2563ode", "err%6Fr", "%C3%A9", "st%FFate",
    ]);
    let names = sample::select(names.collect::<Vec<_>>());
    let values = sample::select(vec![
        "",
        "=",
        "=1",
        "=%7E+~",
        "=a=b",
        "=%26x%3D1",
        "=?state=2",
    ]);
    (names, values).prop_map(|(name, value)| format!("{name}{value}"))
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn each_response_parameter_is_read_once(
        registered in collection::vec(pair(), 0..7),
        mode in sample::select(vec!["query", "fragment", "form_post"]),
        state in sample::select(vec![None, Some("s-1")]),
        is_denied in any::<bool>(),
        base in sample::select(vec!["https://app.example.com/cb", "com.example.app:/cb"]),
    ) {
        let uri = format!("{base}?{}", registered.join("&"));
        let (response, own) = if is_denied {
            (denied(&uri, mode, state), ("error", "access_denied"))
        } else {
            (approved(&uri, mode, state), ("code", "c"))
        };
        let sent = read(&response);
        for name in RESPONSE_PARAMETERS {
            let times = values(&sent, name).len();
            prop_assert!(times <= 1, "{} occurs {} times: {}", name, times, uri);
        }
        let state = state.map(str::to_owned).or_else(|| registered_state(&uri));
        prop_assert_eq!(values(&sent, "state"), Vec::from_iter(state.as_deref()), "{}", uri);
        prop_assert_eq!(values(&sent, "iss"), ["https://auth.example.com"], "{}", uri);
        prop_assert_eq!(values(&sent, own.0), [own.1], "{}", uri);
        prop_assert_eq!(others(sent), registered_others(&uri), "{}", uri);
        prop_assert!(empty_pairs(response.redirect_uri()) <= empty_pairs(&uri), "{}", uri);
        if let Delivery::Redirect(location) = response.delivery() {
            let (location, _) = location.split_once('#').unwrap_or((&location, ""));
            prop_assert!(empty_pairs(location) <= empty_pairs(&uri), "{}", uri);
        }
    }

    #[test]
    fn link_and_redirect_have_the_same_parameters(registered in collection::vec(pair(), 0..7)) {
        let uri = format!("https://app.example.com/cb?{}", registered.join("&"));
        let decide = |policy| {
            let client = client_at(&uri).with_error_redirect_policy(policy);
            authorize(&t1(), &client, request(&uri, "query", Some("s-1"))).unwrap()
        };
        let sent = decide(ErrorRedirectPolicy::AllowAlways).deny();
        let offered = decide(ErrorRedirectPolicy::OpenRedirectProtection).deny();
        let anchor = LinkTarget::Anchor(location(sent.response().unwrap()));
        prop_assert_eq!(offered.link().unwrap().target(), anchor);
    }
}
