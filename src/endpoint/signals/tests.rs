//! Tests the verdict for every signal, every case of how a head carries the signal, and every kind of rule. This does
//! not compile until a new signal is added to `next`, `carrier` and `verdicts`.

use http::{HeaderName, HeaderValue, Request};
use serde_json::{Value, json};

use crate::{
    acl::Signal,
    endpoint::{HeadDecision, PeerAddress, RegistrationEndpoint},
    engine::Registrar,
    memory::MemoryStore,
    tenants::Tenants,
};

/// How the head of a request carries a signal. A trusted proxy sends it unless the case says otherwise.
#[derive(Clone, Copy, Debug)]
enum Case {
    /// The head does not carry the signal.
    Absent,
    /// The value is malformed.
    Malformed,
    /// There are two lines: another value, then the listed value.
    TwoLines,
    /// Both values are on one line, in the same order.
    Joined,
    /// The value is not UTF-8.
    NotUtf8,
    /// The value is listed, but the host did not supply the address of the connection.
    NoPeer,
    /// The value is listed, but the peer is not a trusted proxy.
    Stranger,
}

const CASES: [Case; 7] = [
    Case::Absent,
    Case::Malformed,
    Case::TwoLines,
    Case::Joined,
    Case::NotUtf8,
    Case::NoPeer,
    Case::Stranger,
];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    Pass,
    /// 403 because of a rule.
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

/// The verdicts of three kinds of rules: *block listed values*, *block all other values*, and *allow listed values,
/// then block everything*.
type Verdicts = [Verdict; 3];

const LISTED: Verdicts = [Block, Pass, Pass];
const NOT_LISTED: Verdicts = [Pass, Block, Block];

/// The row of a signal, in the order of [`CASES`].
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
        // No header carries the address of the connection.
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
        // The client chooses the user agent, even behind a proxy.
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

/// The header that carries a signal, the value that the rule lists, another value, and a malformed value.
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
    let condition = json!({ signal.member(): [listed] });
    let block_everything = rule(
        2,
        "block",
        "not_match",
        json!({ "hostnames": ["nobody.invalid"] }),
    );
    [
        json!([rule(1, "block", "match", condition.clone())]),
        json!([rule(1, "block", "not_match", condition.clone())]),
        json!([rule(1, "allow", "match", condition), block_everything]),
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

fn request(signal: Signal, case: Case) -> Request<()> {
    let (name, listed, other, malformed) = carrier(signal);
    let values: &[&[u8]] = match case {
        Case::Absent => &[],
        Case::Malformed => &[malformed.as_bytes()],
        Case::TwoLines => &[other.as_bytes(), listed.as_bytes()],
        Case::Joined => &[&[other.as_bytes(), b", ", listed.as_bytes()].concat()],
        Case::NotUtf8 => &[b"\xff"],
        Case::NoPeer | Case::Stranger => &[listed.as_bytes()],
    };
    let mut request = Request::post("/oidc/register").header("content-type", "application/json");
    for value in values {
        let value = HeaderValue::from_bytes(value).unwrap();
        request = request.header(HeaderName::from_static(name), value);
    }
    let peer = match case {
        Case::NoPeer => None,
        Case::Stranger => Some("192.0.2.1"),
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
async fn each_signal_has_its_verdict() {
    let mut cells = 0;
    for signal in std::iter::successors(next(None), |signal| next(Some(*signal))) {
        let endpoints = lists(signal, carrier(signal).1).map(|acl| endpoint(&acl));
        for (case, expected) in CASES.into_iter().zip(verdicts(signal)) {
            let mut found = Vec::new();
            for endpoint in &endpoints {
                found.push(verdict(endpoint, request(signal, case)).await);
                cells += 1;
            }
            assert_eq!(found, expected, "{signal:?} {case:?}");
        }
    }
    assert_eq!(cells, 9 * 7 * 3);
}
