//! `--check`: errors, warnings and the exit code.

use std::path::Path;

use serde_json::{Value, json};

use crate::command::{Ended, File, run};

/// A complete tenant.
fn complete() -> Value {
    json!({ "tenants": [{
        "id": "acme", "hosts": ["auth.acme.example"], "issuer": "https://auth.acme.example",
        "registration": { "enabled": true },
        "apis": [{ "identifier": "https://api.acme.example", "scopes": ["read:items"] }],
        "client_grants": [{ "default_for": "third_party_clients",
            "audience": "https://api.acme.example", "scope": ["read:items"] }],
        "connections": [{ "name": "google", "is_domain_connection": true }],
    }] })
}

fn check(settings: &Value) -> (File, Ended) {
    let file = File::write("settings.json", settings.to_string());
    let ended = run(&["--check", &file.text()]);
    assert_eq!(ended.stderr, "");
    (file, ended)
}

fn lines(ended: &Ended) -> Vec<&str> {
    ended.stdout.lines().collect()
}

#[test]
fn settings_without_a_problem_have_no_line() {
    let (file, ended) = check(&complete());
    let summary = format!("{}: no errors, no warnings\n", file.text());
    assert_eq!((ended.code, ended.stdout), (Some(0), summary));
}

#[test]
fn warnings_are_printed_without_an_error() {
    let mut settings = complete();
    settings["tenants"][0]["client_grants"] = json!([]);
    settings["tenants"][0]["connections"] = json!([]);
    let (file, ended) = check(&settings);
    assert_eq!(ended.code, Some(0));
    let lines = lines(&ended);
    assert!(
        lines[0].starts_with("warning: tenants[0].client_grants: "),
        "{lines:?}"
    );
    assert!(
        lines[1].starts_with("warning: tenants[0].connections: "),
        "{lines:?}"
    );
    assert_eq!(lines[2], format!("{}: no errors, 2 warnings", file.text()));
}

#[test]
fn errors_of_every_tenant_are_printed() {
    let mut settings = complete();
    let mut other = settings["tenants"][0].clone();
    other["id"] = json!("other");
    other["hosts"] = json!(["other.example"]);
    other["issuer"] = json!("https://other.example/tenant");
    settings["tenants"][0]["acl"] = json!([{ "priority": 1, "rule": {
        "action": { "block": true }, "scope": "dcr", "match": { "geo_country_codes": ["SE"] },
    } }]);
    settings["tenants"].as_array_mut().unwrap().push(other);
    let (file, ended) = check(&settings);
    assert_eq!(ended.code, Some(1));
    let lines = lines(&ended);
    let path = "error: tenants[0].acl[0].rule.match.geo_country_codes: ";
    assert!(lines[0].starts_with(path), "{lines:?}");
    assert!(
        lines[1].starts_with("error: tenants[1].issuer: has a path"),
        "{lines:?}"
    );
    assert_eq!(lines[2], format!("{}: 2 errors, no warnings", file.text()));
}

#[test]
fn all_errors_come_before_all_warnings() {
    let mut settings = complete();
    let tenant = &mut settings["tenants"][0];
    tenant["default_audience"] = json!("https://other.example");
    tenant["hosts"] = json!(["a/b"]);
    tenant["registration"]["path"] = json!("/authorize");
    tenant["connections"] = json!([]);
    let (file, ended) = check(&settings);
    assert_eq!(ended.code, Some(1));
    let lines = lines(&ended);
    for (line, begin) in lines.iter().zip([
        "error: tenants[0].hosts[0]: ",
        "error: tenants[0].default_audience: ",
        "error: tenants[0].registration.path: ",
        "warning: tenants[0].connections: ",
    ]) {
        assert!(line.starts_with(begin), "{lines:?}");
    }
    assert_eq!(lines[4], format!("{}: 3 errors, 1 warning", file.text()));
}

#[test]
fn reading_stops_at_the_first_parse_error() {
    let mut settings = complete();
    settings["tenants"][0]["default_audience"] = json!("https://other.example");
    settings["tenants"][0]["registration"]["enabled"] = json!("yes");
    settings["tenants"][0]["connections"] = json!(7);
    let (file, ended) = check(&settings);
    assert_eq!(ended.code, Some(1));
    let summary = format!("{}: 1 error, no warnings", file.text());
    assert_eq!(lines(&ended)[1..], [summary]);
}

#[test]
fn hosts_other_than_loopback_need_an_issuer() {
    let mut settings = complete();
    settings["tenants"][0]["issuer"] = json!(null);
    for (hosts, is_right) in [
        (json!([]), true),
        (json!(["127.0.0.1", "LocalHost", "[::1]"]), true),
        (json!(["auth.acme.example"]), false),
        (json!(["127.0.0.1", "auth.acme.example"]), false),
    ] {
        settings["tenants"][0]["hosts"] = hosts;
        let (_, ended) = check(&settings);
        let line = "error: tenants[0].issuer: is required for hosts other than loopback";
        assert_eq!(ended.code, Some(i32::from(!is_right)), "{ended:?}");
        assert_eq!(lines(&ended)[0] == line, !is_right, "{ended:?}");
    }
}

#[test]
fn registration_has_a_separate_path() {
    let mut settings = complete();
    for (path, is_right) in [
        ("/authorize", false),
        ("/interaction", false),
        ("/interaction/sign-in", false),
        ("/interaction/consent", false),
        ("/oauth/token", false),
        ("/oauth/revoke", false),
        ("/api/items", false),
        ("/.well-known/oauth-authorization-server", false),
        ("/oauth/register", true),
    ] {
        settings["tenants"][0]["registration"]["path"] = json!(path);
        let (_, ended) = check(&settings);
        assert_eq!(ended.code, Some(i32::from(!is_right)), "{path}: {ended:?}");
        let line = "error: tenants[0].registration.path: this server has another endpoint there";
        assert_eq!(lines(&ended)[0].starts_with(line), !is_right, "{ended:?}");
    }
}

#[test]
fn a_field_error_has_its_path_and_position() {
    let mut settings = complete();
    settings["tenants"][0]["registration"]["rate_limit"] = json!({ "per_second": 0, "burst": 5 });
    let (_, ended) = check(&settings);
    assert_eq!(ended.code, Some(1));
    let first = lines(&ended)[0];
    assert!(
        first.starts_with("error: tenants[0].registration.rate_limit"),
        "{first}"
    );
    assert!(first.contains("line 1 column "), "{first}");
}

#[test]
fn locations_are_found_with_the_databases() {
    let mut settings = complete();
    settings["tenants"][0]["acl"] = json!([{ "priority": 1, "rule": {
        "action": { "block": true }, "scope": "dcr", "match": { "asns": [64500] },
    } }]);
    let file = File::write("settings.json", settings.to_string());
    assert_eq!(run(&["--check", &file.text()]).code, Some(1));
    let asn = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/geoip/asn.mmdb");
    let ended = run(&["--check", &file.text(), "--geoip", asn.to_str().unwrap()]);
    assert_eq!(ended.code, Some(0), "{ended:?}");
}

#[test]
fn an_unreadable_file_is_an_error() {
    let ended = run(&["--check", "/missing/settings.json"]);
    assert_eq!(ended.code, Some(1));
    let first = lines(&ended)[0];
    assert!(
        first.starts_with("error: /missing/settings.json: No such file"),
        "{first}"
    );

    let file = File::write("settings.json", "{");
    let ended = run(&["--check", &file.text()]);
    assert_eq!(ended.code, Some(1));
    let first = lines(&ended)[0];
    assert!(
        first.starts_with(&format!("error: {}: ", file.text())),
        "{first}"
    );
    assert!(first.contains("line 1 column 1"), "{first}");
}

#[test]
fn one_byte_order_mark_is_skipped() {
    let file = File::write("settings.json", format!("\u{feff}{}", complete()));
    assert_eq!(run(&["--check", &file.text()]).code, Some(0));
    let file = File::write("settings.json", format!("\u{feff}\u{feff}{}", complete()));
    assert_eq!(run(&["--check", &file.text()]).code, Some(1));
}

#[test]
fn nothing_is_opened_or_created() {
    let folder = crate::temporary::TemporaryDir::new();
    let store = folder.path().join("clients.sqlite3");
    let file = File::write("settings.json", complete().to_string());
    let option = format!("sqlite:{}", store.display());
    let ended = run(&["--store", &option, "--check", &file.text()]);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(!store.exists());
}
