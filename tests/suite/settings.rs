//! Tenant settings as JSON: what is read, written and refused.

use std::error::Error as _;

use oauth_dcr::{
    TenantSettings,
    rate_limit::Quota,
    redirect_uri::RedirectUriPolicy,
    settings::{
        ApiPolicy, GrantedScope, Grantee, RefusedRedirectUris, SettingsDocument, SettingsError,
        SettingsFault, Unsupported,
    },
    types::{SecurityMode, TokenEndpointAuthMethod},
};
use serde_json::{Value, json};

/// Every field of the settings. The values differ from the defaults if possible.
fn whole() -> Value {
    json!({ "tenants": [ {
        "id": "acme",
        "hosts": ["auth.acme.example", "127.0.0.1"],
        "issuer": "https://auth.acme.example",
        "registration": {
            "enabled": true, "security_mode": "permissive",
            "rate_limit": { "per_second": 7, "burst": 9 },
            "rate_limit_per_source": { "per_minute": 20, "burst": 3 },
            "token_endpoint_auth_methods": ["none", "client_secret_post", "client_secret_basic"],
            "unsupported_grant_types": "reject", "unsupported_response_types": "reject",
            "refused_redirect_uris": "narrow",
            "redirect_uris": {
                "max": 3, "max_bytes": 100, "schemes": ["cursor"], "single_label_hosts": true,
                "loopback_any_port": false, "localhost_any_port": true
            },
            "max_body_bytes": 1000, "max_clients": null, "remove_unused_after_seconds": null,
            "remove_idle_after_seconds": null, "fold_identical": false,
            "allowed_origins": ["https://page.example"]
        },
        "unknown_authorize_parameters": "reject", "scope_when_none_requested": "whole_grant",
        "refresh_token_when": "registered", "refresh_token_leeway_seconds": 60,
        "default_audience": "https://api.acme.example",
        "acl": [ {
            "description": "block one network", "active": true, "priority": 1,
            "rule": {
                "action": { "block": true }, "match": { "ipv4_cidrs": ["198.51.100.0/24"] },
                "scope": "dcr"
            }
        } ],
        "trusted_proxies": ["127.0.0.0/8", "::1/128"],
        "forwarded_header": "x-forwarded-for",
        "signal_headers": {
            "geo_country_code": "x-geo-country", "geo_subdivision_code": "x-geo-subdivision",
            "asn": "x-asn", "ja3_fingerprint": "x-ja3", "ja4_fingerprint": "x-ja4"
        },
        "apis": [ {
            "identifier": "https://api.acme.example", "scopes": ["read:items", "write:items"],
            "policy": "allow_all", "system": false
        } ],
        "client_grants": [
            {
                "default_for": "third_party_clients", "audience": "https://api.acme.example",
                "scope": ["read:items"], "subject_type": "user"
            },
            {
                "client_id": "tpc_x", "audience": "https://api.acme.example",
                "allow_all_scopes": true, "subject_type": "client"
            }
        ],
        "connections": [
            { "name": "google", "is_domain_connection": true },
            { "name": "staff-ldap", "is_domain_connection": false }
        ]
    } ] })
}

fn read(json: &Value) -> Result<SettingsDocument, SettingsError> {
    SettingsDocument::from_json(&json.to_string())
}

#[test]
fn document_survives_a_round_trip() {
    let document = read(&whole()).unwrap();
    let written: Value = serde_json::from_str(&document.to_json().unwrap()).unwrap();
    assert_eq!(written, whole());
}

#[test]
fn every_field_is_understood() {
    let document = read(&whole()).unwrap();
    let tenant = &document.tenants()[0];
    let registration = &tenant.registration;
    assert_eq!(registration.security_mode, SecurityMode::Permissive);
    assert_eq!(registration.rate_limit, Some(Quota::new(7, 9).unwrap()));
    let per_source = Some(Quota::per_minute(20, 3).unwrap());
    assert_eq!(registration.rate_limit_per_source, per_source);
    let basic = TokenEndpointAuthMethod::ClientSecretBasic;
    assert!(registration.token_endpoint_auth_methods.contains(basic));
    assert_eq!(registration.unsupported_grant_types, Unsupported::Reject);
    assert_eq!(registration.unsupported_response_types, Unsupported::Reject);
    assert_eq!(
        registration.refused_redirect_uris,
        RefusedRedirectUris::Narrow
    );
    assert_eq!(registration.redirect_uris.schemes[0].as_str(), "cursor");
    assert!(registration.allowed_origins.allows("https://page.example"));
    assert_eq!(tenant.apis[0].policy, ApiPolicy::AllowAll);
    assert_eq!(tenant.client_grants[0].grantee, Grantee::ThirdPartyClients);
    assert_eq!(tenant.client_grants[1].scope, GrantedScope::All);
    assert!(tenant.connections[0].is_domain_connection);
}

#[test]
fn every_field_but_id_has_a_safe_default() {
    let document = read(&json!({ "tenants": [ { "id": "default" } ] })).unwrap();
    assert_eq!(document.tenants(), [TenantSettings::new()]);
    let registration = &document.tenants()[0].registration;
    assert!(!registration.enabled);
    assert_eq!(registration.security_mode, SecurityMode::Strict);
    assert_eq!(registration.rate_limit, Some(Quota::default()));
    assert_eq!(registration.rate_limit_per_source, None);
    assert_eq!(registration.redirect_uris, RedirectUriPolicy::default());
    assert_eq!(registration.max_body_bytes, 65_536);
    assert!(registration.allowed_origins.is_any());
}

#[test]
fn every_nested_field_has_its_default() {
    let json = json!({ "tenants": [ { "id": "a", "registration": {
        "rate_limit": { "per_second": 10 }, "redirect_uris": { "max": 3 },
        "metadata_limits": { "contacts": 2 }
    }, "signal_headers": {} } ] });
    let document = read(&json).unwrap();
    let registration = &document.tenants()[0].registration;
    assert_eq!(registration.rate_limit, Some(Quota::new(10, 5).unwrap()));
    assert_eq!(registration.redirect_uris.max_bytes, 2048);
    assert_eq!(registration.metadata_limits.contact_chars, 254);
}

#[test]
fn null_switches_the_limiter_off() {
    let json = json!({ "tenants": [ { "id": "a", "registration": { "rate_limit": null } } ] });
    assert_eq!(
        read(&json).unwrap().tenants()[0].registration.rate_limit,
        None
    );
}

#[test]
fn malformed_settings_are_refused() {
    let tenant = |name: &str, value: Value| json!({ "tenants": [ { "id": "a", name: value } ] });
    let registration = |name: &str, value: Value| tenant("registration", json!({ name: value }));
    for (bad, says) in [
        (
            tenant("registartion", json!({})),
            "unknown field `registartion`",
        ),
        (
            registration("enable", json!(true)),
            "unknown field `enable`",
        ),
        (registration("enabled", json!("yes")), "invalid type"),
        (
            registration("rate_limit", json!({"per_second": 0, "burst": 5})),
            "a quota must have",
        ),
        (
            registration("rate_limit", json!({"per_second": 1, "per_minute": 60})),
            "not several",
        ),
        (
            registration("rate_limit_per_source", json!({"per_hour": 0})),
            "a quota must have",
        ),
        (
            registration("redirect_uris", json!({"schemes": ["javascript"]})),
            "can never be",
        ),
        (
            registration("redirect_uris", json!({"maximum": 1})),
            "unknown field",
        ),
        (
            registration("allowed_origins", json!(["https://a.example/"])),
            "origin 0",
        ),
        (
            registration("security_mode", json!("lax")),
            "unknown variant",
        ),
        (tenant("id2", json!(1)), "unknown field"),
        (tenant("issuer", json!("http://a.example")), "an issuer is"),
        (
            tenant("trusted_proxies", json!(["10.0.0.0/33"])),
            "is not a network",
        ),
        (
            tenant("trusted_proxies", json!(["10.0.0.1/8"])),
            "has bits set",
        ),
        (
            tenant("signal_headers", json!({"asn": "x asn"})),
            "not the name of a header",
        ),
        (
            tenant("acl", json!([{"priority": 1}])),
            "acl[0].rule is required",
        ),
        (
            tenant("client_grants", json!([{"audience": "a", "scope": []}])),
            "either client_id, or",
        ),
        (
            tenant(
                "client_grants",
                json!([{"client_id": "a", "audience": "a"}]),
            ),
            "either a list of scopes in scope, or",
        ),
        (
            tenant("acl", json!([{"priority": 1}])),
            "acl[0].rule is required",
        ),
        (
            registration("max_clients", json!(0)),
            "expected a number of at least 1",
        ),
        (
            registration("remove_unused_after_seconds", json!(-1)),
            "expected a number that is not negative",
        ),
    ] {
        let error = read(&bad).unwrap_err();
        assert!(error.path().starts_with("tenants[0]"), "{error}");
        let cause = error.source().unwrap().to_string();
        assert!(cause.contains(says), "{bad}: {cause}");
        assert!(cause.contains(" line 1 column"), "{cause}");
    }
}

/// The error for a document: the path of the field, and whether the message contains this text.
#[track_caller]
fn refused(document: &Value, path: &str, says: &str) {
    let error = read(document).unwrap_err();
    assert_eq!(error.path(), path, "{error}");
    let text = error.to_string();
    assert!(text.starts_with(path) && text.contains(says), "{text}");
}

#[test]
fn request_matches_at_most_one_tenant() {
    let tenants = |list: Value, path: &str, says: &str| {
        refused(&json!({ "tenants": list }), path, says);
    };
    tenants(json!([]), "tenants", "has no tenant");
    let same_id = json!([{"id": "a", "hosts": ["a"]}, {"id": "a", "hosts": ["b"]}]);
    tenants(same_id, "tenants[1].id", "duplicate");
    let same_host = json!([{"id": "a", "hosts": ["h"]}, {"id": "b", "hosts": ["i", "H"]}]);
    tenants(same_host, "tenants[1].hosts[1]", "duplicate");
    let issuer = "https://a.example";
    let same_issuer = json!([
        {"id": "a", "hosts": ["a"], "issuer": issuer}, {"id": "b", "hosts": ["b"], "issuer": issuer}
    ]);
    tenants(same_issuer, "tenants[1].issuer", "duplicate");
    for host in [
        "a.example:8443",
        "https://a.example",
        "a.example/",
        "",
        "a b",
    ] {
        let invalid = json!([{"id": "a", "hosts": [host]}]);
        tenants(invalid, "tenants[0].hosts[0]", "is not a host");
    }
    let no_host = json!([{"id": "a", "hosts": ["h"]}, {"id": "b"}]);
    tenants(no_host, "tenants[1].hosts", "needs a host");
}

#[test]
fn a_duplicate_entry_is_refused() {
    for (list, changed, index) in [
        (
            "apis",
            json!({ "identifier": "https://api.acme.example" }),
            1,
        ),
        (
            "client_grants",
            json!({
                "default_for": "third_party_clients",
                "audience": "https://api.acme.example",
                "scope": [],
            }),
            2,
        ),
        ("connections", json!({ "name": "google" }), 2),
    ] {
        let mut document = whole();
        let entries = document["tenants"][0][list].as_array_mut().unwrap();
        entries.push(changed);
        refused(
            &document,
            &format!("tenants[0].{list}[{index}]"),
            "duplicate",
        );
    }
    // A grant to the same client for another subject is a different grant.
    let mut document = whole();
    let grants = document["tenants"][0]["client_grants"]
        .as_array_mut()
        .unwrap();
    let mut other = grants[0].clone();
    other["subject_type"] = "client".into();
    grants.push(other);
    assert!(read(&document).is_ok());
}

#[test]
fn an_invalid_scope_is_refused() {
    for scope in ["", "a b", "\u{e9}", "\"a\""] {
        let mut document = whole();
        document["tenants"][0]["client_grants"][0]["scope"][0] = scope.into();
        refused(
            &document,
            "tenants[0].client_grants[0].scope[0]",
            "is not a scope",
        );
        let mut document = whole();
        document["tenants"][0]["apis"][0]["scopes"][1] = scope.into();
        refused(&document, "tenants[0].apis[0].scopes[1]", "is not a scope");
    }
}

/// The complete document with another value for a field of its tenant, named by a JSON pointer.
fn with(pointer: &str, value: Value) -> Value {
    let mut document = whole();
    *document["tenants"][0].pointer_mut(pointer).unwrap() = value;
    document
}

#[test]
fn limit_of_zero_is_refused() {
    for (field, value, path) in [
        ("redirect_uris", json!({ "max": 0 }), "redirect_uris.max"),
        (
            "redirect_uris",
            json!({ "max_bytes": 63 }),
            "redirect_uris.max_bytes",
        ),
        ("max_body_bytes", json!(33), "max_body_bytes"),
        (
            "metadata_limits",
            json!({ "contacts": 0 }),
            "metadata_limits.contacts",
        ),
        (
            "metadata_limits",
            json!({ "client_name_chars": 0 }),
            "metadata_limits.client_name_chars",
        ),
    ] {
        let mut document = whole();
        document["tenants"][0]["registration"][field] = value;
        let path = format!("tenants[0].registration.{path}");
        refused(&document, &path, "too small");
    }
}

#[test]
fn a_leeway_over_a_minute_is_refused() {
    let with_leeway = |seconds: u8| with("/refresh_token_leeway_seconds", seconds.into());
    assert!(read(&with_leeway(60)).is_ok());
    let path = "tenants[0].refresh_token_leeway_seconds";
    refused(&with_leeway(61), path, "the greatest allowed value is 60");
}

#[test]
fn an_empty_list_of_methods_is_refused() {
    let document = with("/registration/token_endpoint_auth_methods", json!([]));
    let path = "tenants[0].registration.token_endpoint_auth_methods";
    refused(&document, path, "is empty");
}

#[test]
fn audience_that_is_not_an_api_is_refused() {
    let other = json!("https://apis.acme.example");
    let document = with("/default_audience", other.clone());
    refused(
        &document,
        "tenants[0].default_audience",
        "is not an API of this tenant",
    );
    let document = with("/client_grants/1/audience", other);
    let path = "tenants[0].client_grants[1].audience";
    refused(&document, path, "is not an API of this tenant");
}

#[test]
fn default_grant_on_a_system_api_is_refused() {
    let document = with("/apis/0/system", json!(true));
    let path = "tenants[0].client_grants[0].audience";
    refused(&document, path, "is a system API");
}

#[test]
fn a_proxy_is_an_address_or_a_network() {
    let document = with(
        "/trusted_proxies",
        json!(["10.0.0.2", "2001:db8::1", "10.1.0.0/16"]),
    );
    let read_back = read(&document).unwrap();
    let proxies = &read_back.tenants()[0].trusted_proxies;
    let contains = |address: &str| proxies.contains(address.parse().unwrap());
    assert!(contains("10.0.0.2") && contains("2001:db8::1") && contains("10.1.9.9"));
    assert!(!contains("10.0.0.3") && !contains("2001:db8::2"));

    for (wrong, says) in [
        ("10.0.0.2/8", "bits set"),
        ("10.0.0", "is not a network"),
        ("proxy", "is not a network"),
        ("10.0.0.0/33", "is not a network"),
    ] {
        let document = with("/trusted_proxies", json!(["10.0.0.1", wrong]));
        let error = read(&document).unwrap_err();
        assert_eq!(error.path(), "tenants[0].trusted_proxies[1]");
        let cause = error.source().unwrap().to_string();
        assert!(cause.contains(says), "{cause}");
    }
}

#[test]
fn trusting_every_address_is_refused() {
    for everything in ["0.0.0.0/0", "::/0", "::ffff:0:0/96"] {
        let document = with("/trusted_proxies", json!(["10.0.0.1", everything]));
        let error = read(&document).unwrap_err();
        assert_eq!(error.path(), "tenants[0].trusted_proxies[1]");
        let cause = error.source().unwrap().to_string();
        assert!(cause.starts_with("covers every address"), "{cause}");

        let mut built = TenantSettings::new();
        built.trusted_proxies = [everything.parse().unwrap()].into_iter().collect();
        let error = built.check().unwrap_err();
        assert!(
            matches!(error.fault(), SettingsFault::EveryAddress),
            "{error}"
        );
    }
    for parts in [
        json!(["0.0.0.0/1", "128.0.0.0/1"]),
        json!(["::/1", "8000::/1"]),
        json!(["0.0.0.0/2", "64.0.0.0/2", "128.0.0.0/1"]),
    ] {
        let document = with("/trusted_proxies", parts);
        refused(
            &document,
            "tenants[0].trusted_proxies",
            "covers every address",
        );
    }
    for parts in [
        json!(["0.0.0.0/1", "128.0.0.0/2", "192.0.0.0/3"]),
        json!(["::/1", "8000::/2", "c000::/3"]),
    ] {
        assert!(read(&with("/trusted_proxies", parts)).is_ok());
    }
}

#[test]
fn hops_are_counted_from_one() {
    for (hops, is_right) in [(0, false), (1, true), (255, true), (256, false)] {
        let mut document = whole();
        document["tenants"][0]["trusted_hops"] = json!(hops);
        match read(&document) {
            Ok(read_back) => {
                assert!(is_right, "{hops}");
                let written: Value = serde_json::from_str(&read_back.to_json().unwrap()).unwrap();
                assert_eq!(written, document);
            }
            Err(error) => {
                assert!(!is_right, "{hops}");
                assert_eq!(error.path(), "tenants[0].trusted_hops");
            }
        }
    }
}

/// Blocks requests with this value of a signal.
fn rule(signal: &str, value: &str, side: &str, scope: &str, active: bool) -> Value {
    json!({ "priority": 1, "active": active, "rule": {
        "action": { "block": true }, side: { signal: [value] }, "scope": scope
    } })
}

const JA3: &str = "e7d705a3286e19ea42f587b344ee6865";

#[test]
fn fingerprint_rule_without_a_source_is_refused() {
    let ja4 = "t13d1516h2_8daaf6152771_e5627efa2ab1";
    for (signal, value, header) in [
        ("ja3_fingerprints", JA3, "ja3_fingerprint"),
        ("ja4_fingerprints", ja4, "ja4_fingerprint"),
    ] {
        for side in ["match", "not_match"] {
            let first = rule("user_agents", "x", "match", "dcr", true);
            let mut document = with(
                "/acl",
                json!([first, rule(signal, value, side, "tenant", true)]),
            );
            // Both the header and the proxies are named.
            assert!(read(&document).is_ok());
            let path = format!("tenants[0].acl[1].rule.{side}.{signal}");
            document["tenants"][0]["trusted_proxies"] = json!([]);
            refused(&document, &path, "nothing provides this signal");
            document["tenants"][0]["trusted_hops"] = json!(1);
            assert!(read(&document).is_ok());
            document["tenants"][0]["signal_headers"][header] = Value::Null;
            refused(&document, &path, "nothing provides this signal");
            document["tenants"][0]["signals_from_host"] = json!([signal]);
            assert!(read(&document).is_ok());
        }
    }
    // Rules that are never evaluated need no source.
    for (scope, active) in [("management", true), ("dcr", false)] {
        let mut document = with(
            "/acl",
            json!([rule("ja3_fingerprints", JA3, "match", scope, active)]),
        );
        document["tenants"][0]["signal_headers"] = json!({});
        assert!(read(&document).is_ok(), "{scope} {active}");
    }
}

#[test]
fn only_edge_signals_may_come_from_the_host() {
    let mut document = whole();
    let all = json!([
        "geo_country_codes",
        "geo_subdivision_codes",
        "asns",
        "ja3_fingerprints",
        "ja4_fingerprints"
    ]);
    document["tenants"][0]["signals_from_host"] = all;
    let read_back = read(&document).unwrap();
    let written: Value = serde_json::from_str(&read_back.to_json().unwrap()).unwrap();
    assert_eq!(written, document);
    document["tenants"][0]["signals_from_host"] = json!(["asns", "user_agents"]);
    let error = read(&document).unwrap_err();
    assert_eq!(error.path(), "tenants[0].signals_from_host[1]");
}

#[test]
fn registration_endpoint_can_have_another_address() {
    let mut document = whole();
    document["tenants"][0]["registration"]["path"] = "/register".into();
    let read_back = read(&document).unwrap();
    let endpoint = read_back.tenants()[0].registration_endpoint();
    assert_eq!(endpoint.unwrap(), "https://auth.acme.example/register");
    let written: Value = serde_json::from_str(&read_back.to_json().unwrap()).unwrap();
    assert_eq!(written, document);
    document["tenants"][0]["registration"]["path"] = "register".into();
    assert!(read(&document).is_err());
}

#[test]
fn one_tenants_settings_are_checked_like_a_document() {
    let one = whole()["tenants"][0].clone();
    let tenant: TenantSettings = serde_json::from_value(one.clone()).unwrap();
    assert_eq!(serde_json::to_value(&tenant).unwrap(), one);
    let mut doubled = one;
    let api = json!({ "identifier": "https://api.acme.example/", "policy": "deny" });
    doubled["apis"].as_array_mut().unwrap().push(api);
    let error = serde_json::from_value::<TenantSettings>(doubled).unwrap_err();
    assert!(
        error.to_string().starts_with("apis[1]: is a duplicate"),
        "{error}"
    );
    // Settings built in Rust are checked on request.
    let mut built = tenant;
    built.connections.push(built.connections[0].clone());
    let error = built.check().unwrap_err();
    assert_eq!(error.path(), "connections[2]");
    assert!(matches!(error.fault(), SettingsFault::Duplicate), "{error}");
}

#[test]
fn the_sample_of_the_readme_loads() {
    let readme = include_str!("../../README.md");
    let samples: Vec<_> = readme
        .split("```json\n")
        .skip(1)
        .filter_map(|after| after.split("```").next())
        .filter(|sample| sample.contains("\"tenants\""))
        .collect();
    assert_eq!(samples.len(), 1);
    let document = SettingsDocument::from_json(samples[0]).unwrap();
    assert!(document.tenants()[0].registration.enabled);
    assert_eq!(document.tenants()[0].client_grants.len(), 1);
}
