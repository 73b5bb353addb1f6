//! Every status that the profile knows, apart from those that depend on the transfer of the body.

use oauth_dcr::store::InsertOutcome;
use serde_json::json;

use super::{blocked, created, not_allowed, not_found, unavailable, unsupported};
use crate::{
    answer::Expected,
    faulty_store::FaultyStore,
    fixture::Fixture,
    http_request::{HttpRequest, PUBLIC},
    ports::Limiter,
    scenario::{End, Scenario, Step, answer},
};

pub(super) fn list() -> Vec<Scenario> {
    let mut list = access();
    list.extend(methods());
    list.extend(media_types());
    list.extend(failures());
    list
}

/// Requests that are refused by their heads. Their unread bodies do not end the connection.
fn access() -> Vec<Scenario> {
    let rule = |action, matched| Fixture::rule(&action, &matched);
    let refused = Scenario::refused;
    let challenged = |challenge| {
        let (required, not_valid) = (
            "an initial access token is required; ask the owner of the tenant for one, and send it as \
             Authorization: Bearer",
            "the initial access token is not valid; ask the owner of the tenant for another",
        );
        let description = if challenge == "Bearer" {
            required
        } else {
            not_valid
        };
        Expected::refused(401, "invalid_token", description).with("www-authenticate", challenge)
    };
    vec![
        refused(
            "registration is off",
            Fixture::tenants(json!([{ "id": "t1" }])),
            HttpRequest::public(),
            Expected::refused(
                403,
                "access_denied",
                "dynamic client registration is not enabled for this tenant; the owner of the tenant can \
                 turn it on",
            ),
        ),
        refused(
            "a blocked address",
            rule(
                json!({ "block": true }),
                json!({ "ipv4_cidrs": ["127.0.0.0/8"] }),
            ),
            HttpRequest::public(),
            blocked(),
        ),
        refused(
            "a blocked user agent",
            rule(
                json!({ "block": true }),
                json!({ "user_agents": ["Bad/1"] }),
            ),
            HttpRequest::public().with("user-agent", "Bad/1"),
            blocked(),
        ),
        refused(
            "a host is blocked",
            rule(
                json!({ "block": true }),
                json!({ "hostnames": ["AUTH.example.com"] }),
            ),
            HttpRequest::public(),
            blocked(),
        ),
        refused(
            "a redirected address",
            rule(
                json!({ "redirect": true, "redirect_uri": "https://elsewhere.example/" }),
                json!({ "connecting_ipv4_cidrs": ["127.0.0.1/32"] }),
            ),
            HttpRequest::public(),
            Expected::refused(302, "redirect", "this request is redirected; follow the Location header")
                .with("location", "https://elsewhere.example/"),
        ),
        refused(
            "no initial access token",
            Fixture::open().gated(),
            HttpRequest::public(),
            challenged("Bearer"),
        ),
        refused(
            "a wrong initial access token",
            Fixture::open().gated(),
            HttpRequest::public().with("authorization", "Bearer guess"),
            challenged(r#"Bearer error="invalid_token""#),
        ),
        Scenario::registers(
            "an initial access token",
            Fixture::open().gated(),
            HttpRequest::public().with("authorization", "Bearer letmein"),
            created("A").left(4),
        ),
        refused(
            "a full tenant",
            Fixture::open().store(FaultyStore {
                outcome: Some(|| InsertOutcome::Full),
                ..FaultyStore::default()
            }),
            HttpRequest::public(),
            Expected::refused(
                403,
                "too_many_entities",
                "this tenant has reached its limit of clients; the owner of the tenant can remove clients or raise the limit",
            )
            .left(4),
        ),
    ]
}

fn methods() -> Vec<Scenario> {
    let refused = |name, request, answer| Scenario::refused(name, Fixture::open(), request, answer);
    let narrowed = || Fixture::registration(json!({ "allowed_origins": ["https://page.example"] }));
    let preflight = |origin| {
        HttpRequest::to("OPTIONS")
            .with("origin", origin)
            .with("access-control-request-method", "POST")
    };
    let bare = || Expected::no_content().with("allow", "POST, OPTIONS");
    let allowed = || {
        bare()
            .with("access-control-allow-methods", "POST")
            .with("access-control-allow-headers", "Authorization, *")
            .with("access-control-max-age", "0")
    };
    vec![
        refused("GET", HttpRequest::to("GET"), not_allowed()),
        refused(
            "HEAD",
            HttpRequest::to("HEAD"),
            not_allowed().answering_head(),
        ),
        refused("PUT", HttpRequest::public().method("PUT"), not_allowed()),
        refused("DELETE", HttpRequest::to("DELETE"), not_allowed()),
        refused(
            "PATCH",
            HttpRequest::public().method("PATCH"),
            not_allowed(),
        ),
        refused("TRACE", HttpRequest::to("TRACE"), not_allowed()),
        refused("an unknown method", HttpRequest::to("BREW"), not_allowed()),
        refused("OPTIONS, no preflight", HttpRequest::to("OPTIONS"), bare()),
        refused("a preflight", preflight("https://page.example"), allowed()),
        Scenario::refused(
            "a preflight from the allowed origin",
            narrowed(),
            preflight("https://page.example"),
            allowed()
                .with("access-control-allow-origin", "https://page.example")
                .with("vary", "Origin"),
        ),
        Scenario::refused(
            "a preflight from another origin",
            narrowed(),
            preflight("https://other.example"),
            bare().unreadable(),
        ),
        Scenario::registers(
            "a page of another origin",
            narrowed(),
            HttpRequest::public().with("origin", "https://other.example"),
            created("A").left(4).unreadable(),
        ),
    ]
}

fn media_types() -> Vec<Scenario> {
    let typed = |media_type| {
        HttpRequest::public()
            .without("content-type")
            .with("content-type", media_type)
    };
    let refused =
        |name, request| Scenario::refused(name, Fixture::open(), request, unsupported().left(4));
    vec![
        refused("a form", typed("application/x-www-form-urlencoded")),
        refused("text", typed("text/plain")),
        refused(
            "no media type",
            HttpRequest::public().without("content-type"),
        ),
        refused(
            "two media types",
            HttpRequest::public().with("content-type", "application/json"),
        ),
        refused(
            "a packed body",
            HttpRequest::public().with("content-encoding", "gzip"),
        ),
        Scenario::registers(
            "a media type with a parameter",
            Fixture::open(),
            typed("Application/JSON; charset=utf-8"),
            created("A").left(4),
        ),
    ]
}

fn failures() -> Vec<Scenario> {
    let limited = Expected::refused(
        429,
        "too_many_requests",
        "too many registrations; try again in 1 second",
    )
    .with("retry-after", "1")
    .left(0);
    let mut used_up: Vec<Step> = Vec::new();
    for left in (0..5).rev() {
        used_up.push(Step::Send(HttpRequest::post("{").http1()));
        used_up.push(answer(super::not_json().left(left)));
    }
    used_up.push(Step::Send(HttpRequest::public().http1()));
    used_up.push(answer(limited));
    vec![
        Scenario::line(
            "the rate is used up",
            Fixture::open(),
            used_up,
            End::Open,
            0,
        ),
        Scenario::line(
            "the rate comes back",
            Fixture::registration(json!({ "rate_limit": { "per_second": 1, "burst": 1 } })),
            [
                Step::Send(HttpRequest::post("{").http1()),
                answer(super::not_json().left(0).with("x-ratelimit-limit", "1")),
                Step::Later(1_000),
                Step::Send(HttpRequest::public().http1()),
                answer(
                    Expected::created(&format!(
                        r#"{{"client_id":"tpc_{}","client_id_issued_at":1800000001,"client_secret_expires_at":0,{}"#,
                        "A".repeat(32),
                        super::REGISTERED
                    ))
                    .left(0)
                    .with("x-ratelimit-limit", "1")
                    .with("x-ratelimit-reset", "1800000002"),
                ),
            ],
            End::Open,
            1,
        ),
        Scenario::refused(
            "a failing store",
            Fixture::open().store(FaultyStore::failing()),
            HttpRequest::public(),
            unavailable().left(4),
        ),
        Scenario::refused(
            "a failing limiter",
            Fixture::open().limiter(Limiter::Fails),
            HttpRequest::public(),
            unavailable(),
        ),
        Scenario::refused(
            "an address rule without a known address",
            Fixture::rule(&json!({ "block": true }), &json!({ "ipv4_cidrs": ["192.0.2.0/24"] }))
                .unknown_peers(),
            HttpRequest::public(),
            unavailable(),
        ),
        Scenario::refused(
            "a host without a tenant",
            Fixture::tenants(json!([{ "id": "t1", "hosts": ["auth.example.com"] }])),
            HttpRequest::post(PUBLIC).host("other.example.com"),
            not_found(),
        ),
    ]
}
