//! What becomes of a request, for every signal, every way in which a head can carry it, and every kind
//! of rule. A new signal finds its place in `next`, `carrier` and `verdicts`, or this does not compile.

use http::{HeaderName, HeaderValue, Request};
use serde_json::{Value, json};

use crate::{
    acl::Signal,
    endpoint::{HeadDecision, PeerAddress, RegistrationEndpoint},
    engine::Registrar,
    memory::MemoryStore,
    tenants::Tenants,
};

/// How the head of a request carries a signal. Where not said otherwise, a trusted proxy sends it.
#[derive(Clone, Copy, Debug)]
enum Way {
    /// Not at all.
    Absent,
    /// In a form that the signal does not have.
    Malformed,
    /// On two lines: another value, then the listed one.
    TwoLines,
    /// On one line, in the same order.
    Joined,
    /// As bytes that are no UTF-8.
    NotUtf8,
    /// As the listed value, and the host gave no address of the connection.
    NoPeer,
    /// As the listed value, from a peer that is no trusted proxy.
    Stranger,
}

const WAYS: [Way; 7] = [
    Way::Absent,
    Way::Malformed,
    Way::TwoLines,
    Way::Joined,
    Way::NotUtf8,
    Way::NoPeer,
    Way::Stranger,
];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    Pass,
    /// 403, by a rule.
    Block,
    /// 403 `source_unknown`.
    Source,
    /// 403 `signal_unreadable`.
    Unreadable,
    /// 503.
    Host503,
    /// 400 `invalid_host`.
    Host400,
}

use Verdict::{Block, Host400, Host503, Pass, Source, Unreadable};

/// The verdicts of the rules *block what is listed*, *block all that is not listed*, and *allow what is
/// listed, then block everything*.
type Verdicts = [Verdict; 3];

const LISTED: Verdicts = [Block, Pass, Pass];
const NOT_LISTED: Verdicts = [Pass, Block, Block];

/// One row a signal, in the order of [`WAYS`].
const fn verdicts(signal: Signal) -> [Verdicts; 7] {
    match signal {
        Signal::Source => [
            NOT_LISTED,
            [Source; 3],
            LISTED,
            LISTED,
            [Source; 3],
            [Host503; 3],
            NOT_LISTED,
        ],
        // No header carries it.
        Signal::Connecting => [
            NOT_LISTED,
            NOT_LISTED,
            NOT_LISTED,
            NOT_LISTED,
            NOT_LISTED,
            [Host503; 3],
            NOT_LISTED,
        ],
        Signal::Country | Signal::Subdivision | Signal::Asn | Signal::Ja3 | Signal::Ja4 => [
            NOT_LISTED,
            [Unreadable; 3],
            LISTED,
            LISTED,
            [Unreadable; 3],
            [Host503; 3],
            NOT_LISTED,
        ],
        // The client chooses it, also behind a proxy.
        Signal::UserAgent => [
            NOT_LISTED, NOT_LISTED, NOT_LISTED, NOT_LISTED, NOT_LISTED, LISTED, LISTED,
        ],
        Signal::Hostname => [
            NOT_LISTED,
            [Host400; 3],
            [Host400; 3],
            [Host400; 3],
            [Host400; 3],
            LISTED,
            LISTED,
        ],
    }
}

/// The header that carries a signal, the value that the rule lists, another value, and text that is
/// none.
const fn carrier(signal: Signal) -> (&'static str, &'static str, &'static str, &'static str) {
    match signal {
        Signal::Source | Signal::Connecting => {
            ("x-forwarded-for", "203.0.113.5", "192.0.2.9", "unknown")
        }
        Signal::Country => ("x-country", "SE", "NO", "Sweden"),
        Signal::Subdivision => ("x-subdivision", "SE-AB", "SE-C", "Stockholm"),
        Signal::Asn => ("x-asn", "AS64500", "64501", "ASN64500"),
        Signal::Ja3 => (
            "x-ja3",
            "e7d705a3286e19ea42f587b344ee6865",
            "00000000000000000000000000000000",
            "e7d705a3",
        ),
        Signal::Ja4 => (
            "x-ja4",
            "t13d1516h2_8daaf6152771_e5627efa2ab1",
            "t13d1516h2_8daaf6152771_e5627efa2ab2",
            "t13d1516h2",
        ),
        Signal::UserAgent => ("user-agent", "curl/8.5.0", "curl/8.6.0", ""),
        Signal::Hostname => ("host", "listed.example", "other.example", "a b"),
    }
}

const fn next(signal: Option<Signal>) -> Option<Signal> {
    match signal {
        None => Some(Signal::Source),
        Some(Signal::Source) => Some(Signal::Connecting),
        Some(Signal::Connecting) => Some(Signal::Country),
        Some(Signal::Country) => Some(Signal::Subdivision),
        Some(Signal::Subdivision) => Some(Signal::Asn),
        Some(Signal::Asn) => Some(Signal::Ja3),
        Some(Signal::Ja3) => Some(Signal::Ja4),
        Some(Signal::Ja4) => Some(Signal::UserAgent),
        Some(Signal::UserAgent) => Some(Signal::Hostname),
        Some(Signal::Hostname) => None,
    }
}

/// The rules of each kind for one signal.
fn lists(signal: Signal, listed: &str) -> [Value; 3] {
    let rule = |priority: u32, action: &str, side: &str, conditions: Value| {
        json!({ "priority": priority, "rule": {
            "action": { action: true }, side: conditions, "scope": "dcr"
        } })
    };
    let one = json!({ signal.member(): [listed] });
    let everybody = rule(
        2,
        "block",
        "not_match",
        json!({ "hostnames": ["nobody.invalid"] }),
    );
    [
        json!([rule(1, "block", "match", one.clone())]),
        json!([rule(1, "block", "not_match", one.clone())]),
        json!([rule(1, "allow", "match", one), everybody]),
    ]
}

fn endpoint(acl: &Value) -> RegistrationEndpoint {
    let document = json!({ "tenants": [{
        "id": "t",
        "registration": { "enabled": true, "rate_limit": null },
        "acl": acl,
        "trusted_proxies": ["10.0.0.1"],
        "signal_headers": {
            "geo_country_code": "x-country", "geo_subdivision_code": "x-subdivision",
            "asn": "x-asn", "ja3_fingerprint": "x-ja3", "ja4_fingerprint": "x-ja4"
        }
    }] });
    let tenants = Tenants::from_json(&document.to_string()).unwrap();
    let registrar = Registrar::builder(MemoryStore::new()).tenants(tenants);
    RegistrationEndpoint::new(registrar.build().unwrap())
}

fn request(signal: Signal, way: Way) -> Request<()> {
    let (name, listed, other, malformed) = carrier(signal);
    let values: &[&[u8]] = match way {
        Way::Absent => &[],
        Way::Malformed => &[malformed.as_bytes()],
        Way::TwoLines => &[other.as_bytes(), listed.as_bytes()],
        Way::Joined => &[&[other.as_bytes(), b", ", listed.as_bytes()].concat()],
        Way::NotUtf8 => &[b"\xff"],
        Way::NoPeer | Way::Stranger => &[listed.as_bytes()],
    };
    let mut request = Request::post("/oidc/register").header("content-type", "application/json");
    for value in values {
        let value = HeaderValue::from_bytes(value).unwrap();
        request = request.header(HeaderName::from_static(name), value);
    }
    let peer = match way {
        Way::NoPeer => None,
        Way::Stranger => Some("192.0.2.1"),
        _ => Some("10.0.0.1"),
    };
    if let Some(peer) = peer {
        request = request.extension(PeerAddress(peer.parse().unwrap()));
    }
    request.body(()).unwrap()
}

async fn verdict(endpoint: &RegistrationEndpoint, request: Request<()>) -> Verdict {
    let response = match endpoint.open(&request.into_parts().0).await {
        HeadDecision::ReadBody(_) => return Pass,
        HeadDecision::Respond(response) => response,
    };
    let body: Value = serde_json::from_slice(response.body()).unwrap();
    let rule = body["error_detail"]["rule"].as_str();
    match (response.status().as_u16(), rule) {
        (403, None) => Block,
        (403, Some("source_unknown")) => Source,
        (403, Some("signal_unreadable")) => Unreadable,
        (400, Some("invalid_host")) => Host400,
        (503, None) => {
            assert!(response.headers().contains_key("retry-after"));
            Host503
        }
        other => panic!("{other:?} {body}"),
    }
}

#[tokio::test]
async fn each_cell_has_its_verdict() {
    let mut cells = 0;
    for signal in std::iter::successors(next(None), |it| next(Some(*it))) {
        let endpoints = lists(signal, carrier(signal).1).map(|acl| endpoint(&acl));
        for (way, expected) in WAYS.into_iter().zip(verdicts(signal)) {
            let mut found = Vec::new();
            for endpoint in &endpoints {
                found.push(verdict(endpoint, request(signal, way)).await);
                cells += 1;
            }
            assert_eq!(found, expected, "{signal:?} {way:?}");
        }
    }
    assert_eq!(cells, 9 * 7 * 3);
}
