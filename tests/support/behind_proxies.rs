//! Tenants whose rules depend on headers of trusted proxies, and the requests that pass through
//! these proxies.

use std::{
    net::IpAddr,
    pin::pin,
    task::{Context, Poll, Waker},
};

use bytes::Bytes;
use http::{
    HeaderMap, HeaderName, HeaderValue, Request, Response,
    header::{Entry, FORWARDED},
};
use oauth_dcr::{
    MemoryStore, PeerAddress, Registrar, RegistrationEndpoint, TenantSettings,
    settings::SettingsDocument,
};
use serde_json::{Value, json};

pub(crate) const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// The headers of the edge, in the order of [`EDGE_SIGNALS`].
pub(crate) const EDGE_HEADERS: [HeaderName; 5] = [
    HeaderName::from_static("x-geo-country"),
    HeaderName::from_static("x-geo-subdivision"),
    HeaderName::from_static("x-asn"),
    HeaderName::from_static("x-ja3"),
    HeaderName::from_static("x-ja4"),
];

/// The name of each signal in rules, the values that the rules list, and the values that they do
/// not list.
const EDGE_SIGNALS: [(&str, &str, &str); 5] = [
    ("geo_country_codes", "SE", "NO"),
    ("geo_subdivision_codes", "SE-AB", "NO-03"),
    ("asns", "AS64500", "AS64501"),
    (
        "ja3_fingerprints",
        "e7d705a3286e19ea42f587b344ee6865",
        "0123456789abcdef0123456789abcdef",
    ),
    (
        "ja4_fingerprints",
        "t13d1516h2_8daaf6152771_e5627efa2ab1",
        "t13d1516h2_000000000000_000000000000",
    ),
];

const LISTED_NETWORKS: [&str; 2] = ["198.51.100.0/24", "2001:db8:11::/48"];
pub(crate) const LISTED_ADDRESSES: [&str; 2] = ["198.51.100.7", "2001:db8:11::7"];
pub(crate) const OTHER_ADDRESSES: [&str; 2] = ["203.0.113.5", "2001:db8:22::5"];

const PROXY_NETWORKS: [&str; 3] = ["10.0.0.0/8", "fd00::/8", "127.0.0.0/8"];
const PROXIES: [&str; 4] = ["10.0.0.1", "10.0.0.2", "fd00::1", "fd00::2"];

/// The signal that a rule matches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Signal {
    Address,
    /// One of [`EDGE_SIGNALS`].
    Edge(usize),
}

impl Signal {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Address => "addresses",
            Self::Edge(at) => EDGE_SIGNALS[at].0,
        }
    }
}

/// How the rules treat the values that they list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum List {
    /// A block with `match`.
    Blocked,
    /// A block with `not_match`: listed values are let in.
    NotBlocked,
    /// An allow with `match`, then a block of every address.
    Allowed,
}

/// The value of `forwarded_header`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Reads {
    Either,
    XForwardedFor,
    Forwarded,
}

/// How a tenant recognises its proxies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Trust {
    /// By `trusted_proxies`.
    Networks,
    /// By `trusted_hops`.
    Hops(usize),
    /// By `trusted_hops`, on connections from `trusted_proxies`.
    Both(usize),
}

/// A tenant with rules about one signal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Setup {
    pub(crate) signal: Signal,
    pub(crate) list: List,
    pub(crate) reads: Reads,
    pub(crate) trust: Trust,
}

impl Setup {
    /// Every combination for these ways to know proxies.
    pub(crate) fn all(trusts: &[Trust]) -> Vec<Self> {
        let edges = (0..EDGE_SIGNALS.len()).map(Signal::Edge);
        let mut setups = Vec::new();
        for signal in [Signal::Address].into_iter().chain(edges) {
            for list in [List::Blocked, List::NotBlocked, List::Allowed] {
                for reads in [Reads::Either, Reads::XForwardedFor, Reads::Forwarded] {
                    setups.extend(trusts.iter().map(|&trust| Self {
                        signal,
                        list,
                        reads,
                        trust,
                    }));
                }
            }
        }
        setups
    }

    /// Whether the rules stop a listed client, or an unlisted client.
    pub(crate) fn refuses(&self, is_listed: bool) -> bool {
        (self.list == List::Blocked) == is_listed
    }

    fn rules(&self) -> Value {
        let listed = match self.signal {
            Signal::Address => addresses(LISTED_NETWORKS),
            Signal::Edge(at) => {
                let (name, listed, _) = EDGE_SIGNALS[at];
                json!({ name: [listed] })
            }
        };
        let everyone = addresses(["0.0.0.0/0", "::/0"]);
        let rule = |priority: u8, action: &str, matching: &str, signals: &Value| {
            let rule = json!({ "action": { action: true }, matching: signals, "scope": "dcr" });
            json!({ "description": action, "active": true, "priority": priority, "rule": rule })
        };
        match self.list {
            List::Blocked => json!([rule(1, "block", "match", &listed)]),
            List::NotBlocked => json!([rule(1, "block", "not_match", &listed)]),
            List::Allowed => json!([
                rule(1, "allow", "match", &listed),
                rule(2, "block", "match", &everyone),
            ]),
        }
    }

    /// The settings of the tenant.
    pub(crate) fn tenant(&self) -> TenantSettings {
        let [country, subdivision, asn, ja3, ja4] = EDGE_HEADERS;
        let mut tenant = json!({
            "id": "t1",
            "registration": { "enabled": true, "rate_limit": null },
            "acl": self.rules(),
            "forwarded_header": match self.reads {
                Reads::Either => "either",
                Reads::XForwardedFor => "x-forwarded-for",
                Reads::Forwarded => "forwarded",
            },
            "signal_headers": {
                "geo_country_code": country.as_str(),
                "geo_subdivision_code": subdivision.as_str(),
                "asn": asn.as_str(),
                "ja3_fingerprint": ja3.as_str(),
                "ja4_fingerprint": ja4.as_str(),
            },
        });
        if let Trust::Networks | Trust::Both(_) = self.trust {
            tenant["trusted_proxies"] = json!(PROXY_NETWORKS);
        }
        if let Trust::Hops(count) | Trust::Both(count) = self.trust {
            tenant["trusted_hops"] = json!(count);
        }
        let document = json!({ "tenants": [tenant] }).to_string();
        let document = SettingsDocument::from_json(&document).unwrap();
        document.into_tenants().pop().unwrap()
    }
}

fn addresses([v4, v6]: [&str; 2]) -> Value {
    json!({ "ipv4_cidrs": [v4], "ipv6_cidrs": [v6] })
}

/// The registrar of a tenant, and the store behind it.
pub(crate) fn registrar(tenant: TenantSettings) -> (Registrar, MemoryStore) {
    let store = MemoryStore::new();
    let registrar = Registrar::builder(store.clone())
        .tenant(tenant)
        .build()
        .unwrap();
    (registrar, store)
}

/// The answer to a request on a connection from `peer`.
pub(crate) fn respond<B: AsRef<[u8]>>(
    endpoint: &RegistrationEndpoint,
    mut request: Request<B>,
    peer: IpAddr,
) -> Response<Bytes> {
    request.extensions_mut().insert(PeerAddress(peer));
    let mut answer = pin!(endpoint.respond(request));
    match answer
        .as_mut()
        .poll(&mut Context::from_waker(Waker::noop()))
    {
        Poll::Ready(answer) => answer,
        Poll::Pending => panic!("nothing waits where everything is in memory"),
    }
}

/// A header value that a proxy adds.
struct Addition {
    header: HeaderName,
    value: String,
    /// On its own line after the lines of the same name; otherwise at the end of the last line.
    is_own_line: bool,
}

/// The path of a request from a client through trusted proxies to this server.
pub(crate) struct Route {
    /// Whether rules list the client by its address and by every signal of the edge.
    pub(crate) is_listed: bool,
    /// The forwarding headers that every proxy writes.
    pub(crate) written: Vec<HeaderName>,
    /// The proxy that connects to this server.
    pub(crate) peer: IpAddr,
    additions: Vec<Addition>,
}

impl Route {
    /// A route to a tenant that reads the proxies' headers. `choose` picks a number below its
    /// argument.
    pub(crate) fn choose(setup: &Setup, choose: &mut impl FnMut(usize) -> usize) -> Self {
        let is_listed = choose(2) == 0;
        let both = vec![X_FORWARDED_FOR, FORWARDED];
        let written = match (setup.reads, choose(3)) {
            (_, 0) => both,
            (Reads::XForwardedFor, _) | (Reads::Either, 1) => vec![X_FORWARDED_FOR],
            (Reads::Either | Reads::Forwarded, _) => vec![FORWARDED],
        };
        let clients = if is_listed {
            LISTED_ADDRESSES
        } else {
            OTHER_ADDRESSES
        };
        let proxies = match setup.trust {
            Trust::Networks => 1 + choose(3),
            Trust::Hops(count) | Trust::Both(count) => count,
        };
        let mut connecting: IpAddr = clients[choose(2)].parse().unwrap();
        let mut additions = Vec::new();
        for at in 0..proxies {
            for header in &written {
                let form = choose(15);
                additions.push(Addition {
                    header: header.clone(),
                    value: if *header == FORWARDED {
                        forwarded_element(connecting, form)
                    } else {
                        plain_hop(connecting, form)
                    },
                    is_own_line: choose(2) == 0,
                });
            }
            if at == 0 {
                let is_part_alone = choose(2) == 0;
                for (header, signal) in EDGE_HEADERS.into_iter().zip(EDGE_SIGNALS) {
                    additions.push(Addition {
                        header,
                        value: edge_value(signal, is_listed, is_part_alone).to_owned(),
                        is_own_line: choose(2) == 0,
                    });
                }
            }
            connecting = PROXIES[choose(PROXIES.len())].parse().unwrap();
        }
        Self {
            is_listed,
            written,
            peer: connecting,
            additions,
        }
    }

    /// Whether none of the client's own text in `headers` can matter, because the proxies write
    /// every header that the tenant reads.
    pub(crate) fn covers(&self, setup: &Setup, headers: &HeaderMap) -> bool {
        let is_written = |name: &HeaderName| self.written.contains(name);
        let mut forwarding = [X_FORWARDED_FOR, FORWARDED].into_iter();
        setup.reads != Reads::Either
            || forwarding.all(|name| is_written(&name) || !headers.contains_key(&name))
    }

    /// Adds the proxies' headers to the client's headers.
    pub(crate) fn pass(&self, headers: &mut HeaderMap) {
        for addition in &self.additions {
            let added = HeaderValue::from_str(&addition.value).unwrap();
            match headers.entry(&addition.header) {
                Entry::Occupied(mut lines) if !addition.is_own_line => {
                    let last = lines.iter_mut().next_back().unwrap();
                    let line = [last.as_bytes(), b", ", added.as_bytes()].concat();
                    *last = HeaderValue::from_bytes(&line).unwrap();
                }
                Entry::Occupied(mut lines) => lines.append(added),
                Entry::Vacant(line) => {
                    line.insert(added);
                }
            }
        }
    }
}

fn edge_value(
    (name, listed, other): (&str, &'static str, &'static str),
    is_listed: bool,
    is_part_alone: bool,
) -> &'static str {
    let value = if is_listed { listed } else { other };
    match value.split_once('-') {
        // Some edges send this part alone, besides the country.
        Some((_, part)) if name == "geo_subdivision_codes" && is_part_alone => part,
        _ => value,
    }
}

/// A value of `X-Forwarded-For`.
fn plain_hop(address: IpAddr, form: usize) -> String {
    match (address, form % 3) {
        (IpAddr::V4(it), 1) => format!("{it}:4711"),
        (IpAddr::V4(it), 2) => format!("::ffff:{it}"),
        (IpAddr::V6(it), 1) => format!("[{it}]"),
        (IpAddr::V6(it), 2) => format!("[{it}]:443"),
        (it, _) => it.to_string(),
    }
}

/// A value of `Forwarded` (RFC 7239 section 4).
fn forwarded_element(address: IpAddr, form: usize) -> String {
    let node = match (address, form % 3) {
        (IpAddr::V4(it), 0) => it.to_string(),
        (IpAddr::V4(it), 1) => format!("\"{it}:4711\""),
        (IpAddr::V4(it), _) => format!("\"{it}:_port\""),
        (IpAddr::V6(it), 0) => format!("\"[{it}]\""),
        (IpAddr::V6(it), 1) => format!("\"[{it}]:443\""),
        (IpAddr::V6(it), _) => format!("\"[{it}]:_port\""),
    };
    match form / 3 {
        0 => format!("for={node}"),
        1 => format!("For={node};proto=https"),
        2 => format!("proto=https;for={node};host=\"a,b\""),
        3 => format!("by=\"[fd00::9]\";for={node}"),
        // The client's `Host`, in the form in which a proxy quotes it.
        _ => format!("for={node};host=\"a\\\", for=10.0.0.9;by=\\\"\""),
    }
}
