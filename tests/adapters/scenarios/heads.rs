//! Where a request goes and where it comes from.

use serde_json::json;

use super::{blocked, created, not_found};
use crate::{
    fixture::Fixture,
    http_request::{HttpRequest, PUBLIC},
    scenario::{End, Scenario, Step, answer},
};

fn two_tenants() -> Fixture {
    let registration = json!({ "enabled": true });
    Fixture::tenants(json!([
        { "id": "a", "hosts": ["a.example"], "registration": registration },
        { "id": "b", "hosts": ["b.example"] },
    ]))
}

/// A list that blocks 203.0.113.0/24, and a trusted proxy on this machine.
fn behind_a_proxy() -> Fixture {
    let matched = json!({ "ipv4_cidrs": ["203.0.113.0/24"] });
    let rule = json!({ "action": { "block": true }, "match": matched, "scope": "dcr" });
    let entry = json!({ "description": "r", "active": true, "priority": 1, "rule": rule });
    Fixture::tenant(json!({ "acl": [entry], "trusted_proxies": ["127.0.0.0/8"] }))
}

pub(super) fn list() -> Vec<Scenario> {
    let absolute = format!(
        "POST http://a.example/oidc/register HTTP/1.1\r\nhost: b.example\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n{PUBLIC}",
        PUBLIC.len()
    );
    vec![
        Scenario::registers(
            "a host with a port, in capitals",
            two_tenants(),
            HttpRequest::public().host("A.Example:8443"),
            created("A").left(4),
        ),
        Scenario::registers(
            "a tenant that the path names",
            two_tenants().tenant_by_path(),
            HttpRequest::public().target("/tenants/a/register"),
            created("A").left(4),
        ),
        Scenario::refused(
            "a path with an unknown tenant",
            two_tenants().tenant_by_path(),
            HttpRequest::public().target("/tenants/c/register"),
            not_found(),
        ),
        Scenario::refused(
            "a path with an invalid tenant name",
            two_tenants().tenant_by_path(),
            HttpRequest::public().target("/tenants/%20/register"),
            not_found(),
        ),
        Scenario::refused(
            "a blocked address from a proxy",
            behind_a_proxy(),
            HttpRequest::public().with("x-forwarded-for", "198.51.100.1, 203.0.113.9"),
            blocked(),
        ),
        Scenario::registers(
            "an allowed address from a proxy",
            behind_a_proxy(),
            HttpRequest::public().with("x-forwarded-for", "203.0.113.9, 198.51.100.1"),
            created("A").left(4),
        ),
        Scenario::registers(
            "a target with a query",
            Fixture::open(),
            HttpRequest::public().target("/oidc/register?x=%C3%A9&y"),
            created("A").left(4),
        ),
        Scenario::line(
            "an absolute target takes precedence over the host",
            two_tenants(),
            [Step::Send(absolute.into()), answer(created("A").left(4))],
            End::Open,
            1,
        ),
    ]
}
