//! Valid and invalid registrations.

use serde_json::json;

use super::{REGISTERED, created, invalid_request, not_json};
use crate::{
    answer::Expected,
    fixture::Fixture,
    http_request::{HttpRequest, PUBLIC},
    scenario::Scenario,
};

pub(super) fn list() -> Vec<Scenario> {
    let mut list = registered();
    list.extend(refused());
    list
}

fn registered() -> Vec<Scenario> {
    let secret = "A".repeat(43);
    let confidential = format!(
        r#"{{"client_id":"tpc_{}","client_id_issued_at":1800000000,"client_secret":"{secret}","client_secret_expires_at":0,"client_name":"Zoé","redirect_uris":["https://a.example/cb"],"token_endpoint_auth_method":"client_secret_post","grant_types":["authorization_code","refresh_token"],"response_types":["code"]}}"#,
        "A".repeat(32)
    );
    let permissive = format!(
        r#"{{"client_id":"{}","client_id_issued_at":1800000000,"client_secret_expires_at":0,{REGISTERED}"#,
        "A".repeat(32)
    );
    vec![
        Scenario::registers(
            "a public client",
            Fixture::open(),
            HttpRequest::public(),
            created("A").left(4),
        ),
        Scenario::registers(
            "a confidential client",
            Fixture::open(),
            HttpRequest::post(
                r#"{"client_name":"Zoé","redirect_uris":["https://a.example/cb"],"grant_types":["refresh_token","password","authorization_code"]}"#,
            ),
            Expected::created(&confidential.replace(
                r#""authorization_code","refresh_token""#,
                r#""refresh_token","authorization_code""#,
            ))
            .left(4),
        ),
        Scenario::registers(
            "a permissive client",
            Fixture::registration(json!({ "security_mode": "permissive" })),
            HttpRequest::public(),
            Expected::created(&permissive).left(4),
        ),
        Scenario::registers(
            "a tenant without a rate",
            Fixture::registration(json!({ "rate_limit": null })),
            HttpRequest::public(),
            created("A"),
        ),
    ]
}

fn refused() -> Vec<Scenario> {
    let deep = format!(r#"{{"x":{}1{}}}"#, "[".repeat(40), "]".repeat(40));
    let http = r#"{"redirect_uris":["https://a.example","http://b.example"]}"#;
    let http = HttpRequest::post(http);
    let scope = HttpRequest::post(PUBLIC.replacen('{', r#"{"scope":"a\tb","#, 1));
    let refused = |name, request, answer: Expected| {
        Scenario::refused(name, Fixture::open(), request, answer.left(4))
    };
    vec![
        refused("no JSON", HttpRequest::post("{"), not_json()),
        refused(
            "an empty body",
            HttpRequest::post(""),
            invalid_request(
                400,
                "the body is empty; send the client's metadata as a JSON object",
                "empty_body",
            ),
        ),
        refused(
            "a list",
            HttpRequest::post("[]"),
            invalid_request(
                400,
                "the body is not a JSON object; send the client's metadata as one object",
                "not_an_object",
            ),
        ),
        refused(
            "a duplicate member",
            HttpRequest::post(r#"{"scope":"a","sc\u006fpe":"b"}"#),
            Expected::refused(
                400,
                "invalid_request",
                "the JSON object has the member scope twice, the second time at line 1, column 25; send \
                 it once",
            )
            .detail(r#"{"field":"scope","rule":"duplicate_member"}"#),
        ),
        refused(
            "JSON that nests too deeply",
            HttpRequest::post(deep),
            invalid_request(
                400,
                "the JSON nests too deeply at line 1, column 37; send at most 32 levels",
                "nested_too_deeply",
            ),
        ),
        refused(
            "a refused redirect URI",
            http,
            Expected::refused(
                400,
                "invalid_redirect_uri",
                "redirect_uris[1]: uses http with a host other than 127.0.0.1, [::1] and localhost; use https, or one of these hosts",
            )
            .detail(r#"{"field":"redirect_uris","index":1,"rule":"http_not_loopback"}"#),
        ),
        refused(
            "refused metadata",
            scope,
            Expected::refused(
                400,
                "invalid_client_metadata",
                "scope: is not a list of scopes; separate scopes by spaces, and use visible ASCII without \
                 quotation marks and backslashes",
            )
            .detail(r#"{"field":"scope","rule":"invalid_scope"}"#),
        ),
    ]
}
