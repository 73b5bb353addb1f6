//! Malformed HTTP that a framework refuses in its own words before any adapter sees it.

use serde_json::json;

use super::{created, invalid_host};
use crate::{
    fixture::Fixture,
    http_request::{HttpRequest, PUBLIC},
    scenario::{End, Fate, Scenario, Step},
    servers::Adapter,
};

pub(super) fn list() -> Vec<Scenario> {
    let refused = |name, bytes: Vec<u8>| {
        let steps = [Step::Send(bytes), Step::Framework(|_| Fate::Status(400))];
        Scenario::line(name, Fixture::open(), steps, End::Closed, 0)
    };
    let both = |first: &str, second: &str| {
        format!(
            "POST /oidc/register HTTP/1.1\r\nhost: auth.example.com\r\n\
             content-type: application/json\r\n{first}\r\n{second}\r\n\r\n\
             {:x}\r\n{PUBLIC}\r\n0\r\n\r\n",
            PUBLIC.len()
        )
        .into_bytes()
    };
    let hosts = |name, bytes| {
        let fixture = Fixture::tenants(json!([{ "id": "t1", "hosts": ["auth.example.com"] }]));
        let steps = [Step::Send(bytes), Step::Framework(not_one_host)];
        Scenario::line(name, fixture, steps, End::Closed, 0)
    };
    let last = || HttpRequest::public().with("connection", "close");
    let no_host = String::from_utf8(last().http1()).unwrap();
    let no_host = no_host
        .replace("host: auth.example.com\r\n", "")
        .into_bytes();
    let smuggled = |name, mut bytes: Vec<u8>| {
        bytes.extend(HttpRequest::public().http1());
        let steps = [Step::Send(bytes), Step::Framework(both_lengths)];
        Scenario::line(name, Fixture::open(), steps, End::Closed, 0)
    };
    let length = format!("content-length: {}", PUBLIC.len());
    vec![
        refused("no HTTP", b"hello, is there anybody?\r\n\r\n".into()),
        smuggled(
            "a length and chunks",
            both(&length, "transfer-encoding: chunked"),
        ),
        smuggled(
            "chunks and a length",
            both("transfer-encoding: chunked", &length),
        ),
        refused("two lengths", both(&length, "content-length: 5")),
        refused(
            "a length that is not a number",
            both("content-length: 0x10", "x: y"),
        ),
        refused("an unknown coding", both("transfer-encoding: gzip", "x: y")),
        hosts("two hosts", last().with("host", "auth.example.com").http1()),
        hosts("no host", no_host),
    ]
}

/// hyper leaves a check of the number of hosts to the service; actix-web checks the number itself.
fn not_one_host(adapter: Adapter) -> Fate {
    match adapter {
        Adapter::Actix => Fate::Status(400),
        Adapter::Hyper | Adapter::Tower | Adapter::Axum => {
            Fate::Passed(Box::new(invalid_host().closing()))
        }
    }
}

/// If a request has both chunks and a length, hyper reads the chunks and closes the connection
/// after the request; actix-web refuses the request. RFC 9112 section 6.1 allows both.
fn both_lengths(adapter: Adapter) -> Fate {
    match adapter {
        Adapter::Actix => Fate::Status(400),
        Adapter::Hyper | Adapter::Tower | Adapter::Axum => {
            Fate::Passed(Box::new(created("A").left(4).closing()))
        }
    }
}
