//! Both sides of a check say the same, before either is timed.

use std::time::Duration;

use oauth_dcr::{
    Timestamp,
    access::ApiAccess,
    token::{RefreshTokenAction, TokenDecision},
    types::Scope,
};
use serde_json::{Value, json};

use crate::{
    baseline_access::Access,
    baseline_authorize, baseline_token,
    decisions::{
        AUTHORIZE, AUTHORIZE_LOOPBACK, BY_CODE, BY_CODE_AND_SECRET, BY_REFRESH_TOKEN, NOW, Sides,
        content,
    },
};

/// What is changed in an authorization request that stays good: a text, and another in its place.
const STILL_GOOD: [(&str, &str); 14] = [
    ("", ""),
    ("&state=Zk3", "&state=%5A+k3"),
    ("&state=Zk3", "&nonce=n-1&prompt=consent+login&state=Zk3"),
    ("&state=", "&response_mode=form_post&state="),
    ("&state=", "&connection=google&state="),
    ("&state=", "&login_hint=ada&ext-one=1&utm_source=x&state="),
    ("&state=", "&audience=&state="),
    (
        "&state=",
        "&audience=https%3A%2F%2Fapi.example.com%2Fmcp&state=",
    ),
    (
        "&resource=",
        "&resource=https%3A%2F%2Fapi.example.com%2Fmcp&resource=",
    ),
    (
        "read%3Aitems+write%3Aitems+offline_access&resource=https%3A%2F%2Fapi.example.com%2Fmcp",
        "write%3Afiles&resource=https%3A%2F%2Ffiles.example.com%2F",
    ),
    ("&scope=read", "&scope=openid+delete%3Aitems+read"),
    ("write%3Aitems+offline_access", "read%3Aitems"),
    ("&scope=", "&other="),
    (
        "read%3Aitems+write%3Aitems+offline_access",
        "openid+profile",
    ),
];

/// What is changed in one that is refused then.
const BAD_AUTHORIZE: [(&str, &str); 33] = [
    ("response_type=code&", ""),
    ("response_type=code&", "response_type=token&"),
    ("client_id=tpc_8S", "client_id=tpc_9S"),
    ("client_id=", "no_id="),
    (
        "&state=",
        "&client_id=tpc_8SXWY6j3afl2CP5ntwEOpMdPxxy49Gt2&state=",
    ),
    ("%2Fcallback", "%2Fcallback%2F"),
    ("redirect_uri=", "no_uri="),
    (
        "redirect_uri=",
        "redirect_uri=https%3A%2F%2Fa.example%2F&redirect_uri=",
    ),
    ("&state=", "&state=1&state="),
    ("&state=", "&other=1&other=1&state="),
    ("&state=", "&request=e30.e30.&state="),
    ("&state=", "&claims=%7B%7D&state="),
    ("&state=", "&request_uri=https%3A%2F%2Fa.example&state="),
    ("&state=", "&id_token_hint=e30&state="),
    ("&state=", "&response_mode=web_message&state="),
    ("&state=", "&prompt=login+none&state="),
    ("&state=", "&connection=staff&state="),
    ("&state=", "&connection=none&state="),
    ("code_challenge=E9", "code_challenge=E"),
    ("code_challenge=E9", "code_challenge=%2B9"),
    ("code_challenge=E9", "no_challenge=E9"),
    ("method=S256", "method=plain"),
    ("&code_challenge_method=S256", ""),
    (
        "&resource=",
        "&resource=https%3A%2F%2Ffiles.example.com&resource=",
    ),
    (
        "&resource=",
        "&audience=https%3A%2F%2Ffiles.example.com&resource=",
    ),
    ("&resource=", "&no_resource="),
    ("api.example.com%2Fmcp", "none.example.com"),
    ("api.example.com%2Fmcp", "auth.example.com%2Fapi"),
    ("api.example.com%2Fmcp", "closed.example.com"),
    ("api.example.com%2Fmcp", "origin.example.com"),
    ("read%3Aitems+write%3Aitems", "delete%3Aitems"),
    ("read%3Aitems+", "read%3Aitems++"),
    ("read%3Aitems", "%22read%22"),
];

/// What is changed in a token request that is refused then.
const BAD_TOKEN: [(&str, &str); 22] = [
    ("grant_type=", "no_type="),
    ("grant_type=", "grant_type=password&no_type="),
    ("grant_type=", "grant_type=client_credentials&no_type="),
    ("client_id=tpc_8S", "client_id=tpc_9S"),
    ("client_id=", "no_id="),
    ("&client_id=", "&client_assertion=e30&client_id="),
    ("&client_id=", "&client_secret=wrong&client_id="),
    ("client_secret=", "client_secret=x"),
    ("client_secret=", "no_secret="),
    ("&client_id=", "&code=1&code=1&client_id="),
    ("&client_id=", "&other=1&other=1&client_id="),
    (
        "&client_id=",
        "&audience=https%3A%2F%2Ffiles.example.com&client_id=",
    ),
    (
        "&resource=",
        "&resource=https%3A%2F%2Ffiles.example.com&resource=",
    ),
    ("api.example.com%2Fmcp", "files.example.com"),
    ("&code=", "&no_code="),
    ("code_verifier=", "code_verifier=x"),
    ("code_verifier=dBj", "code_verifier="),
    ("code_verifier=", "no_verifier="),
    ("%2Fcallback", "%2Fcallback%2F"),
    ("&refresh_token=", "&no_token="),
    (
        "grant_type=refresh_token",
        "grant_type=refresh_token&scope=delete%3Aitems",
    ),
    (
        "grant_type=refresh_token",
        "grant_type=refresh_token&scope=+",
    ),
];

/// What is changed in one that stays good.
const STILL_GOOD_TOKEN: [(&str, &str); 9] = [
    ("", ""),
    ("&redirect_uri=", "&no_uri="),
    (
        "grant_type=refresh_token",
        "grant_type=refresh_token&scope=delete%3Aitems+write%3Aitems+openid",
    ),
    ("&resource=", "&other="),
    (
        "&resource=",
        "&audience=https%3A%2F%2Fapi.example.com%2Fmcp&resource=",
    ),
    ("code=R5b", "code=%52%35b"),
    ("&client_id=", "&dpop_jkt=x&client_id="),
    (
        "grant_type=refresh_token",
        "grant_type=refresh_token&scope=write%3Aitems",
    ),
    (
        "grant_type=refresh_token",
        "grant_type=refresh_token&scope=openid",
    ),
];

pub(crate) fn assert_same_decisions() {
    for query in [AUTHORIZE, AUTHORIZE_LOOPBACK] {
        edited(query, &STILL_GOOD, |query| {
            assert!(authorize(query).is_ok(), "{query}");
        });
        edited(query, &BAD_AUTHORIZE, |query| {
            assert!(authorize(query).is_err(), "{query}");
        });
    }
    let (public, confidential) = (Sides::public(), Sides::confidential());
    for (sides, form) in [
        (&public, BY_CODE),
        (&public, BY_REFRESH_TOKEN),
        (&confidential, BY_CODE_AND_SECRET),
    ] {
        edited(form, &STILL_GOOD_TOKEN, |form| {
            assert!(token(sides, form, NOW).is_ok(), "{form}");
        });
        edited(form, &BAD_TOKEN, |form| {
            assert!(token(sides, form, NOW).is_err(), "{form}");
        });
        let late = NOW.saturating_add(Duration::from_mins(1));
        assert_eq!(token(sides, form, late), Err("invalid_grant"));
    }
}

/// Each of `edits` that there is something to change by.
fn edited(text: &str, edits: &[(&str, &str)], check: impl Fn(&str)) {
    for (from, to) in edits.iter().filter(|(from, _)| text.contains(from)) {
        check(&text.replacen(from, to, 1));
    }
}

/// What both sides say of an authorization request.
fn authorize(query: &str) -> Result<Value, &'static str> {
    let sides = Sides::public();
    let baseline = sides.baseline_authorize(query).map(|it| authorized(&it));
    let ours = sides.our_authorize(query);
    let ours = ours
        .map(|decision| content(&decision))
        .map_err(|refusal| refusal.error().code());
    assert_eq!(baseline, ours, "{query}");
    ours
}

/// What both sides say of a token request.
fn token(sides: &Sides, form: &str, now: Timestamp) -> Result<Value, &'static str> {
    let baseline = sides.baseline_token(form, now).map(|it| granted(&it));
    let ours = sides.our_token(form, now);
    let ours = ours
        .map(|decision| granted_by_ours(&decision))
        .map_err(|refusal| refusal.error().code());
    assert_eq!(baseline, ours, "{form}");
    ours
}

/// The decision as the crate writes it down.
fn authorized(decision: &baseline_authorize::Decision) -> Value {
    let challenge = std::str::from_utf8(&decision.challenge).unwrap();
    json!({
        "tenant": *decision.tenant,
        "client_id": decision.client_id,
        "redirect_uri": decision.redirect_uri,
        "redirect_uri_was_given": decision.redirect_uri_was_given,
        "response_type": "code",
        "response_mode": decision.response_mode,
        "redirection_policy": "open_redirect_protection",
        "challenge": challenge,
        "access": access(&decision.access),
        "connections": decision.connections,
        "state": decision.state,
        "nonce": decision.nonce,
        "left_to_host": decision.left_to_host,
        "issuer": decision.issuer,
    })
}

fn granted(decision: &baseline_token::Decision) -> Value {
    let given = (decision.refresh_token != "none").then(|| access(&decision.given));
    json!({
        "tenant": *decision.tenant,
        "client_id": decision.client_id,
        "access": access(&decision.access),
        "given": given,
        "refresh_token": decision.refresh_token,
        "nonce": decision.nonce,
    })
}

fn granted_by_ours(decision: &TokenDecision) -> Value {
    let kept = decision.refresh_binding(NOW, Duration::ZERO);
    let given = kept.as_ref().map(|kept| content(kept)["access"].take());
    json!({
        "tenant": decision.tenant(),
        "client_id": decision.client_id(),
        "access": our_access(decision.access()),
        "given": given,
        "refresh_token": match decision.refresh_token() {
            RefreshTokenAction::None => "none",
            RefreshTokenAction::Issue => "new",
            RefreshTokenAction::Keep => "keep",
        },
        "nonce": decision.nonce(),
    })
}

fn our_access(access: &ApiAccess) -> Value {
    json!({
        "audience": access.audience(),
        "scope": access.scope().map(Scope::as_str),
        "offline_access": access.has_offline_access(),
    })
}

fn access(access: &Access) -> Value {
    json!({
        "audience": access.audience,
        "scope": access.scope,
        "offline_access": access.offline,
    })
}
