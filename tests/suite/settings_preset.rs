//! `"preset": "agents"` sets only the fields that a document leaves out.

use std::error::Error as _;

use oauth_dcr::{
    TenantSettings,
    rate_limit::Quota,
    redirect_uri::RedirectUriPolicy,
    settings::{RefreshTokenWhen, RefusedRedirectUris, SettingsDocument},
};
use serde_json::{Value, json};

fn read(tenant: &Value) -> TenantSettings {
    let alone: TenantSettings = serde_json::from_value(tenant.clone()).unwrap();
    let document = json!({ "tenants": [tenant] }).to_string();
    let document = SettingsDocument::from_json(&document).unwrap();
    assert_eq!(document.tenants(), std::slice::from_ref(&alone));
    alone
}

fn agents() -> TenantSettings {
    TenantSettings::new().for_agents()
}

#[test]
fn preset_sets_what_agents_need() {
    let settings = read(&json!({ "id": "default", "preset": "agents" }));
    assert_eq!(settings, agents());
    let registration = &settings.registration;
    assert_eq!(
        registration.redirect_uris,
        RedirectUriPolicy::native_agents()
    );
    assert!(registration.redirect_uris.localhost_any_port);
    assert_eq!(
        registration.refused_redirect_uris,
        RefusedRedirectUris::Narrow
    );
    assert_eq!(registration.rate_limit, Some(Quota::new(5, 20).unwrap()));
    assert_eq!(settings.refresh_token_when, RefreshTokenWhen::Registered);
    assert_eq!(settings.refresh_token_leeway_seconds, 10);
    assert!(!registration.enabled);
}

#[test]
fn explicit_field_wins_even_with_its_default() {
    let mut without = agents();
    let registration = &mut without.registration;
    registration.redirect_uris = RedirectUriPolicy::default();
    registration.refused_redirect_uris = RefusedRedirectUris::Reject;
    registration.rate_limit = Some(Quota::default());
    without.refresh_token_when = RefreshTokenWhen::OfflineAccessRequested;
    without.refresh_token_leeway_seconds = 0;
    assert_eq!(without, TenantSettings::new());
    let given = json!({
        "id": "default", "preset": "agents",
        "registration": {
            "redirect_uris": { "schemes": [], "localhost_any_port": false },
            "refused_redirect_uris": "refuse",
            "rate_limit": { "burst": 5 },
        },
        "refresh_token_when": "offline_access_requested",
        "refresh_token_leeway_seconds": 0,
    });
    assert_eq!(read(&given), without);
}

#[test]
fn explicit_field_leaves_siblings_to_the_preset() {
    let one = |registration: Value| {
        read(&json!({ "id": "default", "preset": "agents", "registration": registration }))
    };
    let mut expected = agents();
    expected.registration.redirect_uris.max = 3;
    assert_eq!(one(json!({ "redirect_uris": { "max": 3 } })), expected);

    let mut expected = agents();
    expected.registration.redirect_uris.schemes.clear();
    assert_eq!(one(json!({ "redirect_uris": { "schemes": [] } })), expected);
}

#[test]
fn explicit_rate_limit_wins() {
    for (given, expected) in [
        (
            json!({ "per_second": 2, "burst": 4 }),
            Some(Quota::new(2, 4)),
        ),
        (json!({ "per_second": 2 }), Some(Quota::new(2, 20))),
        (json!({ "per_minute": 30 }), Some(Quota::per_minute(30, 20))),
        (json!({ "per_hour": 1 }), Some(Quota::per_hour(1, 20))),
        (json!({}), Some(Quota::new(5, 20))),
        (json!(null), None),
    ] {
        let tenant = json!({
            "id": "default", "preset": "agents", "registration": { "rate_limit": given }
        });
        let expected = expected.map(Result::unwrap);
        assert_eq!(read(&tenant).registration.rate_limit, expected, "{given}");
    }
    let mut off = TenantSettings::new();
    off.registration.rate_limit = None;
    assert_eq!(off.for_agents().registration.rate_limit, None);
}

#[test]
fn preset_sets_no_quota_per_source() {
    let tenant = json!({
        "id": "default", "preset": "agents",
        "registration": { "rate_limit_per_source": { "per_minute": 6 } },
    });
    let settings = read(&tenant);
    let per_source = settings.registration.rate_limit_per_source;
    assert_eq!(per_source, Some(Quota::per_minute(6, 5).unwrap()));
    let rate = settings.registration.rate_limit;
    assert_eq!(rate, Some(Quota::new(5, 20).unwrap()));
}

#[test]
fn order_of_members_does_not_matter() {
    let first = r#"{ "preset": "agents", "id": "default", "refresh_token_leeway_seconds": 3 }"#;
    let last = r#"{ "refresh_token_leeway_seconds": 3, "id": "default", "preset": "agents" }"#;
    let read = |json: &str| serde_json::from_str::<TenantSettings>(json).unwrap();
    assert_eq!(read(first), read(last));
    assert_eq!(read(first).refresh_token_leeway_seconds, 3);
}

#[test]
fn preset_affects_only_its_tenant() {
    let json = r#"{ "tenants": [
        { "id": "a", "hosts": ["a"], "preset": "agents" }, { "id": "b", "hosts": ["b"] }
    ] }"#;
    let document = SettingsDocument::from_json(json).unwrap();
    let leeway = |at: usize| document.tenants()[at].refresh_token_leeway_seconds;
    assert_eq!((leeway(0), leeway(1)), (10, 0));
}

#[test]
fn effective_values_are_written() {
    let settings = read(&json!({ "id": "default", "preset": "agents" }));
    let written = serde_json::to_value(&settings).unwrap();
    assert_eq!(written.get("preset"), None);
    assert_eq!(written["registration"]["rate_limit"]["burst"], 20);
    assert_eq!(read(&written), settings);
}

#[test]
fn null_preset_is_no_preset() {
    let null = read(&json!({ "id": "default", "preset": null }));
    assert_eq!(null, TenantSettings::new());
}

#[test]
fn errors_beside_a_preset_keep_their_position() {
    for (member, path, says) in [
        (
            r#""preset": "agent""#,
            "tenants[0].preset",
            "unknown variant `agent`, expected `agents`",
        ),
        (
            r#""preset": 1"#,
            "tenants[0].preset",
            "invalid type: integer `1`, expected \"agents\"",
        ),
        (
            r#""preset": ["agents"]"#,
            "tenants[0].preset",
            "invalid type: sequence, expected \"agents\"",
        ),
        (
            r#""preset": "agents", "preset": "agents""#,
            "tenants[0]",
            "duplicate field `preset`",
        ),
        (
            r#""preset": "agents", "registration": { "enabled": true, "enabled": true }"#,
            "tenants[0].registration",
            "duplicate field `enabled`",
        ),
        (
            r#""preset": "agents", "registration": { "enable": true }"#,
            "tenants[0].registration.enable",
            "unknown field `enable`",
        ),
        (
            r#""preset": "agents", "registration": []"#,
            "tenants[0].registration",
            "invalid type: sequence, expected an object",
        ),
        (
            r#""preset": "agents", "signals_from_host": ["asns", 1]"#,
            "tenants[0].signals_from_host[1]",
            "invalid type: integer `1`, expected \"geo_country_codes\" or",
        ),
    ] {
        let json = format!("{{ \"tenants\": [ {{ \"id\": \"a\",\n      {member} }} ] }}");
        let error = SettingsDocument::from_json(&json).unwrap_err();
        assert_eq!(error.path(), path, "{member}");
        let cause = error.source().unwrap().to_string();
        assert!(cause.starts_with(says), "{member}: {cause}");
        assert!(cause.contains(" at line 2 column "), "{member}: {cause}");
    }
}

#[test]
fn byte_order_mark_is_skipped() {
    let json = r#"{ "tenants": [ { "id": "a" } ] }"#;
    let marked = SettingsDocument::from_json(&format!("\u{feff}{json}")).unwrap();
    assert_eq!(marked, SettingsDocument::from_json(json).unwrap());
    let place = |json: &str| {
        let error = SettingsDocument::from_json(json).unwrap_err();
        error.source().unwrap().to_string()
    };
    assert_eq!(place("\u{feff}{]"), place("{]"));
    // Only the first character is a mark.
    assert!(SettingsDocument::from_json(&format!("\u{feff}\u{feff}{json}")).is_err());
    assert!(SettingsDocument::from_json(&format!("{json}\u{feff}")).is_err());
}
