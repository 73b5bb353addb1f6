//! A client reads each parameter of a response once, whatever it registered.

use oauth_dcr::{
    AuthorizationDecision, AuthorizationResponse, Client, Delivery, Issued, LinkTarget,
    RedirectionPolicy, Timestamp,
};
use proptest::{collection, prelude::*, sample};
use url::Url;

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
fn a_registered_response_parameter_gives_way() {
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
fn a_registered_state_stays_where_none_was_requested() {
    let uri = "https://app.example.com/cb?state=fixed&code=x";
    let left = "https://app.example.com/cb?state=fixed";
    let told = location(&approved(uri, "query", None));
    assert_eq!(
        told,
        format!("{left}&code=c&iss=https%3A%2F%2Fauth.example.com")
    );
    // `state=` counts as left out.
    assert_eq!(location(&approved(uri, "query", Some(""))), told);
    assert_eq!(approved(uri, "form_post", None).redirect_uri(), left);
    // A state that can't be sent back was requested all the same.
    let redirecting = client_at(uri).with_redirection_policy(RedirectionPolicy::AllowAlways);
    for state in ["a\0b", &"s".repeat(5000)] {
        let refusal = refused(&t1(), &redirecting, request(uri, "query", Some(state)));
        let told = location(refusal.response().unwrap());
        assert!(!told.contains("state="), "{told}");
    }
}

#[test]
fn the_code_is_bound_to_the_uri_as_it_was_requested() {
    let uri = "https://app.example.com/cb?state=fixed&x";
    let decision = decision(uri, "query", Some("s-1"));
    assert_eq!(decision.redirect_uri().as_str(), uri);
    let now = Timestamp::from_unix_seconds(0);
    let lifetime = std::time::Duration::from_mins(1);
    let binding = decision.approve().code_binding(now, lifetime).unwrap();
    assert_eq!(binding.redirect_uri().as_str(), uri);
}

/// The query of a response, decoded, and what is told beside it in a fragment or a form.
fn read(response: &AuthorizationResponse) -> (OwnedPairs, OwnedPairs) {
    let owned = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
    let told = response.parameters().map(owned).collect();
    let uri = match response.delivery() {
        Delivery::Redirect(location) => location,
        Delivery::Form => response.redirect_uri().to_owned(),
    };
    let url = Url::parse(&uri).unwrap();
    (url.query_pairs().into_owned().collect(), told)
}

/// What `query` has but for names of a response.
fn others(uri: &str, keeps_state: bool) -> OwnedPairs {
    let url = Url::parse(uri).unwrap();
    let pairs = url.query_pairs().into_owned();
    let is_other =
        |name: &str| !RESPONSE_PARAMETERS.contains(&name) || keeps_state && name == "state";
    pairs.filter(|(name, _)| is_other(name)).collect()
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
        let decision = decision(&uri, mode, state);
        let response = if is_denied {
            let policy = RedirectionPolicy::AllowAlways;
            let client = client_at(&uri).with_redirection_policy(policy);
            let decision = authorize(&t1(), &client, request(&uri, mode, state)).unwrap();
            decision.deny().response().unwrap().clone()
        } else {
            decision.approve().response(Issued::code("c"))
        };
        let (query, told) = read(&response);
        let mut expected = others(&uri, state.is_none());
        if mode == "query" {
            expected.extend(told);
        }
        prop_assert_eq!(query, expected, "{}", uri);
        prop_assert!(empty_pairs(response.redirect_uri()) <= empty_pairs(&uri), "{}", uri);
        if let Delivery::Redirect(location) = response.delivery() {
            let (location, _) = location.split_once('#').unwrap_or((&location, ""));
            prop_assert!(empty_pairs(location) <= empty_pairs(&uri), "{}", uri);
        }
    }

    #[test]
    fn a_link_is_read_as_a_redirect_is(registered in collection::vec(pair(), 0..7)) {
        let uri = format!("https://app.example.com/cb?{}", registered.join("&"));
        let decide = |policy| {
            let client = client_at(&uri).with_redirection_policy(policy);
            authorize(&t1(), &client, request(&uri, "query", Some("s-1"))).unwrap()
        };
        let sent = decide(RedirectionPolicy::AllowAlways).deny();
        let offered = decide(RedirectionPolicy::OpenRedirectProtection).deny();
        let anchor = LinkTarget::Anchor(location(sent.response().unwrap()));
        prop_assert_eq!(offered.link().unwrap().target(), anchor);
    }
}
