//! `--explain`: how settings decide about a request.

use http::Request;
use serde_json::{Value, json};

use crate::{
    command::{Ended, File, run},
    example_server::ExampleServer,
    wire::send,
};

fn settings() -> Value {
    json!({ "tenants": [{
        "id": "acme", "hosts": ["auth.acme.example"], "issuer": "https://auth.acme.example",
        "registration": { "enabled": true },
        "trusted_proxies": ["10.0.0.0/8"], "forwarded_header": "x-forwarded-for",
        "acl": [
            { "description": "watch curl", "priority": 0, "rule": { "action": { "log": true },
              "scope": "dcr", "match": { "user_agents": ["curl/8"] } } },
            { "description": "one network", "priority": 1, "rule": { "action": { "block": true },
              "scope": "dcr", "match": { "ipv4_cidrs": ["198.51.100.0/24"] } } },
            { "description": "not yet", "priority": 2, "active": false, "rule": {
              "action": { "block": true }, "scope": "dcr",
              "match": { "ipv4_cidrs": ["0.0.0.0/0"] } } },
        ],
    }] })
}

fn body() -> Value {
    json!({ "redirect_uris": ["https://app.example.com/callback"] })
}

fn explain(request: &Value) -> Ended {
    let settings = File::write("settings.json", settings().to_string());
    let request = File::write("request.json", request.to_string());
    run(&["--explain", &settings.text(), &request.text()])
}

fn assert_has(ended: &Ended, lines: &[&str]) {
    for line in lines {
        let is_there = ended.stdout.lines().any(|it| it.starts_with(line));
        assert!(
            is_there,
            "{line} is not in\n{}\n{}",
            ended.stdout, ended.stderr
        );
    }
}

#[test]
fn an_accepted_request_is_201() {
    let ended = explain(&json!({ "peer": "203.0.113.7", "body": body() }));
    assert_eq!((ended.code, &*ended.stderr), (Some(0), ""));
    assert_has(
        &ended,
        &[
            "tenant: acme",
            "registration: on, strict",
            "client: 203.0.113.7, the peer itself, which is no trusted proxy",
            "  source address: 203.0.113.7",
            "  user agent: absent",
            "  host name: auth.acme.example",
            "access rules: allow: no rule decides",
            "  rule 1 (one network) [block; priority 1; scope dcr]: no match",
            "    match source address: does not hold",
            "  rule 2 (not yet) [block; priority 2; scope dcr]: not active",
            r#"rate limit: {"per_second":5,"burst":5}"#,
            "  redirect_uris: accepted",
            r#"  grant_types: not sent, default ["authorization_code"]"#,
            "answer: 201 Created",
            r#"{"client_id":"<client_id>","#,
        ],
    );
    assert!(
        ended
            .stdout
            .contains(r#""client_secret":"<client_secret>""#),
        "{ended:?}"
    );
    assert!(!ended.stdout.contains("tpc_"), "{ended:?}");
}

#[test]
fn the_client_is_found_behind_proxies() {
    let request = json!({
        "peer": "10.0.0.2",
        "headers": { "X-Forwarded-For": ["192.0.2.9", "198.51.100.7, 10.1.1.1"] },
        "body": body(),
    });
    let ended = explain(&request);
    assert_eq!(ended.code, Some(1));
    assert_has(
        &ended,
        &[
            "client: 198.51.100.7, from X-Forwarded-For, through the trusted proxy 10.0.0.2: \
             the first value from the right",
            "  connecting address: 10.0.0.2",
            "access rules: block, by rule 1 (one network)",
            "    match source address: holds",
            "answer: 403 Forbidden",
            r#"{"error":"access_denied""#,
        ],
    );
    let unreadable = json!({
        "peer": "10.0.0.2", "headers": { "X-Forwarded-For": "unknown" }, "body": body(),
    });
    let ended = explain(&unreadable);
    assert_eq!(ended.code, Some(1));
    let lines = [
        "client: unknown, because a proxy sent a value for the client",
        "answer: 403 Forbidden",
    ];
    assert_has(&ended, &lines);
}

#[test]
fn the_source_of_the_address_is_explained() {
    let (proxies, none) = (json!(["10.0.0.0/8"]), json!([]));
    let (older, newer) = ("X-Forwarded-For", "Forwarded");
    let two = json!({ older: "192.0.2.1, 192.0.2.2" });
    for (proxies, hops, peer, headers, client) in [
        (
            &none,
            json!(null),
            "192.0.2.9",
            two.clone(),
            "192.0.2.9, the peer itself, which is no trusted proxy: headers about the client are ignored",
        ),
        (
            &proxies,
            json!(2),
            "192.0.2.9",
            two.clone(),
            "192.0.2.9, the peer itself, which is no trusted proxy: headers about the client are ignored",
        ),
        (
            &proxies,
            json!(null),
            "10.0.0.2",
            json!({}),
            "10.0.0.2, the peer itself, a trusted proxy that names no client",
        ),
        (
            &none,
            json!(2),
            "192.0.2.9",
            two.clone(),
            "192.0.2.1, from X-Forwarded-For, the value 2 from the right (trusted_hops: 2)",
        ),
        (
            &proxies,
            json!(1),
            "10.0.0.2",
            json!({ newer: "for=192.0.2.1" }),
            "192.0.2.1, from Forwarded, the value 1 from the right (trusted_hops: 1)",
        ),
        (
            &proxies,
            json!(null),
            "::ffff:10.0.0.2",
            two.clone(),
            "192.0.2.2, from X-Forwarded-For, through the trusted proxy 10.0.0.2: \
             the first value from the right that is no trusted proxy",
        ),
        (
            &proxies,
            json!(null),
            "10.0.0.2",
            json!({ older: "10.0.0.3, 10.0.0.4", newer: "for=10.0.0.3" }),
            "10.0.0.3, from Forwarded and X-Forwarded-For, through the trusted proxy 10.0.0.2: \
             the leftmost value, because all are trusted proxies",
        ),
        (
            &proxies,
            json!(null),
            "10.0.0.2",
            json!({ older: "192.0.2.1", newer: "for=192.0.2.2" }),
            "unknown, because Forwarded and X-Forwarded-For lead to different addresses; ",
        ),
        (
            &none,
            json!(3),
            "192.0.2.9",
            two.clone(),
            "unknown, because fewer proxies than expected added an address; ",
        ),
        (
            &none,
            json!(1),
            "192.0.2.9",
            json!({}),
            "unknown, because fewer proxies than expected added an address; ",
        ),
        (
            &proxies,
            json!(null),
            "10.0.0.2",
            json!({ older: "unknown" }),
            "unknown, because a proxy sent a value for the client that is not an address; ",
        ),
    ] {
        let settings = json!({ "tenants": [{
            "id": "acme", "registration": { "enabled": true },
            "trusted_proxies": proxies, "trusted_hops": hops,
        }] });
        let settings = File::write("settings.json", settings.to_string());
        let request = json!({ "peer": peer, "headers": headers, "body": body() });
        let request = File::write("request.json", request.to_string());
        let ended = run(&["--explain", &settings.text(), &request.text()]);
        assert_has(&ended, &[&format!("client: {client}")]);
    }
}

#[test]
fn a_monitoring_rule_blocks_nothing() {
    let request = json!({ "headers": { "User-Agent": "curl/8" }, "body": body() });
    let ended = explain(&request);
    assert_eq!(ended.code, Some(0));
    let rule = "  rule 0 (watch curl) [log; priority 0; scope dcr]: matches, monitoring only";
    assert_has(&ended, &["  user agent: curl/8", rule]);
}

#[test]
fn every_faulty_field_is_listed() {
    let request = json!({ "body": {
        "redirect_uris": ["https://app.example.com/cb", "file:///x", "javascript:alert(1)"],
        "grant_types": ["authorization_code", "password"],
        "logo_uri": "http://app.example.com/logo", "client_id": "mine",
    } });
    let ended = explain(&request);
    assert_eq!(ended.code, Some(1));
    assert_has(
        &ended,
        &[
            "  redirect_uris: refused: scheme_not_allowed at 1: ",
            "  redirect_uris: refused: scheme_not_allowed at 2: ",
            "  logo_uri: refused: ",
            r#"  grant_types: accepted as ["authorization_code"]"#,
            "    1 is dropped: not_supported: ",
            "  client_id: ignored, not stored",
            "answer: 400 Bad Request",
            r#"{"error":"invalid_redirect_uri""#,
        ],
    );
}

#[test]
fn an_invalid_request_body_is_refused() {
    let ended = explain(&json!({ "body": "[1, 2]" }));
    assert_eq!(ended.code, Some(1));
    assert_has(
        &ended,
        &["body: refused: not_an_object: ", "answer: 400 Bad Request"],
    );
    let ended = explain(&json!({ "headers": { "Content-Type": "text/plain" }, "body": body() }));
    assert_eq!(ended.code, Some(1));
    assert_has(&ended, &["answer: 415 Unsupported Media Type"]);
}

#[test]
fn a_header_with_an_empty_list_is_left_out() {
    let ended = explain(&json!({ "headers": { "Content-Type": [] }, "body": body() }));
    assert_eq!(ended.code, Some(1));
    assert_has(&ended, &["answer: 415 Unsupported Media Type"]);
    let ended = explain(&json!({ "headers": { "Host": [] }, "body": body() }));
    assert_eq!(ended.code, Some(1));
    assert_has(&ended, &["tenant: none", "answer: 400 Bad Request"]);
}

#[test]
fn a_duplicate_name_is_an_error() {
    let settings = File::write("settings.json", settings().to_string());
    for (text, fault) in [
        (
            r#"{ "body": "", "headers": { "Accept": "a", "accept": "b" } }"#,
            "headers.accept: is named twice",
        ),
        (
            r#"{ "body": "", "headers": { "Accept": "a", "Accept": "b" } }"#,
            "headers.Accept: is named twice",
        ),
        (
            r#"{ "body": "", "headers": { "Accept": [], "Accept": [] } }"#,
            "headers.Accept: is named twice",
        ),
        (r#"{ "body": "", "body": "" }"#, "duplicate field `body`"),
        (
            r#"{ "body": "", "headers": {}, "headers": {} }"#,
            "duplicate field `headers`",
        ),
    ] {
        let request = File::write("request.json", text);
        let ended = run(&["--explain", &settings.text(), &request.text()]);
        assert_eq!((ended.code, &*ended.stdout), (Some(2), ""), "{ended:?}");
        assert!(ended.stderr.contains(fault), "{fault} is not in {ended:?}");
    }
}

#[test]
fn one_byte_order_mark_before_a_request_is_skipped() {
    let settings = File::write("settings.json", settings().to_string());
    for (marks, code) in [("\u{feff}", 0), ("\u{feff}\u{feff}", 2)] {
        let text = format!("{marks}{}", json!({ "body": body() }));
        let request = File::write("request.json", text);
        let ended = run(&["--explain", &settings.text(), &request.text()]);
        assert_eq!(ended.code, Some(code), "{ended:?}");
    }
}

#[test]
fn members_of_a_body_keep_their_order() {
    let settings = File::write("settings.json", settings().to_string());
    let text =
        r#"{"body": {"scope": 7, "client_name": 7, "redirect_uris": ["https://a.example/"]}}"#;
    let request = File::write("request.json", text);
    let ended = run(&["--explain", &settings.text(), &request.text()]);
    assert_eq!(ended.code, Some(1));
    let lines: Vec<_> = ended.stdout.lines().collect();
    let metadata = lines.iter().position(|it| *it == "metadata:").unwrap();
    assert!(
        lines[metadata + 1].starts_with("  scope: refused: wrong_type"),
        "{lines:?}"
    );
    assert!(
        lines.last().unwrap().contains(r#""field":"scope""#),
        "{lines:?}"
    );
}

#[test]
fn numbers_of_a_body_are_sent_unchanged() {
    let settings = File::write("settings.json", settings().to_string());
    let text = r#"{"body": {"redirect_uris": ["https://a.example/"], "x": 1e999}}"#;
    let request = File::write("request.json", text);
    let ended = run(&["--explain", &settings.text(), &request.text()]);
    assert!(ended.stdout.contains("answer: "), "{ended:?}");
}

#[test]
fn a_host_of_no_tenant_is_404() {
    // A single tenant with hosts is found only by these hosts.
    let ended = explain(&json!({ "headers": { "Host": "other.example" }, "body": body() }));
    assert_eq!(ended.code, Some(1));
    assert_has(&ended, &["tenant: none", "answer: 404 Not Found"]);
}

#[test]
fn request_files_with_mistakes_name_them() {
    for (request, text) in [
        (json!({}), "missing field `body`"),
        (
            json!({ "body": 7 }),
            "body: takes a JSON object, or a string",
        ),
        (
            json!({ "body": body(), "bodies": 1 }),
            "unknown field `bodies`",
        ),
        (
            json!({ "body": body(), "peer": "me" }),
            "peer: invalid IP address",
        ),
        (
            json!({ "body": body(), "method": "a b" }),
            "method: takes a method",
        ),
        (
            json!({ "body": body(), "path": "register" }),
            "path: takes a path that begins with /",
        ),
        (
            json!({ "body": body(), "path": "/token" }),
            "path: the registration endpoint of this tenant is /oidc/register",
        ),
        (
            json!({ "body": body(), "headers": { "a b": "c" } }),
            "headers.a b: is not the name",
        ),
        (
            json!({ "body": body(), "headers": { "a": 1 } }),
            "headers.a: takes a string or a list",
        ),
        (
            json!({ "body": body(), "headers": { "a": "\n" } }),
            "headers.a: holds a character",
        ),
        (
            json!({ "body": body(), "headers": { "Content-Length": "3" } }),
            "headers.Content-Length: leave it out",
        ),
        (
            json!({ "body": body(), "headers": { "transfer-encoding": "chunked" } }),
            "headers.transfer-encoding: leave it out",
        ),
        (json!([]), "takes a JSON object"),
        (json!(["POST", null, null, {}, {}]), "takes a JSON object"),
    ] {
        let ended = explain(&request);
        assert_eq!(
            (ended.code, &*ended.stdout),
            (Some(2), ""),
            "{request}: {ended:?}"
        );
        assert!(ended.stderr.contains(text), "{text} is not in {ended:?}");
        assert!(ended.stderr.contains("request.json"), "{ended:?}");
    }
}

#[test]
fn settings_with_an_error_explain_nothing() {
    let settings = File::write("settings.json", "{}");
    let request = File::write("request.json", json!({ "body": body() }).to_string());
    let ended = run(&["--explain", &settings.text(), &request.text()]);
    assert_eq!((ended.code, &*ended.stdout), (Some(2), ""));
    assert!(
        ended
            .stderr
            .starts_with(&format!("error: {}", settings.text())),
        "{ended:?}"
    );
    let ended = run(&["--explain", &settings.text()]);
    assert_eq!(ended.code, Some(2));
    assert!(
        ended.stderr.contains("--explain needs REQUEST"),
        "{ended:?}"
    );
}

/// The printed answer equals the server's answer.
#[tokio::test]
async fn the_server_answers_the_same() {
    let document = json!({ "tenants": [{
        "id": "acme", "registration": { "enabled": true, "rate_limit": null },
    }] });
    let settings = File::write("settings.json", document.to_string());
    let server = ExampleServer::start_with(Some(&document), &[]);
    let mut cases = vec![
        json!({ "redirect_uris": ["http://app.example.com/cb"] }).to_string(),
        json!({ "redirect_uris": ["https://a.example/"], "scope": "\"" }).to_string(),
        json!({ "redirect_uris": 7 }).to_string(),
        "not json".to_owned(),
        String::new(),
    ];
    cases.push(format!("{{\"x\": \"{}\"}}", "y".repeat(70_000)));
    for body in cases {
        let request = File::write("request.json", json!({ "body": body }).to_string());
        let ended = run(&["--explain", &settings.text(), &request.text()]);
        assert_eq!(ended.code, Some(1), "{ended:?}");
        let request = Request::post(format!("{}/oidc/register", server.base))
            .header("content-type", "application/json")
            .body(body);
        let answer = send(request.unwrap()).await;
        let (_, told) = ended.stdout.split_once("answer: ").unwrap();
        assert!(told.starts_with(&answer.status.to_string()), "{told}");
        assert_eq!(told.lines().last(), Some(&*answer.body));
    }
}

/// Without an issuer, a tenant's path works at any host.
#[tokio::test]
async fn the_server_registers_where_it_says() {
    let document = json!({ "tenants": [{
        "id": "acme", "registration": { "enabled": true, "path": "/register" },
    }] });
    let settings = File::write("settings.json", document.to_string());
    let server = ExampleServer::start_with(Some(&document), &[]);
    for host in ["127.0.0.1", "auth.acme.example", "a_b"] {
        let request = json!({ "headers": { "Host": host }, "body": body() });
        let request = File::write("request.json", request.to_string());
        let ended = run(&["--explain", &settings.text(), &request.text()]);
        let request = Request::post(format!("{}/register", server.base))
            .header("content-type", "application/json")
            .header("host", host)
            .body(body().to_string());
        let answer = send(request.unwrap()).await;
        let (_, told) = ended.stdout.split_once("answer: ").unwrap();
        assert!(
            told.starts_with(&answer.status.to_string()),
            "{told}{answer:?}"
        );
    }
}
