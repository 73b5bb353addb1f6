//! Settings that work but are probably mistakes: which field is named, and what the warning says.

use std::net::{IpAddr, Ipv4Addr};

use ipnet::IpNet;
use oauth_dcr::{
    TenantSettings,
    acl::{Acl, AclScope, Conditions, Rule},
    settings::{SettingsDocument, SettingsWarningKind as Kind},
};
use serde_json::{Value, json};

/// A tenant without warnings.
fn fine() -> Value {
    json!({
        "id": "acme",
        "registration": { "enabled": true },
        "apis": [ { "identifier": "https://api.acme.example", "scopes": ["read:items"] } ],
        "client_grants": [ {
            "default_for": "third_party_clients", "audience": "https://api.acme.example",
            "scope": ["read:items"],
        } ],
        "connections": [ { "name": "google", "is_domain_connection": true } ],
    })
}

/// `fine` with other values for some members, each named by a JSON pointer.
fn with<const N: usize>(changes: [(&str, Value); N]) -> Value {
    let mut tenant = fine();
    for (pointer, value) in changes {
        let (object, member) = pointer.rsplit_once('/').unwrap();
        tenant.pointer_mut(object).unwrap()[member] = value;
    }
    tenant
}

/// The paths and kinds of the warnings, which are the same for the tenant alone and in a document.
fn warnings(tenant: &Value) -> Vec<(String, Kind)> {
    let alone: TenantSettings = serde_json::from_value(tenant.clone()).unwrap();
    let alone: Vec<_> = alone.warnings();
    let document = SettingsDocument::from_json(&json!({ "tenants": [tenant] }).to_string());
    let inside = document.unwrap().warnings();
    assert_eq!(alone.len(), inside.len());
    for (alone, inside) in alone.iter().zip(&inside) {
        assert_eq!(inside.path(), format!("tenants[0].{}", alone.path()));
        assert_eq!(inside.kind(), alone.kind());
        assert_eq!(inside.to_string(), format!("tenants[0].{alone}"));
        assert_eq!(
            alone.to_string(),
            format!("{}: {}", alone.path(), alone.kind())
        );
    }
    let pair = |it: &oauth_dcr::settings::SettingsWarning| (it.path().to_owned(), it.kind());
    alone.iter().map(pair).collect()
}

#[track_caller]
fn warned(tenant: &Value, expected: &[(&str, Kind)]) {
    let expected: Vec<_> = expected
        .iter()
        .map(|(path, kind)| ((*path).to_owned(), *kind))
        .collect();
    assert_eq!(warnings(tenant), expected, "{tenant}");
}

/// A rule of the access control list.
fn rule(priority: u32, action: &str, conditions: Value, scope: &str) -> Value {
    let mut rule = json!({ "priority": priority, "rule": {
        "action": { action: true }, "match": {}, "scope": scope
    } });
    rule["rule"]["match"] = conditions;
    rule
}

fn office() -> Value {
    json!({ "ipv4_cidrs": ["198.51.100.0/24"] })
}

fn everyone() -> Value {
    json!({ "ipv4_cidrs": ["0.0.0.0/0"], "ipv6_cidrs": ["::/0"] })
}

#[test]
fn good_settings_have_no_warnings() {
    warned(&fine(), &[]);
    warned(&with([("/preset", json!("agents"))]), &[]);
    assert!(TenantSettings::new().warnings().is_empty());
    let off =
        json!({ "id": "acme", "registration": { "rate_limit": null, "max_body_bytes": 100 } });
    warned(&off, &[]);
}

#[test]
fn default_registration_lacks_an_api_and_a_connection() {
    let tenant = json!({ "id": "acme", "registration": { "enabled": true } });
    let lacks = [
        ("client_grants", Kind::NoReachableApi),
        ("connections", Kind::NoDomainConnection),
    ];
    warned(&tenant, &lacks);
    let for_agents = TenantSettings::new().enabled().for_agents().warnings();
    let kinds: Vec<_> = for_agents.iter().map(|it| (it.path(), it.kind())).collect();
    assert_eq!(kinds, lacks);
}

#[test]
fn new_clients_need_an_api() {
    let nothing = [("client_grants", Kind::NoReachableApi)];
    warned(&with([("/client_grants", json!([]))]), &nothing);
    // The policy of an API opens it only to permissive clients.
    let allow_all = json!("allow_all");
    let mut tenant = with([("/client_grants", json!([])), ("/apis/0/policy", allow_all)]);
    warned(&tenant, &nothing);
    tenant["registration"]["security_mode"] = json!("permissive");
    warned(&tenant, &[]);
    // A grant for one client does not help the others.
    let mut tenant = fine();
    let grant = tenant["client_grants"][0].as_object_mut().unwrap();
    grant.remove("default_for");
    grant.insert("client_id".into(), json!("tpc_x"));
    warned(&tenant, &nothing);
}

#[test]
fn ineffective_grants_are_named() {
    let user = "client_grants[0].audience";
    warned(
        &with([("/apis/0/policy", json!("deny"))]),
        &[
            ("client_grants", Kind::NoReachableApi),
            (user, Kind::GrantForClosedApi),
        ],
    );
    warned(
        &with([("/client_grants/0/subject_type", json!("client"))]),
        &[
            ("client_grants", Kind::NoReachableApi),
            ("client_grants[0].subject_type", Kind::GrantForClientItself),
        ],
    );
    let grant = |id: &str| {
        let grant =
            json!([ { "client_id": id, "audience": "https://api.acme.example", "scope": [] } ]);
        with([
            ("/apis/0/system", json!(true)),
            ("/client_grants", grant),
            ("/registration/enabled", json!(false)),
        ])
    };
    warned(&grant("tpc_x"), &[(user, Kind::GrantForClosedApi)]);
    // A permissive client may reach a system API.
    warned(&grant("x"), &[]);
}

#[test]
fn scope_that_the_api_lacks_is_named() {
    let scopes = json!(["read:items", "write:items"]);
    warned(
        &with([("/client_grants/0/scope", scopes)]),
        &[("client_grants[0].scope[1]", Kind::UnknownScope)],
    );
}

#[test]
fn closed_default_api_is_named() {
    let audience = json!("https://api.acme.example");
    warned(&with([("/default_audience", audience.clone())]), &[]);
    let closed = ("default_audience", Kind::ClosedDefaultAudience);
    let mut tenant = with([
        ("/default_audience", audience),
        ("/apis/0/system", json!(true)),
        ("/client_grants", json!([])),
        ("/registration/enabled", json!(false)),
    ]);
    warned(&tenant, &[closed]);
    tenant["registration"]["security_mode"] = json!("permissive");
    warned(&tenant, &[]);
    tenant["apis"][0]["policy"] = json!("deny");
    warned(&tenant, &[closed]);
}

#[test]
fn registration_without_limits_is_named() {
    let off = ("/registration/rate_limit", Value::Null);
    warned(
        &with([off.clone()]),
        &[("registration.rate_limit", Kind::NoRateLimit)],
    );
    let per_source = (
        "/registration/rate_limit_per_source",
        json!({ "per_minute": 6 }),
    );
    warned(&with([off, per_source]), &[]);
}

#[test]
fn native_applications_need_public_clients() {
    let methods = "/registration/token_endpoint_auth_methods";
    let secret = (methods, json!(["client_secret_post"]));
    warned(&with([secret.clone()]), &[]);
    let named = [(
        "registration.token_endpoint_auth_methods",
        Kind::NoPublicClients,
    )];
    warned(
        &with([secret.clone(), ("/preset", json!("agents"))]),
        &named,
    );
    let schemes = (
        "/registration/redirect_uris",
        json!({ "schemes": ["cursor"] }),
    );
    warned(&with([secret, schemes]), &named);
}

#[test]
fn body_limit_must_fit_a_redirect_uri() {
    let size = |bytes: u32| with([("/registration/max_body_bytes", json!(bytes))]);
    warned(&size(2048), &[]);
    warned(
        &size(2047),
        &[(
            "registration.max_body_bytes",
            Kind::BodySmallerThanRedirectUri,
        )],
    );
}

#[test]
fn proxies_need_one_header() {
    let either = [("forwarded_header", Kind::EitherForwardedHeader)];
    let proxies = |list: Value| ("/trusted_proxies", list);
    warned(&with([proxies(json!(["10.0.0.0/8"]))]), &either);
    warned(&with([proxies(json!(["127.0.0.1", "10.0.0.2"]))]), &either);
    warned(&with([("/trusted_hops", json!(1))]), &either);
    // A proxy on the same machine passes on the client's own header as well.
    warned(&with([proxies(json!(["127.0.0.0/8", "::1"]))]), &either);
    // The default and the same value in the document give the same warnings.
    let word = ("/forwarded_header", json!("either"));
    warned(&with([proxies(json!(["10.0.0.2"])), word]), &either);
    for name in ["forwarded", "x-forwarded-for"] {
        let header = ("/forwarded_header", json!(name));
        warned(&with([proxies(json!(["10.0.0.2"])), header.clone()]), &[]);
        let alone = [("forwarded_header", Kind::HeaderWithoutProxy)];
        warned(&with([header]), &alone);
    }
}

#[test]
fn headers_of_the_edge_need_a_proxy() {
    let headers = json!({ "geo_country_code": "x-country", "ja4_fingerprint": "x-ja4" });
    warned(
        &with([("/signal_headers", headers)]),
        &[
            ("signal_headers.geo_country_code", Kind::HeaderWithoutProxy),
            ("signal_headers.ja4_fingerprint", Kind::HeaderWithoutProxy),
        ],
    );
}

#[test]
fn rule_after_a_rule_for_everybody_is_named() {
    let acl = |rules: Value| with([("/acl", rules)]);
    let hidden = |earlier| ("acl[1]", Kind::UnreachableRule { earlier });
    let all = rule(0, "block", everyone(), "tenant");
    let one = |scope: &str| rule(1, "block", office(), scope);
    warned(&acl(json!([all, one("dcr")])), &[hidden(0)]);
    // The order of the priorities decides.
    let late = rule(2, "block", everyone(), "tenant");
    warned(&acl(json!([late, one("dcr")])), &[]);
    // A narrower scope leaves requests for the later rule.
    let narrow = rule(0, "block", everyone(), "dcr");
    warned(&acl(json!([narrow, one("tenant")])), &[]);
    // Monitoring rules and inactive rules never end the evaluation.
    let log = rule(0, "log", everyone(), "tenant");
    warned(&acl(json!([log, one("dcr")])), &[]);
    let mut inactive = all;
    inactive["active"] = json!(false);
    warned(&acl(json!([inactive, one("dcr")])), &[]);
    // One address family alone does not cover everybody.
    let v4 = rule(0, "block", json!({ "ipv4_cidrs": ["0.0.0.0/0"] }), "tenant");
    warned(&acl(json!([v4, one("dcr")])), &[]);
    let halves = json!({ "ipv4_cidrs": ["0.0.0.0/1", "128.0.0.0/1"], "ipv6_cidrs": ["::/0"] });
    let halves = rule(0, "block", halves, "tenant");
    warned(&acl(json!([halves, one("dcr")])), &[hidden(0)]);
    let both = json!({ "ipv4_cidrs": ["0.0.0.0/0"], "ipv6_cidrs": ["::/0"], "asns": [1] });
    let both = rule(0, "block", both, "tenant");
    warned(&acl(json!([both, one("dcr")])), &[]);
}

#[test]
fn rule_hidden_by_equal_conditions_is_named() {
    let first = rule(1, "block", office(), "dcr");
    let again = rule(1, "allow", office(), "dcr");
    let blocked = rule(2, "block", everyone(), "dcr");
    warned(
        &with([("/acl", json!([first, again, blocked]))]),
        &[("acl[1]", Kind::UnreachableRule { earlier: 0 })],
    );
}

#[test]
fn thousand_rules_of_a_thousand_networks_are_reviewed() {
    // Each list differs from the others only in its last network.
    let networks = |last: u16| {
        let first = (0..999_u16).map(|at| Ipv4Addr::from(0x0a00_0000 + u32::from(at)));
        first.chain([Ipv4Addr::from(0x0b00_0000 + u32::from(last))])
    };
    let rule = |last: u16| {
        let networks = networks(last).map(|address| IpNet::from(IpAddr::from(address)));
        Rule::block(AclScope::Dcr).matching(Conditions::new().networks(networks))
    };
    let mut settings = TenantSettings::new();
    settings.acl = Acl::new((0..999).chain([500]).map(rule)).unwrap();
    let warnings = settings.warnings();
    let found: Vec<_> = warnings.iter().map(|it| (it.path(), it.kind())).collect();
    assert_eq!(
        found,
        [("acl[999]", Kind::UnreachableRule { earlier: 500 })]
    );
}

#[test]
fn earliest_of_several_hiding_rules_is_named() {
    let everyone_else = rule(1, "block", everyone(), "authentication");
    let first = rule(0, "block", office(), "dcr");
    let hidden = rule(2, "block", office(), "dcr");
    let other = rule(3, "block", json!({ "asns": [1] }), "authentication");
    warned(
        &with([("/acl", json!([everyone_else, hidden, first, other]))]),
        &[
            ("acl[1]", Kind::UnreachableRule { earlier: 2 }),
            ("acl[3]", Kind::UnreachableRule { earlier: 0 }),
        ],
    );
}

#[test]
fn every_warning_says_what_to_do() {
    for kind in [
        Kind::NoReachableApi,
        Kind::NoDomainConnection,
        Kind::NoRateLimit,
        Kind::NoPublicClients,
        Kind::BodySmallerThanRedirectUri,
        Kind::ClosedDefaultAudience,
        Kind::GrantForClosedApi,
        Kind::GrantForClientItself,
        Kind::UnknownScope,
        Kind::EitherForwardedHeader,
        Kind::HeaderWithoutProxy,
        Kind::UnreachableRule { earlier: 3 },
    ] {
        let text = kind.to_string();
        let (_, advice) = text.split_once(": ").unwrap_or_else(|| panic!("{text}"));
        let verbs = [
            "add", "set", "raise", "name", "change", "use", "list", "remove",
        ];
        assert!(verbs.iter().any(|verb| advice.starts_with(verb)), "{text}");
    }
}
