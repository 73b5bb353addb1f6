//! Which registration is refused with which text, over HTTP. The file `src/endpoint/refusals.txt`
//! has all texts, including those of the other endpoints.
//!
//! `UPDATE_REFUSALS=1` rewrites both files.

use std::fmt::Write as _;

use http::{Method, Request};
use oauth_dcr::{MemoryStore, Registrar, Tenants};
use serde_json::{Value, json};

use crate::support::{
    clock::ManualClock,
    http::{Server, parts},
};

const FILE: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/tests/suite/registration_refusals/texts.txt"
);

const GOOD: &str = r#"{"redirect_uris": ["https://app.example.com/callback"]}"#;

/// A server with one tenant that has these registration settings and this list.
async fn serve(mut registration: Value, acl: Value) -> Server {
    if registration.get("enabled").is_none() {
        registration["enabled"] = true.into();
    }
    if registration.get("rate_limit").is_none() {
        registration["rate_limit"] = Value::Null;
    }
    let document = json!({ "tenants": [{ "id": "a", "registration": registration, "acl": acl }] });
    let registrar = Registrar::builder(MemoryStore::new())
        .tenants(Tenants::from_json(&document.to_string()).unwrap())
        .clock(ManualClock::new())
        .build()
        .unwrap();
    Server::start(registrar).await
}

fn post(body: &[u8]) -> Request<Vec<u8>> {
    Request::post("/oidc/register")
        .header("content-type", "application/json")
        .body(body.to_vec())
        .unwrap()
}

/// Status, code, `error_detail` and description. The description must not repeat the body.
async fn refusal(server: &Server, request: Request<Vec<u8>>) -> String {
    let (status, body) = parts(&server.send(request).await);
    let mut text = format!("{status} {}", body["error"].as_str().unwrap());
    if let Some(detail) = body.get("error_detail") {
        write!(text, " {detail}").unwrap();
    }
    let description = body["error_description"].as_str().unwrap();
    assert!(!description.contains("SECRET"), "{description}");
    format!("{text}\n  {description}\n")
}

/// Bodies that are not JSON objects.
fn bodies() -> Vec<(&'static str, Vec<u8>)> {
    let utf16 = |text: &str| -> Vec<u8> {
        let units = text.encode_utf16().flat_map(u16::to_le_bytes);
        units.collect()
    };
    let cases: [(&str, &[u8]); 26] = [
        ("no body", b""),
        ("white space", b" \r\n\t"),
        ("a byte order mark", b"\xef\xbb\xbf{}"),
        ("a byte order mark of UTF-16", b"\xff\xfe{\0}\0"),
        ("a byte order mark of UTF-16, big-endian", b"\xfe\xff\0{\0}"),
        ("Latin-1", b"{\"client_name\": \"SECRET \xe9\"}"),
        (
            "a form",
            b"client_name=SECRET&redirect_uris=https%3A%2F%2Fa.example",
        ),
        (
            "a form that begins like a literal",
            b"token_endpoint_auth_method=none",
        ),
        ("a form with a number first", b"1=2"),
        (
            "a form with brackets in a name",
            b"redirect_uris[]=https://SECRET.example",
        ),
        ("base64", b"eyJTRUNSRVQiOjF9=="),
        ("an array", b"[\"SECRET\"]"),
        ("a string", b"\"a=SECRET\""),
        ("a number", b"17"),
        ("null", b"null"),
        ("a word", b"nonsense"),
        ("an unfinished object", b"{\n  \"scope\": \"SECRET\""),
        (
            "a comma too many",
            "{\n \"x\": \"\u{e9}\u{e9}\", }".as_bytes(),
        ),
        ("a line end in a string", b"{\"scope\": \"SEC\nRET\"}"),
        ("half of a surrogate pair", br#"{"scope": "\ud800SECRET"}"#),
        (
            "an escape that JSON does not have",
            br#"{"scope": "\xSECRET"}"#,
        ),
        ("a number that is out of range", b"{\n\"x\": 1e999}"),
        ("text after the object", b"{}\nSECRET"),
        ("two objects", b"{}{}"),
        (
            "a duplicate member",
            b"{\"scope\": \"a\",\n \"sc\\u006fpe\": \"SECRET\"}",
        ),
        (
            "a duplicate member that is unknown",
            b"{\"SECRET\": 1, \"SECRET\": 2}",
        ),
    ];
    let mut bodies: Vec<_> = cases.map(|(name, body)| (name, body.to_vec())).into();
    let big = format!(r#"{{"x": -{}}}"#, "9".repeat(400));
    bodies.push(("an integer that is out of range", big.into_bytes()));
    bodies.push(("UTF-16 without a mark", utf16("{\"a\": 1}")));
    let tagged = r#"{"client_name#fr": "a", "client_name#FR": "SECRET"}"#;
    bodies.push(("a duplicate language", tagged.into()));
    let deep = format!("{{\"x\": {}1{}}}", "[".repeat(40), "]".repeat(40));
    bodies.push(("deep nesting", deep.into_bytes()));
    bodies
}

/// A field and a value that its rule refuses.
fn metadata() -> Vec<(&'static str, Value)> {
    let long = |length: usize| "a".repeat(length);
    let uris = [
        "/SECRET",
        "https://SECRET.example/ ",
        "https://SECRET.example/%zz",
        "https://SECRET.example/#",
        "https://SECRET@a.example/",
        "https://*.example.com/",
        "https://SECRET.example/../",
        "https://SECRET..example/",
        "https://intranet/",
        "https://SECRET.example:0/",
        "http://SECRET.example/",
        "http://127.0.0.2/",
        "SECRET://a/cb",
        "javascript:SECRET",
        "com.example.app:8080",
    ];
    let names = [
        "a\u{7}b".to_owned(),
        "a\u{200b}b".to_owned(),
        "a\u{378}".to_owned(),
        "<b>".to_owned(),
        format!("a{}", "\u{301}".repeat(6)),
        "\u{ad}".to_owned(),
        "a\u{2800}b".to_owned(),
        "a \u{301}".to_owned(),
        long(129),
    ];
    let mut cases: Vec<(&str, Value)> = vec![
        ("redirect_uris", Value::Null),
        ("redirect_uris", json!([])),
        ("redirect_uris", json!("https://SECRET.example/")),
        ("redirect_uris", json!(["https://a.example", 1])),
        ("redirect_uris", json!(vec!["https://a.example"; 33])),
        ("redirect_uris", json!([format!("https://{}", long(2048))])),
    ];
    let uris = uris.map(|uri| ("redirect_uris", json!(["https://a.example", uri])));
    cases.extend(uris);
    cases.extend(names.map(|name| ("client_name", json!(name))));
    cases.extend([
        ("client_name", json!(["SECRET"])),
        ("client_name#SECRET tag", json!("a")),
        ("client_uri", json!("http://SECRET.example")),
        ("logo_uri", json!("https://a.example/SECRET ")),
        ("tos_uri", json!("https://SECRET@a.example")),
        ("policy_uri", json!("https://SECRET..example")),
        (
            "policy_uri",
            json!(format!("https://a.example/{}", long(2048))),
        ),
        ("token_endpoint_auth_method", json!("SECRET")),
        ("token_endpoint_auth_method", json!(1)),
        ("grant_types", json!(["refresh_token"])),
        ("grant_types", json!(["SECRET"])),
        ("grant_types", json!("authorization_code")),
        ("response_types", json!(["SECRET"])),
        ("application_type", json!("SECRET")),
        ("contacts", json!(vec!["a"; 11])),
        ("contacts", json!(["a", long(255)])),
        ("contacts", json!(["a", "SECRET\n"])),
        ("contacts", json!(["a\u{200b}"])),
        ("contacts", json!(["a\u{378}"])),
        ("scope", json!("SECRET\ta")),
        ("scope", json!(long(4097))),
        ("software_id", json!(long(256))),
        ("jwks", json!({ "keys": [{ "kty": "oct", "k": "SECRET" }] })),
    ]);
    cases
}

fn with(field: &str, value: &Value) -> Request<Vec<u8>> {
    let mut body: Value = serde_json::from_str(GOOD).unwrap();
    body[field] = value.clone();
    post(body.to_string().as_bytes())
}

/// A value as a heading, shortened.
fn heading(value: &Value) -> String {
    let text: String = value.to_string().chars().take(60).collect();
    text.escape_debug().to_string().replace("\\\"", "\"")
}

async fn of_settings(texts: &mut String) {
    let block = json!([{ "description": "SECRET", "active": true, "priority": 1, "rule": {
        "action": { "block": true }, "match": { "ipv4_cidrs": ["127.0.0.0/8"] }, "scope": "dcr" } }]);
    let elsewhere = json!([{ "description": "SECRET", "active": true, "priority": 1, "rule": {
        "action": { "redirect": true, "redirect_uri": "https://a.example/" },
        "match": { "ipv4_cidrs": ["127.0.0.0/8"] }, "scope": "dcr" } }]);
    let web = json!({ "redirect_uris": ["com.example.app:/cb"], "application_type": "web" });
    let implicit = json!({
        "redirect_uris": ["http://localhost/"], "grant_types": ["implicit"],
    });
    let public = json!({
        "redirect_uris": ["https://a.example/"], "grant_types": ["client_credentials"],
        "token_endpoint_auth_method": "none",
    });
    let other = json!({
        "redirect_uris": ["https://a.example/"], "grant_types": ["authorization_code", "SECRET"],
    });
    let permissive = json!({ "security_mode": "permissive" });
    let reject = json!({ "unsupported_grant_types": "reject" });
    let slow = json!({ "rate_limit": { "per_minute": 1, "burst": 1 } });
    let good = || serde_json::from_str::<Value>(GOOD).unwrap();
    for (name, registration, acl, body, sent) in [
        (
            "registration is off",
            json!({ "enabled": false }),
            json!([]),
            good(),
            1,
        ),
        ("a rule blocks", json!({}), block, good(), 1),
        ("a rule redirects", json!({}), elsewhere, good(), 1),
        (
            "web with a private-use scheme",
            json!({}),
            json!([]),
            web,
            1,
        ),
        (
            "implicit with loopback",
            permissive.clone(),
            json!([]),
            implicit,
            1,
        ),
        (
            "client_credentials of a public client",
            permissive,
            json!([]),
            public,
            1,
        ),
        (
            "unsupported grants are rejected",
            reject,
            json!([]),
            other,
            1,
        ),
        ("the rate is used up", slow, json!([]), good(), 2),
    ] {
        let server = serve(registration, acl).await;
        let request = || post(body.to_string().as_bytes());
        for _ in 1..sent {
            server.send(request()).await;
        }
        let refusal = refusal(&server, request()).await;
        writeln!(texts, "{name}\n  {refusal}").unwrap();
    }
}

async fn of_heads(texts: &mut String) {
    let server = serve(json!({ "max_body_bytes": 100 }), json!([])).await;
    let mut get = post(b"");
    *get.method_mut() = Method::GET;
    let typed = |name: &str, value: &str| {
        let mut request = post(GOOD.as_bytes());
        request.headers_mut().remove("content-type");
        let name: http::HeaderName = name.parse().unwrap();
        request.headers_mut().insert(name, value.parse().unwrap());
        request
    };
    for (name, request) in [
        ("GET", get),
        ("a body that is too large", post(&[b' '; 101])),
        ("no Content-Type", typed("x-nothing", "")),
        (
            "a form by its Content-Type",
            typed("content-type", "application/x-www-form-urlencoded"),
        ),
    ] {
        let refusal = refusal(&server, request).await;
        writeln!(texts, "{name}\n  {refusal}").unwrap();
    }
}

async fn all_texts() -> String {
    let mut texts = String::new();
    of_heads(&mut texts).await;
    of_settings(&mut texts).await;
    let server = serve(json!({}), json!([])).await;
    for (name, body) in bodies() {
        let refusal = refusal(&server, post(&body)).await;
        writeln!(texts, "{name}\n  {refusal}").unwrap();
    }
    for (field, value) in metadata() {
        let refusal = refusal(&server, with(field, &value)).await;
        writeln!(texts, "{field}: {}\n  {refusal}", heading(&value)).unwrap();
    }
    texts
}

#[tokio::test]
async fn requests_are_refused_with_reviewed_texts() {
    let texts = all_texts().await;
    if std::env::var_os("UPDATE_REFUSALS").is_some() {
        std::fs::write(FILE, &texts).unwrap();
    }
    let reviewed = std::fs::read_to_string(FILE).unwrap_or_default();
    assert!(texts == reviewed, "the texts are now:\n{texts}");
}

#[tokio::test]
async fn each_body_is_refused_by_its_rule() {
    let server = serve(json!({}), json!([])).await;
    for (body, rule, says) in [
        (&b""[..], "empty_body", "JSON object"),
        (b"\xef\xbb\xbf{}", "byte_order_mark", "byte order mark"),
        (b"\xff\xfe{\0", "byte_order_mark", "send UTF-8"),
        (b"\xfe\xff\0{", "byte_order_mark", "send UTF-8"),
        (b"{\0}\0", "not_utf8", "UTF-8"),
        (b"client_name=x&redirect_uris=y", "form_body", "form"),
        (b"redirect_uris%5B%5D=y", "form_body", "form"),
        (b"[1, 2", "not_an_object", "object"),
        (b"\"a=b\"", "not_an_object", "object"),
        (b"{\n\n  \"a\" 1}", "not_json", "line 3, column 7"),
        (b"{\"a\": tru}", "not_json", "line 1, column 10"),
        (b"{} x", "text_after_object", "line 1, column 4"),
        (b"{\"a\": \"\\uD83E\"}", "invalid_escape", "line 1, column"),
        (
            b"{\"a\": [1E400]}",
            "number_out_of_range",
            "line 1, column 12",
        ),
        (
            b"{\"SECRET\": 1,\n\"SECRET\": 2}",
            "duplicate_member",
            "a member twice, the second time at line 2, column 8",
        ),
        (
            b"{\"scope\": 1,\n\"scope\": 2}",
            "duplicate_member",
            "the member scope twice, the second time at line 2, column 7",
        ),
    ] {
        let (status, answer) = parts(&server.send(post(body)).await);
        assert_eq!((status, &answer["error"]), (400, &json!("invalid_request")));
        let text = String::from_utf8_lossy(body);
        assert_eq!(answer["error_detail"]["rule"], rule, "{text}: {answer}");
        let description = answer["error_description"].as_str().unwrap();
        assert!(description.contains(says), "{text}: {description}");
        assert!(!description.contains("SECRET"), "{description}");
    }
}

#[tokio::test]
async fn a_column_counts_characters() {
    let server = serve(json!({}), json!([])).await;
    let body = "{\"client_name\": \"\u{e9}\u{20bb7}\u{e9}\", x}";
    let (_, answer) = parts(&server.send(post(body.as_bytes())).await);
    let description = answer["error_description"].as_str().unwrap();
    assert!(description.ends_with("line 1, column 24"), "{description}");
}

#[tokio::test]
async fn rate_limit_refusal_tells_the_seconds() {
    for (per_minute, seconds) in [(60, "1 second"), (20, "3 seconds")] {
        let limit = json!({ "rate_limit": { "per_minute": per_minute, "burst": 1 } });
        let server = serve(limit, json!([])).await;
        server.send(post(GOOD.as_bytes())).await;
        let response = server.send(post(GOOD.as_bytes())).await;
        let (status, answer) = parts(&response);
        assert_eq!(status, 429);
        let says = format!("too many registrations; try again in {seconds}");
        assert_eq!(answer["error_description"], says.as_str());
        let after = response.headers()["retry-after"].to_str().unwrap();
        assert!(seconds.starts_with(&format!("{after} ")), "{after}");
    }
}
