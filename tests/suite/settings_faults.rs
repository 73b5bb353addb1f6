//! Settings that can never work: each error has the path of the field and says what to write
//! instead.

use std::error::Error as _;

use oauth_dcr::{
    MemoryStore, Registrar, TenantSettings,
    rate_limit::Quota,
    settings::{AllowedOrigins, SettingsDocument, SettingsReview},
};
use serde_json::{Value, json};

/// The error for a document: the path, and the message with its cause.
fn error(tenants: &Value) -> (String, String) {
    let document = json!({ "tenants": tenants }).to_string();
    let error = SettingsDocument::from_json(&document).unwrap_err();
    let cause = error.source().map(|it| format!(": {it}"));
    (
        error.path().to_owned(),
        format!("{error}{}", cause.unwrap_or_default()),
    )
}

/// A tenant with these members.
fn tenant(mut members: Value) -> Value {
    members["id"] = json!("a");
    members
}

/// Checks the error for a tenant with these members.
#[track_caller]
fn refused(members: Value, path: &str, says: &str) {
    let tenant = tenant(members);
    let (at, text) = error(&json!([tenant]));
    assert_eq!(at, format!("tenants[0].{path}"), "{text}");
    assert!(text.contains(says), "{tenant}: {text}");
}

fn accepted(members: Value) -> bool {
    serde_json::from_value::<TenantSettings>(tenant(members)).is_ok()
}

#[test]
fn origin_that_no_browser_sends_is_refused() {
    for origin in [
        "https://*.example.com",
        "https://*",
        "chrome-extension://*",
        "https://b\u{fc}cher.example",
        "https://xn--a.example",
        "https://App.example.com",
        "HTTPS://app.example.com",
        "https://app.example.com/",
        "https://app.example.com/path",
        "https://app.example.com?x",
        "https://app.example.com#x",
        "https://app.example.com:443",
        "http://app.example.com:80",
        "https://app.example.com:",
        "https://app.example.com:08443",
        "https://app.example.com.",
        "http://localhost.",
        "https://a..b",
        "https://-a.example",
        "https://user@app.example.com",
        "https://127.1",
        "https://0x7f.0.0.1",
        "https://[0:0:0:0:0:0:0:1]",
        "https://[::FFFF]",
        "https://",
        "app.example.com",
        "//app.example.com",
        "null",
        "",
        " https://app.example.com",
        "file://",
        "file:///x",
        "ws://app.example.com",
        "wss://app.example.com",
        "ftp://app.example.com",
        "data:text/html,x",
        "javascript:alert(1)",
        "chrome-extension:abc",
        "chrome-extension://",
    ] {
        let origins =
            json!({ "registration": { "allowed_origins": ["https://a.example", origin] } });
        refused(
            origins,
            "registration.allowed_origins",
            "origin 1 is not an origin that a browser sends: write the scheme, the host and, unless it is \
             the default port, the port, in lower case and without a slash at the end, such as \
             \"https://app.example.com\"",
        );
        assert!(AllowedOrigins::list([origin]).is_err(), "{origin}");
    }
    let beside = json!({ "registration": { "allowed_origins": ["*", "https://a.example"] } });
    refused(
        beside,
        "registration.allowed_origins",
        "the list [\"*\"] allows any origin",
    );
}

#[test]
fn origin_that_a_browser_sends_is_accepted() {
    for origin in [
        "https://app.example.com",
        "https://app.example.com:8443",
        "http://localhost:3000",
        "http://localhost",
        "http://127.0.0.1:6274",
        "http://[::1]:6274",
        "https://intranet",
        "https://xn--bcher-kva.example",
        "http://app.example.com:443",
        "chrome-extension://abcdefghijklmnopabcdefghijklmnop",
        "moz-extension://6c3f7b1e-3b1a-4d6a-9d0c-0f2e9c1f7a55",
        "safari-web-extension://0A1B2C3D-0000-4000-8000-000000000000",
        "capacitor://localhost",
        "app://obsidian.md",
        "tauri://localhost",
    ] {
        let origins = json!({ "registration": { "allowed_origins": [origin] } });
        assert!(accepted(origins), "{origin}");
        assert!(AllowedOrigins::list([origin]).unwrap().allows(origin));
    }
}

#[test]
fn issuers_of_two_tenants_differ_after_normalization() {
    let two = |first: &str, second: &str| {
        let tenants = json!([
            { "id": "a", "hosts": ["a"], "issuer": first },
            { "id": "b", "hosts": ["b"], "issuer": second },
        ]);
        json!({ "tenants": tenants }).to_string()
    };
    let issuer = "https://auth.example.com";
    for same in [
        "https://auth.example.com",
        "https://auth.example.com/",
        "https://auth.example.com:443",
        "https://auth.example.com:443/",
        "https://AUTH.example.com",
        "HTTPS://auth.example.com",
    ] {
        let error = SettingsDocument::from_json(&two(issuer, same)).unwrap_err();
        assert_eq!(error.path(), "tenants[1].issuer", "{same}");
        assert!(
            error
                .to_string()
                .contains("is a duplicate of an earlier entry: remove or change")
        );
    }
    let path = two("https://auth.example.com/t", "https://auth.example.com/t/");
    assert!(SettingsDocument::from_json(&path).is_err());
    for other in [
        "https://auth.example.com:8443",
        "https://auth.example.com/a",
        "https://auth.example.com/A",
        "http://127.0.0.1",
    ] {
        assert!(
            SettingsDocument::from_json(&two(issuer, other)).is_ok(),
            "{other}"
        );
    }
    let case = two("https://auth.example.com/a", "https://auth.example.com/A");
    assert!(SettingsDocument::from_json(&case).is_ok());
}

#[test]
fn host_has_the_form_of_request_hosts() {
    for host in [
        "auth.example.com.",
        "auth.example.com:443",
        "https://auth.example.com",
        "auth.example.com/",
        "*.example.com",
        "b\u{fc}cher.example",
        "::1",
        "[::1]:8080",
        "[0:0:0:0:0:0:0:1]",
        "[::0001]",
        "[::ffff:1.2.3.4]",
        "[::1.2.3.4]",
        "127.1",
        "",
    ] {
        let hosts = json!({ "hosts": ["b", host] });
        refused(
            hosts,
            "hosts[1]",
            "is not a host: write a name such as \"auth.example.com\", or an address such as \
             \"127.0.0.1\" or, in its shortest form, \"[::1]\"",
        );
        // Settings of one tenant alone are checked as well.
        assert!(!accepted(json!({ "hosts": [host] })), "{host}");
    }
    assert!(accepted(
        json!({ "hosts": ["[::1]", "127.0.0.1", "AUTH.example.com", "[2001:DB8::1]", "[::ffff:102:304]", "[::102:304]"] })
    ));
    let twice = json!({ "hosts": ["auth.example.com", "AUTH.example.com"] });
    refused(twice, "hosts[1]", "is a duplicate of an earlier entry");
}

#[test]
fn malformed_api_and_connection_names_are_refused() {
    let long = "a".repeat(2049);
    for name in ["", " ", " a", "a ", "a\n", "a\u{0}b", "\u{a0}a", &long] {
        let says = "is not a name: write 1 to 2048 bytes, without space around it";
        let apis = json!({ "apis": [ { "identifier": "a" }, { "identifier": name } ] });
        refused(apis, "apis[1].identifier", says);
        let connections = json!({ "connections": [ { "name": "a" }, { "name": name } ] });
        refused(connections, "connections[1].name", says);
    }
    let name = "a".repeat(2048);
    assert!(accepted(json!({ "apis": [ { "identifier": name } ] })));
    assert!(accepted(json!({ "apis": [ { "identifier": "My API" } ] })));
}

#[test]
fn error_names_the_position_of_a_scope() {
    let scopes = json!({ "apis": [ { "identifier": "a", "scopes": ["read", "read write"] } ] });
    let says = "is not a scope: write one or more ASCII characters, without space";
    refused(scopes, "apis[0].scopes[1]", says);
    let grants = json!({ "apis": [ { "identifier": "a" } ], "client_grants": [
        { "default_for": "third_party_clients", "audience": "a", "scope": ["a", "b", ""] }
    ] });
    refused(grants, "client_grants[0].scope[2]", says);
}

#[test]
fn errors_about_registration_say_what_to_write() {
    let registration = |field: &str, value: Value| json!({ "registration": { field: value } });
    let uris = |value: Value| registration("redirect_uris", value);
    for (members, path, says) in [
        (
            uris(json!({ "schemes": ["vscode", "cursor:"] })),
            "registration.redirect_uris.schemes[1]",
            "write its name without the colon, such as \"cursor\"",
        ),
        (
            uris(json!({ "schemes": ["https"] })),
            "registration.redirect_uris.schemes[0]",
            "https and http need not be listed",
        ),
        (
            uris(json!({ "max": "32" })),
            "registration.redirect_uris.max",
            "invalid type: string \"32\", expected a whole number",
        ),
        (
            uris(json!({ "max": 1.5 })),
            "registration.redirect_uris.max",
            "expected a whole number",
        ),
        (
            uris(json!({ "max": -1 })),
            "registration.redirect_uris.max",
            "expected a number that is not negative",
        ),
        (
            uris(json!([])),
            "registration.redirect_uris",
            "expected an object",
        ),
        (
            json!({ "registration": [true] }),
            "registration",
            "expected an object",
        ),
        (
            registration("max_clients", json!(0)),
            "registration.max_clients",
            "invalid value: integer `0`, expected a number of at least 1",
        ),
        (
            registration("security_mode", json!(1)),
            "registration.security_mode",
            "invalid type: integer `1`, expected \"strict\" or \"permissive\"",
        ),
        (
            registration("security_mode", json!({ "strict": null })),
            "registration.security_mode",
            "expected \"strict\" or \"permissive\"",
        ),
        (
            registration("token_endpoint_auth_methods", json!(["none", 1])),
            "registration.token_endpoint_auth_methods[1]",
            "expected \"none\" or \"client_secret_post\" or",
        ),
        (
            registration("token_endpoint_auth_methods", json!("none")),
            "registration.token_endpoint_auth_methods",
            "expected a list",
        ),
        (
            registration("path", json!("register")),
            "registration.path",
            "a path begins with a slash",
        ),
    ] {
        refused(members, path, says);
    }
}

#[test]
fn errors_about_the_tenant_say_what_to_write() {
    for (members, path, says) in [
        (
            json!({ "issuer": "http://auth.example.com" }),
            "issuer",
            "such as \"https://auth.example.com\"",
        ),
        (
            json!({ "signal_headers": { "asn": "x asn" } }),
            "signal_headers.asn",
            "letters, digits and hyphens, such as \"x-geo-country\"",
        ),
        (
            json!({ "forwarded_header": "xff" }),
            "forwarded_header",
            "expected one of `either`, `x-forwarded-for`, `forwarded`",
        ),
        (
            json!({ "trusted_hops": 256 }),
            "trusted_hops",
            "expected a number of at most 255",
        ),
        (
            json!({ "trusted_proxies": ["10.0.0.0/33"] }),
            "trusted_proxies[0]",
            "write an address such as 10.0.0.2, or a CIDR such as 10.0.0.0/8",
        ),
        (
            json!({ "apis": [ { "identifier": "a", "policy": "open" } ] }),
            "apis[0].policy",
            "expected one of `allow_all`, `require_client_grant`, `deny`",
        ),
        (
            json!({ "client_grants": [ { "client_id": "a b", "audience": "a", "scope": [] } ] }),
            "client_grants[0]",
            "client_id is not a client id: write 1 to 512 visible ASCII characters",
        ),
    ] {
        refused(members, path, says);
    }
}

#[test]
fn rate_has_one_unit() {
    let rate = |value: Value| json!({ "registration": { "rate_limit": value } });
    for (value, quota) in [
        (
            json!({ "per_minute": 30, "burst": 3 }),
            Quota::per_minute(30, 3),
        ),
        (json!({ "per_hour": 2, "burst": 1 }), Quota::per_hour(2, 1)),
        (json!({ "burst": 9 }), Quota::new(5, 9)),
    ] {
        let read: TenantSettings = serde_json::from_value(tenant(rate(value))).unwrap();
        assert_eq!(read.registration.rate_limit, Some(quota.unwrap()));
    }
    for (value, says) in [
        (
            json!({ "per_second": 1, "per_hour": 60 }),
            "a quota must have one of per_second, per_minute and per_hour, not several",
        ),
        (
            json!({ "per_minute": 0 }),
            "a quota must have a rate of at least 1",
        ),
        (json!({ "burst": 0 }), "a burst of at least 1"),
        (
            json!({ "per_minute": 1, "burst": 99_999_999 }),
            "a burst of at most",
        ),
    ] {
        refused(rate(value), "registration.rate_limit", says);
    }
    let half = rate(json!({ "per_second": 0.5 }));
    refused(
        half,
        "registration.rate_limit.per_second",
        "expected a whole number",
    );
}

/// The paths of the errors of a review.
fn places(review: &SettingsReview) -> Vec<&str> {
    review
        .errors()
        .iter()
        .map(oauth_dcr::settings::SettingsError::path)
        .collect()
}

#[test]
fn review_lists_every_error_of_every_tenant() {
    let country = json!([{ "priority": 1, "rule": {
        "action": { "block": true }, "match": { "geo_country_codes": ["SE"], "asns": [1] }, "scope": "dcr"
    } }]);
    let document = json!({ "tenants": [
        {
            "id": "a", "hosts": ["a", "a:1", "A"],
            "registration": { "token_endpoint_auth_methods": [], "redirect_uris": { "max": 0, "max_bytes": 1 } },
            "refresh_token_leeway_seconds": 61,
            "default_audience": "x",
            "apis": [ { "identifier": "", "scopes": ["a b", "c"] }, { "identifier": "" } ],
            "client_grants": [ { "client_id": "c", "audience": "x", "scope": ["", "d e"] } ],
            "connections": [ { "name": " " } ],
        },
        { "id": "a", "hosts": ["A"], "issuer": "https://a.example" },
        { "id": "c", "issuer": "https://a.example/", "acl": country },
    ] })
    .to_string();
    let mut expected = vec![
        "tenants[0].hosts[2]",
        "tenants[0].hosts[1]",
        "tenants[0].registration.token_endpoint_auth_methods",
        "tenants[0].registration.redirect_uris.max",
        "tenants[0].registration.redirect_uris.max_bytes",
        "tenants[0].refresh_token_leeway_seconds",
        "tenants[0].apis[1]",
        "tenants[0].apis[0].identifier",
        "tenants[0].apis[0].scopes[0]",
        "tenants[0].apis[1].identifier",
        "tenants[0].default_audience",
        "tenants[0].client_grants[0].scope[0]",
        "tenants[0].client_grants[0].scope[1]",
        "tenants[0].client_grants[0].audience",
        "tenants[0].connections[0].name",
        "tenants[1].id",
        "tenants[1].hosts[0]",
        "tenants[2].hosts",
        "tenants[2].issuer",
    ];
    let review = SettingsDocument::review_json(&document);
    assert_eq!(places(&review), expected);
    assert_eq!(review.tenants().len(), 3);
    let first = SettingsDocument::from_json(&document).unwrap_err();
    assert_eq!(first.to_string(), review.errors()[0].to_string());
    assert!(review.into_document().is_none());
    // A registrar without a source of locations can't evaluate the rule.
    let registrar = Registrar::builder(MemoryStore::new()).build().unwrap();
    let review = registrar.review_settings(&document);
    expected.extend([
        "tenants[2].acl[0].rule.match.geo_country_codes",
        "tenants[2].acl[0].rule.match.asns",
    ]);
    assert_eq!(places(&review), expected);
}

#[test]
fn review_lists_warnings_beside_errors() {
    let document = json!({ "tenants": [ {
        "id": "a", "default_audience": "x", "forwarded_header": "forwarded"
    } ] });
    let review = SettingsDocument::review_json(&document.to_string());
    assert_eq!(places(&review), ["tenants[0].default_audience"]);
    let warnings: Vec<_> = review
        .warnings()
        .iter()
        .map(oauth_dcr::settings::SettingsWarning::path)
        .collect();
    assert_eq!(warnings, ["tenants[0].forwarded_header"]);
}

#[test]
fn review_of_good_settings_is_their_document() {
    let json = json!({ "tenants": [ { "id": "a" } ] }).to_string();
    let document = SettingsDocument::from_json(&json).unwrap();
    let review = SettingsDocument::review_json(&json);
    assert_eq!(review.into_document(), Some(document));
}

#[test]
fn review_of_unreadable_settings_is_one_error() {
    for (json, path) in [
        ("[", ""),
        (r#"{ "tenants": [ { "id": 1 } ] }"#, "tenants[0].id"),
    ] {
        let review = SettingsDocument::review_json(json);
        assert_eq!(review.errors().len(), 1, "{json}");
        assert!(review.errors()[0].path().ends_with(path), "{json}");
        assert!(review.tenants().is_empty() && review.into_document().is_none());
    }
    let review = SettingsDocument::review_json(r#"{ "tenants": [] }"#);
    assert_eq!(places(&review), ["tenants"]);
}

#[test]
fn error_for_a_leeway_tells_its_range() {
    let says = |json: &str| {
        let member = r#""refresh_token_leeway_seconds": "#;
        let document = format!(r#"{{ "tenants": [ {{ "id": "a", {member}{json} }} ] }}"#);
        let error = SettingsDocument::from_json(&document).unwrap_err();
        assert_eq!(error.path(), "tenants[0].refresh_token_leeway_seconds");
        let cause = error.source().map(ToString::to_string);
        format!("{error}: {}", cause.unwrap_or_default())
    };
    for number in ["61", "255", "256", "300", "18446744073709551615"] {
        let text = says(number);
        assert!(
            text.contains("the greatest allowed value is 60"),
            "{number}: {text}"
        );
    }
    for value in [
        "1e3",
        "18446744073709551616",
        "-1",
        "1.5",
        "\"10\"",
        "null",
        "[]",
    ] {
        let text = says(value);
        assert!(
            text.contains("expected a whole number from 0 to 60"),
            "{value}: {text}"
        );
    }
    for number in ["0", "60"] {
        let json = format!(r#"{{ "id": "a", "refresh_token_leeway_seconds": {number} }}"#);
        assert!(
            serde_json::from_str::<TenantSettings>(&json).is_ok(),
            "{number}"
        );
    }
}

#[test]
fn document_is_an_object() {
    for json in [
        r#"[[{ "id": "acme" }]]"#,
        "[]",
        "null",
        "17",
        r#""tenants""#,
    ] {
        let error = SettingsDocument::from_json(json).unwrap_err();
        let source = error.source().unwrap().to_string();
        assert!(source.contains("expected an object"), "{json}: {source}");
        assert!(source.contains("line 1 column"), "{json}: {source}");
    }
}
