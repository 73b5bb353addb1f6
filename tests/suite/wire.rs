//! Statuses, headers and bodies of every answer, in process and over HTTP.

use std::{fmt::Write as _, sync::Arc, time::Duration};

use crate::{
    faulty_store::FaultyStore,
    support::{
        clock::ManualClock,
        http::{Server, parts},
    },
};
use bytes::Bytes;
use http::{Method, Request, Response, header};
use oauth_dcr::{
    MemoryStore, Registrar, RegistrationEndpoint, TenantSettings, Tenants,
    settings::{AllowedOrigins, SettingsDocument},
};
use serde_json::json;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::timeout,
};

const BODY: &str = r#"{"redirect_uris": ["https://app.example.com/callback"]}"#;

fn endpoint(tenant: TenantSettings) -> RegistrationEndpoint {
    let registrar = Registrar::builder(MemoryStore::new())
        .tenant(tenant)
        .clock(ManualClock::new())
        .build()
        .unwrap();
    RegistrationEndpoint::new(registrar)
}

fn open() -> RegistrationEndpoint {
    endpoint(TenantSettings::new().enabled())
}

fn post(body: &str) -> Request<Vec<u8>> {
    Request::post("/oidc/register")
        .header("content-type", "application/json")
        .body(body.as_bytes().to_vec())
        .unwrap()
}

fn header<'a>(response: &'a Response<Bytes>, name: &str) -> Option<&'a str> {
    response
        .headers()
        .get(name)
        .map(|value| value.to_str().unwrap())
}

/// Status, code and rule of an error.
fn verdict(response: &Response<Bytes>) -> (u16, String, Option<String>) {
    let (status, body) = parts(response);
    let rule = body["error_detail"]["rule"].as_str().map(ToOwned::to_owned);
    (
        status,
        body["error"].as_str().unwrap_or_default().to_owned(),
        rule,
    )
}

#[tokio::test]
async fn a_confidential_client_gets_all_its_metadata() {
    let body = json!({
        "client_name": " Zoe\u{301} ",
        "client_name#fr": "Zoé",
        "redirect_uris": ["https://a.example/cb", "https://a.example/cb"],
        "contacts": ["ops@a.example"],
        "scope": "read write",
        "software_id": "id",
        "software_version": "1",
        "application_type": "web",
        "logo_uri": "https://a.example/logo.png",
        "tos_uri": "",
        "unknown": 1,
    });
    let response = open().respond(post(&body.to_string())).await;
    assert_eq!(header(&response, "content-type"), Some("application/json"));
    assert_eq!(header(&response, "cache-control"), Some("no-store"));
    assert_eq!(header(&response, "pragma"), Some("no-cache"));
    assert_eq!(header(&response, "access-control-allow-origin"), Some("*"));
    let (status, mut body) = parts(&response);
    assert_eq!(status, 201);
    let minted =
        ["client_id", "client_secret"].map(|name| body.as_object_mut().unwrap().remove(name));
    assert!(minted.iter().all(Option::is_some));
    assert_eq!(
        body,
        json!({
            "client_id_issued_at": 1_800_000_000,
            "client_secret_expires_at": 0,
            "client_name": "Zo\u{e9}",
            "client_name#fr": "Zoé",
            "redirect_uris": ["https://a.example/cb"],
            "token_endpoint_auth_method": "client_secret_post",
            "grant_types": ["authorization_code"],
            "response_types": ["code"],
            "contacts": ["ops@a.example"],
            "scope": "read write",
            "software_id": "id",
            "software_version": "1",
            "application_type": "web",
            "logo_uri": "https://a.example/logo.png",
        })
    );
}

#[tokio::test]
async fn registration_of_the_guide_gets_no_secret() {
    let page = include_str!("../../src/guide/coming_from_auth0.md");
    let (_, body) = page.split_once("-d '").unwrap();
    let (body, _) = body.split_once('\'').unwrap();
    let (status, answer) = parts(&open().respond(post(body)).await);
    assert_eq!(status, 201, "{answer}");
    let mut answer = answer.as_object().unwrap().clone();
    let id = answer.remove("client_id").unwrap();
    assert!(id.as_str().unwrap().starts_with("tpc_"), "{id}");
    assert_eq!(
        json!(answer),
        json!({
            "client_id_issued_at": 1_800_000_000,
            "client_secret_expires_at": 0,
            "client_name": "My Dynamic Application",
            "redirect_uris": ["https://application.example.com/callback"],
            "token_endpoint_auth_method": "none",
            "grant_types": ["authorization_code", "refresh_token"],
            "response_types": ["code"],
        })
    );
}

#[tokio::test]
async fn each_error_has_its_status_code_and_rule() {
    let endpoint = {
        let mut tenant = TenantSettings::new().enabled();
        tenant.registration.rate_limit = None;
        endpoint(tenant)
    };
    for (body, expected) in [
        ("", (400, "invalid_request", "empty_body")),
        ("{", (400, "invalid_request", "not_json")),
        ("{}x", (400, "invalid_request", "text_after_object")),
        ("\u{feff}{}", (400, "invalid_request", "byte_order_mark")),
        (
            r#"{"x": "\ud800"}"#,
            (400, "invalid_request", "invalid_escape"),
        ),
        ("[]", (400, "invalid_request", "not_an_object")),
        ("null", (400, "invalid_request", "not_an_object")),
        (
            r#"{"x": 1, "x": 2}"#,
            (400, "invalid_request", "duplicate_member"),
        ),
        (
            r#"{"scope": "a", "sc\u006fpe": "b"}"#,
            (400, "invalid_request", "duplicate_member"),
        ),
        (
            r#"{"client_name#fr": "a", "client_name#FR": "b"}"#,
            (400, "invalid_request", "duplicate_member"),
        ),
        (
            r#"{"redirect_uris": []}"#,
            (400, "invalid_redirect_uri", "required"),
        ),
        (
            r#"{"redirect_uris": "a"}"#,
            (400, "invalid_redirect_uri", "wrong_type"),
        ),
        (
            r#"{"redirect_uris": [null]}"#,
            (400, "invalid_redirect_uri", "wrong_type"),
        ),
        (
            r#"{"client_name": {}}"#,
            (400, "invalid_client_metadata", "wrong_type"),
        ),
        (
            r#"{"jwks": {"kty": "oct", "k": "x"}}"#,
            (400, "invalid_client_metadata", "private_key"),
        ),
        (
            r#"{"jwks": {"keys": [{"d": "x"}]}}"#,
            (400, "invalid_client_metadata", "private_key"),
        ),
    ] {
        let (status, error, rule) = verdict(&endpoint.respond(post(body)).await);
        assert_eq!(
            (status, error.as_str(), rule.unwrap().as_str()),
            expected,
            "{body}"
        );
    }
    let deep = format!(r#"{{"x": {}1{}}}"#, "[".repeat(40), "]".repeat(40));
    let (status, error, rule) = verdict(&endpoint.respond(post(&deep)).await);
    assert_eq!((status, error.as_str()), (400, "invalid_request"));
    assert_eq!(rule.as_deref(), Some("nested_too_deeply"));
}

#[tokio::test]
async fn ambiguous_uris_are_refused_over_http() {
    let mut tenant = TenantSettings::new().enabled();
    tenant.registration.rate_limit = None;
    let registrar = Registrar::builder(MemoryStore::new())
        .tenant(tenant)
        .build()
        .unwrap();
    let server = Server::start(registrar).await;
    for (uri, rule) in [
        (r"com.example.app:/cb?a='b'", "ambiguous"),
        (r"com.example.app:/cb?a=\u0027b", "ambiguous"),
        (r"com.example.app:8080", "ambiguous"),
        (r"com.example.app:u@evil.com", "userinfo_not_allowed"),
        (r"com.example.app:u\u0040evil.com", "userinfo_not_allowed"),
        (r"https:\/\/app.1password\/cb", "invalid_host"),
        (r"com.example.app://2130706433/", "invalid_host"),
        (r"com.example.app://", "not_absolute"),
        (r"com.example.app:", "not_absolute"),
        (r"x-apple.systempreferences:a", "scheme_not_allowed"),
    ] {
        let body = format!(r#"{{"redirect_uris": ["https://a.example/", "{uri}"]}}"#);
        let (status, answer) = parts(&server.send(post(&body)).await);
        assert_eq!(status, 400, "{uri}");
        assert_eq!(answer["error"], "invalid_redirect_uri", "{uri}");
        let detail = json!({"field": "redirect_uris", "index": 1, "rule": rule});
        assert_eq!(answer["error_detail"], detail, "{uri}");
    }
}

#[expect(clippy::too_many_lines, reason = "a table with a line or two a rule")]
#[tokio::test]
async fn each_metadata_rule_names_field_and_position() {
    let mut tenant = TenantSettings::new().enabled();
    tenant.registration.rate_limit = None;
    let endpoint = endpoint(tenant);
    let long = |length: usize| "a".repeat(length);
    for (name, value, index, rule) in [
        (
            "redirect_uris",
            json!(["https://a.example", "http://b.example"]),
            Some(1),
            "http_not_loopback",
        ),
        (
            "redirect_uris",
            json!(vec!["https://a.example"; 33]),
            None,
            "too_many",
        ),
        (
            "redirect_uris",
            json!([format!("https://a.example/{}", long(2048))]),
            Some(0),
            "too_long",
        ),
        ("client_name", json!(long(129)), None, "too_long"),
        (
            "client_name",
            json!("a\u{202e}b"),
            None,
            "control_character",
        ),
        (
            "client_name",
            json!("Acme \u{378} Notes"),
            None,
            "unassigned_character",
        ),
        (
            "client_name",
            json!("Example\u{2800}Bank"),
            None,
            "blank_character",
        ),
        (
            "client_name#fr",
            json!("\u{301}Acme"),
            None,
            "mark_without_base",
        ),
        (
            "client_name#not a tag",
            json!("a"),
            None,
            "invalid_language_tag",
        ),
        ("client_name#", json!("a"), None, "invalid_language_tag"),
        ("logo_uri#fr", json!("http://a.example"), None, "not_https"),
        (
            "token_endpoint_auth_method",
            json!("private_key_jwt"),
            None,
            "not_supported",
        ),
        (
            "grant_types",
            json!(["refresh_token"]),
            None,
            "authorization_code_required",
        ),
        (
            "grant_types",
            json!(["password"]),
            None,
            "nothing_supported",
        ),
        (
            "response_types",
            json!(["token"]),
            None,
            "nothing_supported",
        ),
        ("application_type", json!("service"), None, "not_supported"),
        (
            "tos_uri",
            json!(format!("https://a.example/{}", long(2048))),
            None,
            "too_long",
        ),
        ("contacts", json!(vec!["a"; 11]), None, "too_many"),
        ("contacts", json!(["a", long(255)]), Some(1), "too_long"),
        (
            "contacts",
            json!(["a", "b", "c\u{0}"]),
            Some(2),
            "control_character",
        ),
        (
            "contacts",
            json!(["a", "\u{202e}moc.elpmaxe@spo"]),
            Some(1),
            "control_character",
        ),
        (
            "contacts",
            json!(["o\u{200b}ps@example.com"]),
            Some(0),
            "invisible_character",
        ),
        (
            "contacts",
            json!(["a", "b", "\u{378}"]),
            Some(2),
            "unassigned_character",
        ),
        ("contacts", json!(["a", 1]), Some(1), "wrong_type"),
        ("scope", json!("a\tb"), None, "invalid_scope"),
        ("scope", json!("a b\n"), None, "invalid_scope"),
        (
            "scope",
            json!(format!("a{}", " ".repeat(4096))),
            None,
            "too_long",
        ),
        ("scope", json!(long(4097)), None, "too_long"),
        ("software_id", json!(long(256)), None, "too_long"),
        ("software_id", json!("a\u{200f}"), None, "control_character"),
        (
            "software_version",
            json!("1\u{feff}"),
            None,
            "invisible_character",
        ),
        (
            "software_version",
            json!("1\u{378}"),
            None,
            "unassigned_character",
        ),
        (
            "software_version",
            json!("\u{7f}"),
            None,
            "control_character",
        ),
    ] {
        let mut body = json!({"redirect_uris": ["https://app.example.com/callback"]});
        body[name] = value;
        let (status, answer) = parts(&endpoint.respond(post(&body.to_string())).await);
        let field = name.split('#').next().unwrap();
        let mut detail = json!({"field": field, "rule": rule});
        if let Some(index) = index {
            detail["index"] = json!(index);
        }
        assert_eq!(
            (status, &answer["error_detail"]),
            (400, &detail),
            "{name}: {answer}"
        );
        let code = if field == "redirect_uris" {
            "invalid_redirect_uri"
        } else {
            "invalid_client_metadata"
        };
        assert_eq!(answer["error"], code);
        assert!(
            answer["error_description"]
                .as_str()
                .unwrap()
                .starts_with(field),
            "{answer}"
        );
    }
    let body = json!({"redirect_uris": ["https://a.example"], "token_endpoint_auth_method": "x"});
    let (_, answer) = parts(&endpoint.respond(post(&body.to_string())).await);
    let description = answer["error_description"].as_str().unwrap();
    assert!(
        description.contains("none, client_secret_post"),
        "{description}"
    );
}

#[tokio::test]
async fn name_is_returned_trimmed_and_single_spaced() {
    let mut tenant = TenantSettings::new().enabled();
    tenant.registration.rate_limit = None;
    let registrar = Registrar::builder(MemoryStore::new())
        .tenant(tenant)
        .build()
        .unwrap();
    let server = Server::start(registrar).await;
    for (sent, name) in [
        (r"Acme Notes\n", json!("Acme Notes")),
        (r"\r\n\tAcme \u00a0\u3000Notes\u2028", json!("Acme Notes")),
        (r"\n \t", json!(null)),
    ] {
        let body = format!(
            r#"{{"client_name": "{sent}", "contacts": [" a  b "], "redirect_uris": ["https://a.example/"]}}"#
        );
        let (status, answer) = parts(&server.send(post(&body)).await);
        assert_eq!(status, 201, "{sent}");
        assert_eq!(answer["client_name"], name, "{sent}");
        assert_eq!(answer["contacts"], json!([" a  b "]), "kept as sent");
    }
}

/// A server with one tenant that has these registration settings and no rate limit.
async fn serve_with(mut registration: serde_json::Value) -> Server {
    registration["enabled"] = true.into();
    registration["rate_limit"] = serde_json::Value::Null;
    let document = json!({ "tenants": [{ "id": "a", "registration": registration }] });
    let registrar = Registrar::builder(MemoryStore::new())
        .tenants(Tenants::from_json(&document.to_string()).unwrap())
        .build()
        .unwrap();
    Server::start(registrar).await
}

#[tokio::test]
async fn scope_is_returned_single_spaced() {
    let server = serve_with(json!({})).await;
    for (sent, scope) in [
        ("openid email profile ", json!("openid email profile")),
        ("  a   b ", json!("a b")),
        ("a", json!("a")),
        ("", json!(null)),
        ("   ", json!(null)),
    ] {
        let body = json!({ "redirect_uris": ["https://a.example/"], "scope": sent });
        let (status, answer) = parts(&server.send(post(&body.to_string())).await);
        assert_eq!((status, &answer["scope"]), (201, &scope), "{sent:?}");
    }
}

#[tokio::test]
async fn hosts_may_contain_underscores() {
    let server = serve_with(json!({})).await;
    for (host, is_taken) in [
        ("pos_integration.example.com", true),
        ("example.c_m", false),
        ("xn--a_b.example", false),
    ] {
        for (field, code) in [
            ("redirect_uris", "invalid_redirect_uri"),
            ("client_uri", "invalid_client_metadata"),
        ] {
            let uri = format!("https://{host}/cb");
            let mut body = json!({ "redirect_uris": ["https://a.example/"] });
            body[field] = if field == "redirect_uris" {
                json!([uri])
            } else {
                json!(uri)
            };
            let (status, answer) = parts(&server.send(post(&body.to_string())).await);
            assert_eq!(status == 201, is_taken, "{field} {host}: {answer}");
            if !is_taken {
                assert_eq!(answer["error"], code);
                assert_eq!(answer["error_detail"]["rule"], "invalid_host");
            }
        }
    }
}

#[tokio::test]
async fn web_clients_have_loopback_and_listed_schemes() {
    let listed = json!({ "redirect_uris": { "schemes": ["cursor", "com.example.app"] } });
    let (plain, listed) = (serve_with(json!({})).await, serve_with(listed).await);
    for (server, uri, application_type, rule) in [
        (&plain, "http://localhost:3000/", "web", None),
        (&plain, "http://127.0.0.1/cb", "web", None),
        (&plain, "https://[::1]/cb", "web", None),
        (&plain, "com.example.app:/cb", "native", None),
        (
            &plain,
            "com.example.app:/cb",
            "web",
            Some("not_for_web_application"),
        ),
        (&plain, "cursor://a/cb", "web", Some("scheme_not_allowed")),
        (&listed, "com.example.app:/cb", "web", None),
        (&listed, "Com.Example.App://host/cb", "web", None),
        (&listed, "cursor://a/cb", "web", None),
        (
            &listed,
            "com.example.other:/cb",
            "web",
            Some("not_for_web_application"),
        ),
    ] {
        let body = json!({
            "redirect_uris": ["https://a.example/", uri],
            "application_type": application_type,
        });
        let (status, answer) = parts(&server.send(post(&body.to_string())).await);
        let Some(rule) = rule else {
            assert_eq!(status, 201, "{uri}: {answer}");
            assert_eq!(answer["application_type"], application_type);
            continue;
        };
        assert_eq!(
            (status, &answer["error"]),
            (400, &json!("invalid_redirect_uri"))
        );
        let detail = json!({ "field": "redirect_uris", "index": 1, "rule": rule });
        assert_eq!(answer["error_detail"], detail, "{uri}");
    }
}

#[tokio::test]
async fn implicit_grant_needs_https_to_a_remote_host() {
    let permissive = serve_with(json!({ "security_mode": "permissive" })).await;
    let strict = serve_with(json!({})).await;
    let grants = |implicit: bool| {
        let grants = ["implicit", "authorization_code"];
        json!(grants[usize::from(!implicit)..])
    };
    for (server, uri, implicit, is_taken) in [
        (&permissive, "https://a.example/cb", true, true),
        (&permissive, "http://localhost/cb", false, true),
        (&permissive, "http://localhost/cb", true, false),
        (&permissive, "https://localhost/cb", true, false),
        (&permissive, "com.example.app:/cb", true, false),
        // A strict client loses the grant.
        (&strict, "http://localhost/cb", true, true),
    ] {
        for application_type in [json!(null), json!("web"), json!("native")] {
            if uri.starts_with("com.") && application_type == "web" {
                continue;
            }
            let body = json!({
                "redirect_uris": [uri],
                "grant_types": grants(implicit),
                "application_type": application_type,
            });
            let (status, answer) = parts(&server.send(post(&body.to_string())).await);
            assert_eq!(
                status == 201,
                is_taken,
                "{uri} {application_type}: {answer}"
            );
            if !is_taken {
                let rule = &answer["error_detail"]["rule"];
                assert_eq!(rule, "not_for_implicit_grant", "{uri}");
            }
        }
    }
}

#[tokio::test]
async fn redirect_uris_may_be_narrowed_instead_of_refused() {
    let json = r#"{"tenants": [{"id": "a", "registration": {
        "enabled": true, "refused_redirect_uris": "narrow", "rate_limit": null}}]}"#;
    let registrar = Registrar::builder(MemoryStore::new())
        .tenants(Tenants::from_json(json).unwrap())
        .build()
        .unwrap();
    let endpoint = RegistrationEndpoint::new(registrar);
    let body =
        json!({"redirect_uris": ["cursor://a/cb", "https://a.example/cb", "http://b.example"]});
    let (status, answer) = parts(&endpoint.respond(post(&body.to_string())).await);
    assert_eq!(
        (status, &answer["redirect_uris"]),
        (201, &json!(["https://a.example/cb"]))
    );

    let body = json!({"redirect_uris": ["cursor://a/cb", "http://b.example"]});
    let (status, answer) = parts(&endpoint.respond(post(&body.to_string())).await);
    assert_eq!(status, 400);
    assert_eq!(answer["error_detail"]["index"], 0);
}

#[tokio::test]
async fn only_json_is_accepted() {
    let with = |name: &str, value: &str| {
        let mut request = post(BODY);
        request.headers_mut().remove(header::CONTENT_TYPE);
        request
            .headers_mut()
            .insert::<header::HeaderName>(name.parse().unwrap(), value.parse().unwrap());
        request
    };
    for good in [
        "application/json",
        "Application/JSON; charset=utf-8",
        "application/json;x=\"a;b\"",
    ] {
        let response = open().respond(with("content-type", good)).await;
        assert_eq!(response.status(), 201, "{good}");
    }
    for bad in [
        "text/plain",
        "application/jwt",
        "application/json-patch+json",
        "",
        "json",
    ] {
        let (status, error, rule) = verdict(&open().respond(with("content-type", bad)).await);
        assert_eq!((status, error.as_str()), (415, "invalid_request"), "{bad}");
        assert_eq!(rule.as_deref(), Some("unsupported_media_type"));
    }
    let mut twice = post(BODY);
    twice
        .headers_mut()
        .append("content-type", "text/plain".parse().unwrap());
    assert_eq!(open().respond(twice).await.status(), 415);
    let mut packed = post(BODY);
    packed
        .headers_mut()
        .insert("content-encoding", "gzip".parse().unwrap());
    assert_eq!(open().respond(packed).await.status(), 415);
    let mut plain = post(BODY);
    plain
        .headers_mut()
        .insert("content-encoding", "identity".parse().unwrap());
    assert_eq!(open().respond(plain).await.status(), 201);
    assert_eq!(open().respond(with("x-nothing", "")).await.status(), 415);
}

#[tokio::test]
async fn error_for_other_methods_names_the_right_one() {
    for method in [
        Method::GET,
        Method::HEAD,
        Method::PUT,
        Method::DELETE,
        Method::PATCH,
    ] {
        let mut request = post("");
        *request.method_mut() = method.clone();
        let response = open().respond(request).await;
        let (status, error, _) = verdict(&response);
        assert_eq!(
            (status, error.as_str()),
            (405, "invalid_request"),
            "{method}"
        );
        assert_eq!(header(&response, "allow"), Some("POST, OPTIONS"));
    }
}

#[tokio::test]
async fn error_tells_unknown_and_disabled_tenants_apart() {
    let json = r#"{"tenants": [{"id": "a", "hosts": ["a.example"]}, {"id": "b", "hosts": ["b.example"]}]}"#;
    let registrar = Registrar::builder(MemoryStore::new())
        .tenants(Tenants::from_json(json).unwrap())
        .build()
        .unwrap();
    let endpoint = RegistrationEndpoint::new(registrar);
    let to = |uri: &str, hosts: &[&str]| {
        let mut request = post(BODY);
        *request.uri_mut() = uri.parse().unwrap();
        for host in hosts {
            request.headers_mut().append("host", host.parse().unwrap());
        }
        request
    };
    for unknown in [to("/r", &["c.example"]), to("/r", &[])] {
        let (status, error, _) = verdict(&endpoint.respond(unknown).await);
        assert_eq!((status, error.as_str()), (404, "not_found"));
    }
    for off in [
        to("/r", &["A.example:8443"]),
        to("https://a.example:1/r", &["c.example"]),
    ] {
        let (status, body) = parts(&endpoint.respond(off).await);
        assert_eq!((status, &body["error"]), (403, &json!("access_denied")));
        let description = body["error_description"].as_str().unwrap();
        assert!(
            description.contains("dynamic client registration is not enabled"),
            "{body}"
        );
    }
}

#[tokio::test]
async fn every_answer_after_the_limiter_reports_the_quota() {
    let endpoint = open();
    let rate = |response: &Response<Bytes>| {
        [
            "x-ratelimit-limit",
            "x-ratelimit-remaining",
            "x-ratelimit-reset",
        ]
        .map(|name| header(response, name).map(|value| value.parse::<u64>().unwrap()))
    };
    for (left, body) in [(4, BODY), (3, "{}"), (2, "["), (1, BODY)] {
        let response = endpoint.respond(post(body)).await;
        assert_eq!(
            rate(&response),
            [Some(5), Some(left), Some(1_800_000_001)],
            "{body}"
        );
    }
    let large = " ".repeat(70_000);
    assert_eq!(rate(&endpoint.respond(post(&large)).await)[1], Some(0));

    let refused = endpoint.respond(post(BODY)).await;
    let (status, error, _) = verdict(&refused);
    assert_eq!((status, error.as_str()), (429, "too_many_requests"));
    assert_eq!(header(&refused, "retry-after"), Some("1"));
    assert_eq!(header(&refused, "cache-control"), Some("no-store"));
    assert_eq!(rate(&refused), [Some(5), Some(0), Some(1_800_000_001)]);

    let off = endpoint_without_limit().respond(post(BODY)).await;
    assert_eq!(rate(&off), [None; 3]);
}

fn endpoint_without_limit() -> RegistrationEndpoint {
    let mut tenant = TenantSettings::new().enabled();
    tenant.registration.rate_limit = None;
    endpoint(tenant)
}

#[tokio::test]
async fn failing_store_is_a_503_with_retry_after() {
    let registrar = Registrar::builder(FaultyStore::failing())
        .tenant(TenantSettings::new().enabled())
        .build()
        .unwrap();
    let response = RegistrationEndpoint::new(registrar)
        .respond(post(BODY))
        .await;
    let (status, error, _) = verdict(&response);
    assert_eq!((status, error.as_str()), (503, "temporarily_unavailable"));
    assert_eq!(header(&response, "retry-after"), Some("1"));
    assert_eq!(header(&response, "cache-control"), Some("no-store"));
}

#[tokio::test]
async fn preflight_is_answered_and_uses_no_quota() {
    let endpoint = open();
    let preflight = || {
        Request::options("/oidc/register")
            .header("origin", "https://page.example")
            .header("access-control-request-method", "POST")
            .header("access-control-request-headers", "content-type")
            .body(Vec::new())
            .unwrap()
    };
    // Four times the quota.
    for _ in 0..20 {
        let response = endpoint.respond(preflight()).await;
        assert_eq!(response.status(), 204);
        assert_eq!(header(&response, "access-control-allow-origin"), Some("*"));
        assert_eq!(
            header(&response, "access-control-allow-methods"),
            Some("POST")
        );
        assert_eq!(
            header(&response, "access-control-allow-headers"),
            Some("Authorization, *")
        );
        assert_eq!(header(&response, "access-control-allow-credentials"), None);
    }
    assert_eq!(endpoint.respond(post(BODY)).await.status(), 201);
}

#[tokio::test]
async fn browsers_do_not_cache_the_preflight() {
    let mut tenant = TenantSettings::new().enabled();
    for origins in [
        AllowedOrigins::any(),
        AllowedOrigins::list(["https://a.example"]).unwrap(),
    ] {
        tenant.registration.allowed_origins = origins;
        let request = Request::options("/oidc/register")
            .header("origin", "https://a.example")
            .header("access-control-request-method", "POST");
        let request = request.body(Vec::new()).unwrap();
        let permission = endpoint(tenant.clone()).respond(request).await;
        assert_eq!(
            header(&permission, "access-control-allow-methods"),
            Some("POST")
        );
        assert_eq!(header(&permission, "access-control-max-age"), Some("0"));
    }
}

#[tokio::test]
async fn browser_script_can_read_the_headers() {
    let endpoint = open();
    let mut statuses = Vec::new();
    // This exceeds the quota.
    for _ in 0..6 {
        let response = endpoint.respond(post(BODY)).await;
        assert_readable(&response);
        statuses.push(response.status().as_u16());
    }
    assert_eq!((statuses[0], statuses[5]), (201, 429));
}

/// Asserts that a browser script can read every header of the answer, except headers for caches and
/// browsers.
fn assert_readable(response: &Response<Bytes>) {
    let exposed = header(response, "access-control-expose-headers").unwrap();
    let exposed: Vec<_> = exposed.split(", ").collect();
    for name in response.headers().keys() {
        let is_safelisted = ["cache-control", "content-type", "pragma"].contains(&name.as_str());
        let is_of_cors = name.as_str().starts_with("access-control-");
        let is_exposed = exposed
            .iter()
            .any(|it| it.eq_ignore_ascii_case(name.as_str()));
        assert!(is_safelisted || is_of_cors || is_exposed, "{name}");
    }
}

#[tokio::test]
async fn origins_can_be_narrowed() {
    let mut tenant = TenantSettings::new().enabled();
    tenant.registration.allowed_origins = AllowedOrigins::list(["https://a.example"]).unwrap();
    let endpoint = endpoint(tenant);
    for (origin, allowed) in [
        (Some("https://a.example"), Some("https://a.example")),
        (Some("https://b.example"), None),
        (Some("null"), None),
        (None, None),
    ] {
        let mut request = post(BODY);
        let mut preflight = Request::options("/").body(Vec::new()).unwrap();
        preflight
            .headers_mut()
            .insert("access-control-request-method", "POST".parse().unwrap());
        for headers in [request.headers_mut(), preflight.headers_mut()] {
            if let Some(origin) = origin {
                headers.insert("origin", origin.parse().unwrap());
            }
        }
        let answer = endpoint.respond(request).await;
        let permission = endpoint.respond(preflight).await;
        for response in [&answer, &permission] {
            assert_eq!(
                header(response, "access-control-allow-origin"),
                allowed,
                "{origin:?}"
            );
            assert_eq!(header(response, "vary"), Some("Origin"));
        }
        assert_eq!(
            header(&permission, "access-control-allow-methods"),
            allowed.map(|_| "POST")
        );
    }
}

async fn serve(tenant: TenantSettings) -> (Server, MemoryStore) {
    let store = MemoryStore::new();
    let registrar = Registrar::builder(store.clone())
        .tenant(tenant)
        .build()
        .unwrap();
    (Server::start(registrar).await, store)
}

/// Sends `head`, then `chunk` repeatedly without an end; returns the answer, and how often the
/// chunk was sent until then.
async fn send_without_end(server: &Server, head: &str, chunk: &[u8]) -> (String, usize) {
    let (mut reader, mut writer) = TcpStream::connect(server.address)
        .await
        .unwrap()
        .into_split();
    writer.write_all(head.as_bytes()).await.unwrap();
    let mut answer = vec![0; 4096];
    let mut taken = 0;
    let read = loop {
        tokio::select! {
            biased;
            read = reader.read(&mut answer) => break read.unwrap(),
            written = writer.write_all(chunk) => taken += usize::from(written.is_ok()),
        }
        assert!(taken < 10_000, "the server never stops reading");
    };
    (String::from_utf8_lossy(&answer[..read]).into_owned(), taken)
}

const CHUNKED: &str = "POST /oidc/register HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\n\
                       transfer-encoding: chunked\r\n\r\n";

#[tokio::test]
async fn endless_body_is_cut_off_at_its_bound() {
    let (server, store) = serve(TenantSettings::new().enabled()).await;
    let chunk = format!("1000\r\n{}\r\n", "a".repeat(4096));
    let (answer, taken) = send_without_end(&server, CHUNKED, chunk.as_bytes()).await;
    assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
    assert!(answer.contains("body_too_large"), "{answer}");
    // The kernels of both sides buffer data as well, and the size differs between machines.
    assert!(taken < 4_000, "{taken} chunks of 4 KiB were taken");
    assert!(store.is_empty());
}

#[tokio::test]
async fn body_declared_too_long_is_refused_immediately() {
    let (server, store) = serve(TenantSettings::new().enabled()).await;
    let head = "POST / HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\n\
                content-length: 65537\r\n\r\n";
    let (mut reader, mut writer) = TcpStream::connect(server.address)
        .await
        .unwrap()
        .into_split();
    writer.write_all(head.as_bytes()).await.unwrap();
    let mut answer = vec![0; 4096];
    let read = timeout(Duration::from_secs(10), reader.read(&mut answer))
        .await
        .unwrap()
        .unwrap();
    assert!(answer[..read].starts_with(b"HTTP/1.1 413 "));
    assert!(store.is_empty());
}

#[tokio::test]
async fn a_head_decision_is_answered_before_the_body() {
    let (server, _) = serve(TenantSettings::new()).await;
    let chunk = format!("1000\r\n{}\r\n", "a".repeat(4096));
    let (answer, taken) = send_without_end(&server, CHUNKED, chunk.as_bytes()).await;
    assert!(answer.starts_with("HTTP/1.1 403 "), "{answer}");
    assert!(answer.contains("connection: close"), "{answer}");
    assert!(taken < 4_000, "{taken} chunks of 4 KiB were taken");
}

#[tokio::test]
async fn body_of_exactly_the_bound_is_read() {
    let (server, store) = serve(TenantSettings::new().enabled()).await;
    let body = format!("{BODY}{}", " ".repeat(65_536 - BODY.len()));
    let mut request = CHUNKED.to_owned();
    for piece in body.as_bytes().chunks(1_000) {
        let piece = std::str::from_utf8(piece).unwrap();
        write!(request, "{:x}\r\n{piece}\r\n", piece.len()).unwrap();
    }
    request.push_str("0\r\n\r\n");
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = vec![0; 4096];
    let read = stream.read(&mut answer).await.unwrap();
    assert!(answer[..read].starts_with(b"HTTP/1.1 201 "));
    assert_eq!(store.len(), 1);
}

#[tokio::test]
async fn interrupted_request_stores_nothing() {
    let (server, store) = serve(TenantSettings::new().enabled()).await;
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    // All of the JSON, but without the end of the body.
    let body = BODY;
    stream
        .write_all(format!("{CHUNKED}{:x}\r\n{body}\r\n", body.len()).as_bytes())
        .await
        .unwrap();
    drop(stream);
    let whole = server.send(post(BODY)).await;
    assert_eq!(whole.status(), 201);
    assert_eq!(store.len(), 1);
}

/// Whether a request with these `Host` lines is refused before its tenant is known.
async fn is_invalid_host(uri: &str, hosts: &[&[u8]]) -> bool {
    let document = r#"{"tenants": [{"id": "a", "registration": {"enabled": true}}]}"#;
    let registrar = Registrar::builder(MemoryStore::new())
        .tenants(Tenants::from_json(document).unwrap())
        .build()
        .unwrap();
    let mut request = post(BODY);
    *request.uri_mut() = uri.parse().unwrap();
    for host in hosts {
        let host = http::HeaderValue::from_bytes(host).unwrap();
        request.headers_mut().append("host", host);
    }
    let response = RegistrationEndpoint::new(registrar).respond(request).await;
    let (status, body) = parts(&response);
    match status {
        201 => false,
        400 => {
            assert_eq!(body["error"], "invalid_request");
            assert_eq!(body["error_detail"]["rule"], "invalid_host");
            true
        }
        other => panic!("{other} {body}"),
    }
}

#[tokio::test]
async fn request_with_several_hosts_is_refused() {
    for (uri, hosts) in [
        ("/r", &[][..]),
        ("/r", &[&b"a.example"[..]]),
        ("/r", &[b"a.example:8443"]),
        ("/r", &[b"[::1]:80"]),
        ("/r", &[b"a_b.example."]),
        ("/r", &[b""]),
        ("https://a.example/r", &[b"b.example"]),
        ("https://a.example/r", &[]),
    ] {
        assert!(!is_invalid_host(uri, hosts).await, "{uri} {hosts:?}");
    }
    for (uri, hosts) in [
        ("/r", &[&b"a.example"[..], b"a.example"][..]),
        ("/r", &[b"", b"a.example"]),
        ("https://a.example/r", &[b"a.example", b"b.example"]),
        ("https://a.example/r", &[b"a b"]),
        ("/r", &[b"a.example, b.example"]),
        ("/r", &[b"user@a.example"]),
        ("/r", &[b"a.example/path"]),
        ("/r", &[b"\xff.example"]),
        ("/r", &[b"a b"]),
        ("/r", &[b"[::1]x]"]),
        ("/r", &[b"[::1]]"]),
        ("/r", &[b"[::1"]),
        ("/r", &[b":80"]),
        ("/r", &[b"a.example:80x"]),
    ] {
        assert!(is_invalid_host(uri, hosts).await, "{uri} {hosts:?}");
    }
}

#[tokio::test]
async fn settings_document_serves_several_hosts() {
    let document = SettingsDocument::from_json(
        r#"{"tenants": [
            {"id": "on", "hosts": ["on.example"], "registration": {"enabled": true, "max_body_bytes": 40}},
            {"id": "off", "hosts": ["off.example"]}
        ]}"#,
    );
    let tenants = Arc::new(Tenants::new(document.unwrap()));
    let registrar = Registrar::builder(MemoryStore::new())
        .tenants(tenants)
        .build()
        .unwrap();
    let endpoint = RegistrationEndpoint::new(registrar);
    for (host, status) in [
        ("on.example", 413),
        ("off.example", 403),
        ("other.example", 404),
    ] {
        let mut request = post(BODY);
        request.headers_mut().insert("host", host.parse().unwrap());
        assert_eq!(endpoint.respond(request).await.status(), status, "{host}");
    }
}
