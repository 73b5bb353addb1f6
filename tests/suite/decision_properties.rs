//! Properties of every authorization and token request, tested with random requests.

use std::{collections::BTreeSet, time::Duration};

use oauth_dcr::{
    TenantSettings, Timestamp,
    access::AccessRequest,
    authorization::{AuthorizationDecision, AuthorizationRequest, CodeBinding},
    redirect_uri::{RedirectUri, RedirectUriPolicy},
    settings::{
        ApiSettings, ClientGrant, GrantedScope, Grantee, RefreshTokenWhen, ScopeWhenNoneRequested,
    },
    token::TokenRequest,
};
use proptest::{collection, prelude::*, sample};

use super::{
    properties::{almost_uri, config, wide_policy},
    support::{
        clients::Stored,
        tenants::{API, t1},
    },
};

const WORDS: [&str; 8] = [
    "read",
    "write",
    "delete",
    "admin",
    "openid",
    "profile",
    "email",
    "offline_access",
];

/// The text before and after the port of `uri`, and whether the port is valid. This reads character
/// by character, independently of the crate.
fn around_port<'u>(uri: &'u str, host: &str) -> Option<(&'u str, &'u str)> {
    let prefix = format!("http://{host}");
    let after = uri.strip_prefix(&prefix)?;
    let mut chars = after.char_indices().peekable();
    if chars.peek().is_some_and(|(_, it)| *it == ':') {
        chars.next();
        let mut port = String::new();
        while let Some((_, digit)) = chars.peek().copied().filter(|(_, it)| it.is_ascii_digit()) {
            port.push(digit);
            chars.next();
        }
        let number: u32 = port.parse().ok()?;
        if !(1..=65535).contains(&number) || port != number.to_string() {
            return None;
        }
    }
    let rest = chars.peek().map_or(after.len(), |(at, _)| *at);
    Some((&uri[..prefix.len()], &after[rest..]))
}

/// The rule, written independently.
fn may_match(registered: &str, requested: &str, policy: &RedirectUriPolicy) -> bool {
    let floating = [
        ("127.0.0.1", policy.loopback_any_port),
        ("[::1]", policy.loopback_any_port),
        ("localhost", policy.localhost_any_port),
    ];
    registered == requested
        || floating.iter().any(|(host, floats)| {
            let own = around_port(registered, host);
            *floats && own.is_some() && own == around_port(requested, host)
        })
}

/// A URI that differs a little from `registered`.
fn near(registered: &str, port: &str, tail: &str, change: Option<(sample::Index, char)>) -> String {
    let mut near = registered.to_owned();
    for host in ["127.0.0.1", "[::1]", "localhost"] {
        if let Some((before, after)) = around_port(registered, host) {
            near = format!("{before}{port}{after}");
        }
    }
    near.push_str(tail);
    if let Some((at, with)) = change {
        let mut chars: Vec<char> = near.chars().collect();
        let at = at.index(chars.len());
        chars[at] = with;
        near = chars.into_iter().collect();
    }
    near
}

fn scope() -> impl Strategy<Value = String> {
    collection::vec(sample::select(WORDS.to_vec()), 0..8).prop_map(|words| words.join(" "))
}

fn scopes() -> impl Strategy<Value = Vec<String>> {
    let words = sample::subsequence(WORDS[..4].to_vec(), 0..=4);
    words.prop_map(|words| words.into_iter().map(ToOwned::to_owned).collect())
}

/// A tenant whose API knows `known` and grants `granted`.
fn tenant(known: Vec<String>, granted: Option<Vec<String>>, whole: bool) -> TenantSettings {
    let mut tenant = t1();
    let mut api = ApiSettings::new(API);
    api.scopes = known;
    tenant.apis = vec![api];
    let granted = granted.map_or(GrantedScope::All, GrantedScope::Listed);
    let grant = ClientGrant::new(Grantee::ThirdPartyClients, API, granted);
    tenant.client_grants = vec![grant];
    if whole {
        tenant.scope_when_none_requested = ScopeWhenNoneRequested::WholeGrant;
    }
    tenant
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn a_match_is_equality_or_the_loopback_rule(
        registered in prop_oneof![
            3 => almost_uri(),
            1 => sample::select(vec!["http://127.0.0.1:1/cb", "http://[::1]", "http://localhost/?a"])
                .prop_map(ToOwned::to_owned),
        ],
        other in almost_uri(),
        port in sample::select(vec!["", ":1", ":65535", ":0", ":08", ":", ":65536", ":1@h", ":1:2"]),
        tail in sample::select(vec!["", "", "", "/", "?", "#", "x"]),
        change in prop::option::weighted(0.2, (any::<sample::Index>(), any::<char>())),
        localhost in any::<bool>(),
        literals in any::<bool>(),
    ) {
        let mut policy = wide_policy();
        policy.localhost_any_port = localhost;
        policy.loopback_any_port = literals;
        let Ok(uri) = RedirectUri::parse(registered.as_str(), &policy) else {
            return Ok(());
        };
        prop_assert!(uri.matches(&registered, &policy));
        for requested in [near(&registered, port, tail, change), other] {
            let expected = may_match(&registered, &requested, &policy);
            prop_assert_eq!(uri.matches(&requested, &policy), expected, "{}", requested);
            // A URI that matches could have been registered itself.
            if expected {
                prop_assert!(RedirectUri::parse(requested, &policy).is_ok());
            }
        }
    }

    #[test]
    fn allowed_scopes_are_requested_granted_and_known(
        known in scopes(),
        granted in prop::option::of(scopes()),
        requested in scope(),
        whole in any::<bool>(),
        strict in any::<bool>(),
        registered in any::<bool>(),
    ) {
        let stored = Stored::public("tpc_A1");
        let client = if strict { stored.client() } else { stored.permissive().client() };
        let mut tenant = tenant(known.clone(), granted.clone(), whole);
        if registered {
            tenant.refresh_token_when = RefreshTokenWhen::Registered;
        }
        let asked: BTreeSet<&str> = requested.split(' ').filter(|it| !it.is_empty()).collect();
        let is_identity = |it: &&str| WORDS[4..].contains(it);
        let asks_for_api = asked.iter().any(|it| !is_identity(it));
        let covers = |it: &str| granted.as_ref().is_none_or(|all| all.iter().any(|one| one == it));
        let limit: BTreeSet<&str> =
            known.iter().map(String::as_str).filter(|it| covers(it)).collect();
        match AccessRequest::to(API).scope(&requested).check(&tenant, &client) {
            Ok(access) => {
                let given: Vec<&str> = access.scopes().collect();
                let set: BTreeSet<&str> = given.iter().copied().collect();
                prop_assert_eq!(set.len(), given.len());
                let of_api: BTreeSet<&str> =
                    set.iter().copied().filter(|it| !is_identity(it)).collect();
                prop_assert!(of_api.is_subset(&limit));
                if asks_for_api {
                    let wanted: BTreeSet<&str> = asked.intersection(&limit).copied().collect();
                    prop_assert_eq!(of_api, wanted);
                } else if whole {
                    prop_assert_eq!(of_api, limit);
                } else {
                    prop_assert!(of_api.is_empty());
                }
                let identity = set.iter().filter(|it| is_identity(it)).count();
                let asked = asked.iter().filter(|it| is_identity(it)).count();
                prop_assert_eq!(identity, if strict { 0 } else { asked });
                let has_offline_access = registered || requested.contains("offline_access");
                prop_assert_eq!(access.has_offline_access(), has_offline_access);
            }
            Err(_) => prop_assert!(asks_for_api && asked.is_disjoint(&limit)),
        }
    }

    #[test]
    fn a_decision_read_back_equals_the_one_written(
        state in "[^\\p{Cc}\u{fffd}]{0,40}",
        nonce in "[^\\p{Cc}\u{fffd}]{0,40}",
        requested in scope(),
        given in any::<bool>(),
        now in any::<u64>(),
        seconds in any::<u64>(),
    ) {
        let mut pairs = vec![
            ("response_type", "code"), ("client_id", "tpc_A1"), ("audience", API),
            ("code_challenge", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"),
            ("code_challenge_method", "S256"),
            ("state", &state), ("nonce", &nonce), ("scope", &requested),
        ];
        if given {
            pairs.push(("redirect_uri", "https://app.example.com/callback"));
        }
        let known = WORDS[..4].iter().map(|&it| it.to_owned()).collect();
        let tenant = tenant(known, None, false);
        let client = Stored::public("tpc_A1").client();
        let decision = AuthorizationRequest::from_pairs(pairs).authorize(&tenant, Some(&client));
        let decision = decision.unwrap();
        let text = serde_json::to_string(&decision).unwrap();
        prop_assert_eq!(&serde_json::from_str::<AuthorizationDecision>(&text).unwrap(), &decision);
        let now = Timestamp::from_unix_millis(now);
        let binding = decision.approve().code_binding(now, Duration::from_secs(seconds)).unwrap();
        let text = serde_json::to_string(&binding).unwrap();
        prop_assert_eq!(serde_json::from_str::<CodeBinding>(&text).unwrap(), binding);
    }

    #[test]
    fn no_query_makes_the_checks_panic(
        query in "([a-z_]{0,12}=[^&]{0,8}&){0,6}(response_type=code&client_id=tpc_A1&)?.{0,40}",
        header in prop::option::of("(Basic )?.{0,40}"),
    ) {
        let (tenant, client) = (t1(), Stored::public("tpc_A1").client());
        let request = AuthorizationRequest::from_query(&query);
        let _ = request.client_id();
        let refused = request.authorize(&tenant, Some(&client)).is_err();
        prop_assert!(refused, "there is no challenge in {}", query);
        let request = TokenRequest::from_form(&query, header.as_deref().map(str::as_bytes));
        let _ = request.client_id();
        prop_assert!(request.authenticate(&tenant, Some(&client), Timestamp::from_unix_seconds(0)).is_err());
    }
}
