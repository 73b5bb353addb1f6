//! Which parameters are accepted, which of them reach the host, and how often each may occur.

use oauth_dcr::{authorization::AuthorizationError as Error, settings::UnknownParameters};

use super::{authorize, client, good, redirecting, refused, twice, with};
use crate::support::{clients::Stored, tenants::t1};

/// The parameters that the host gets for every client.
const LEFT_TO_HOST: [&str; 15] = [
    "acr_values",
    "authorization_details",
    "claims_locales",
    "correlation_id",
    "display",
    "dpop_jkt",
    "ext-campaign",
    "issuer_state",
    "login_hint",
    "max_age",
    "registration",
    "ui_locales",
    "user_hint",
    "vtr",
    "wallet_issuer",
];

const REFUSED: [&str; 7] = [
    "claims",
    "id_token_hint",
    "invitation",
    "login_ticket",
    "request",
    "request_uri",
    "screen_hint",
];

/// Parameters of the token endpoint. They are wrong here, above all a secret in an address.
const OF_TOKEN_REQUESTS: [&str; 5] = [
    "client_secret",
    "code",
    "grant_type",
    "refresh_token",
    "code_verifier",
];

#[test]
fn parameter_without_a_value_counts_as_absent() {
    for policy in [UnknownParameters::Ignore, UnknownParameters::Reject] {
        let mut tenant = t1();
        tenant.unknown_authorize_parameters = policy;
        let names = REFUSED
            .into_iter()
            .chain(LEFT_TO_HOST)
            .chain(OF_TOKEN_REQUESTS);
        for name in names.chain(["foo", "ext-", "nonce", "prompt", "connection", "audience"]) {
            let mut pairs = twice(name, "");
            pairs.push((name, String::new()));
            let decision = authorize(&tenant, &client(), pairs).unwrap();
            assert_eq!(decision.parameter(name), None, "{name}");
        }
        for (name, _) in good() {
            assert!(
                authorize(&tenant, &client(), twice(name, "")).is_ok(),
                "{name}"
            );
        }
    }
}

#[test]
fn a_known_parameter_may_occur_once() {
    for name in LEFT_TO_HOST
        .into_iter()
        .chain(["prompt", "nonce", "connection", "audience"])
    {
        let mut pairs = with(name, "a");
        pairs.push((name, "a".to_owned()));
        let refusal = refused(&t1(), &redirecting(), pairs);
        let parameter = match name {
            "ext-campaign" => "an ext- parameter",
            name => name,
        };
        assert_eq!(refusal.error(), Error::Repeated { parameter });
        assert!(refusal.to_string().starts_with(parameter), "{refusal}");
    }
    for parameter in REFUSED {
        let mut pairs = with(parameter, "a");
        pairs.push((parameter, "b".to_owned()));
        let refusal = refused(&t1(), &redirecting(), pairs.clone());
        assert_eq!(refusal.error(), Error::NotSupported { parameter });
        // A permissive client may send some of them, once each.
        let permissive = Stored::public("tpc_A1").permissive().client();
        let error = refused(&t1(), &permissive, pairs).error();
        match parameter {
            "request" | "request_uri" => assert_eq!(error, Error::NotSupported { parameter }),
            _ => assert_eq!(error, Error::Repeated { parameter }),
        }
    }
}

#[test]
fn different_extensions_do_not_count_as_duplicates() {
    let mut pairs = with("ext-a", "1");
    pairs.push(("ext-b", "1".to_owned()));
    let decision = authorize(&t1(), &client(), pairs).unwrap();
    assert_eq!(decision.parameter("ext-a"), Some("1"));
    assert_eq!(decision.parameter("ext-b"), Some("1"));
}

#[test]
fn repeated_unknown_parameter_is_ignored() {
    for name in OF_TOKEN_REQUESTS
        .into_iter()
        .chain(["foo", "Ext-a", "token"])
    {
        let mut pairs = with(name, "a");
        pairs.push((name, "b".to_owned()));
        let decision = authorize(&t1(), &client(), pairs.clone()).unwrap();
        assert_eq!(decision.parameter(name), None, "{name}");
        let mut tenant = t1();
        tenant.unknown_authorize_parameters = UnknownParameters::Reject;
        for pairs in [with(name, "a"), pairs] {
            let refusal = refused(&tenant, &client(), pairs);
            assert_eq!(refusal.error(), Error::UnknownParameter, "{name}");
        }
    }
}

#[test]
fn standard_parameters_reach_the_host_under_both_policies() {
    for policy in [UnknownParameters::Ignore, UnknownParameters::Reject] {
        let mut tenant = t1();
        tenant.unknown_authorize_parameters = policy;
        for name in LEFT_TO_HOST.into_iter().chain(["prompt"]) {
            let decision = authorize(&tenant, &client(), with(name, "1")).unwrap();
            assert_eq!(decision.parameter(name), Some("1"), "{name}");
            assert_eq!(decision.approve().parameter(name), Some("1"), "{name}");
        }
    }
}

#[test]
fn authorization_details_may_be_indented_json() {
    let details = "[\r\n\t{ \"type\": \"payment\", \"amount\": \"45\" }\n]";
    let decision = authorize(&t1(), &client(), with("authorization_details", details)).unwrap();
    assert_eq!(decision.parameter("authorization_details"), Some(details));
    let kept = serde_json::to_string(&decision).unwrap();
    let read: oauth_dcr::authorization::AuthorizationDecision =
        serde_json::from_str(&kept).unwrap();
    assert_eq!(read.parameter("authorization_details"), Some(details));
}

#[test]
fn host_parameters_are_short_text() {
    let long = "a".repeat(4097);
    for (name, value, parameter) in [
        ("login_hint", "a\0b", "login_hint"),
        ("correlation_id", "a\nb", "correlation_id"),
        ("correlation_id", &long, "correlation_id"),
        ("authorization_details", "[\0]", "authorization_details"),
        ("authorization_details", "[\u{85}]", "authorization_details"),
        ("authorization_details", &long, "authorization_details"),
        ("ext-a", "a\u{1b}", "an ext- parameter"),
        ("ext-\0", "a", "an ext- parameter"),
    ] {
        let refusal = refused(&t1(), &client(), with(name, value));
        assert_eq!(refusal.error(), Error::MalformedValue { parameter });
    }
    // A parameter that is never read does no harm.
    assert!(authorize(&t1(), &client(), with("foo", "a\0b")).is_ok());
}
