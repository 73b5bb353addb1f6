//! Whatever bytes a client writes into forwarding and edge headers, they never bypass a rule.

use std::{collections::BTreeMap, net::IpAddr};

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response, header::FORWARDED};
use oauth_dcr::RegistrationEndpoint;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use crate::{
    behind_proxies::{
        EDGE_HEADERS, LISTED_ADDRESSES, OTHER_ADDRESSES, Reads, Route, Setup, Signal, Trust,
        X_FORWARDED_FOR, registrar, respond,
    },
    support::{
        http::{Server, parts},
        random::{Random, cases},
    },
};

/// Text that has a meaning for some parser.
const FRAGMENTS: [&[u8]; 24] = [
    b",",
    b", ",
    b";",
    b"=",
    b"\"",
    b"\\",
    b"\\\"",
    b"\\\\",
    b" ",
    b"\t",
    b"[",
    b"]",
    b":",
    b"%",
    b"for=",
    b"For=\"",
    b"for=\"[",
    b"host=\"",
    b"proto=https",
    b"_hidden",
    b"unknown",
    b"10.0.0.9, ",
    b"\xc2\xa0",
    b"\xff",
];

/// Values that would allow or block the request if a rule trusted them.
const CLAIMS: [&[u8]; 22] = [
    b"10.0.0.9",
    b"fd00::9",
    b"[fd00::9]:1",
    b"198.51.100.7",
    b"203.0.113.5",
    b"2001:db8:11::7",
    b"[2001:db8:22::5]:443",
    b"for=10.0.0.9",
    b"for=198.51.100.7",
    b"for=203.0.113.5",
    b"for=\"[2001:db8:11::7]\"",
    b"for=\"[2001:db8:22::5]:443\"",
    b"SE",
    b"NO",
    b"SE-AB",
    b"NO-03",
    b"AS64500",
    b"64501",
    b"e7d705a3286e19ea42f587b344ee6865",
    b"0123456789abcdef0123456789abcdef",
    b"t13d1516h2_8daaf6152771_e5627efa2ab1",
    b"t13d1516h2_000000000000_000000000000",
];

/// Any byte that [`HeaderValue`] takes: tab, 0x20 to 0x7E, 0x80 to 0xFF.
fn byte(random: &mut Random) -> u8 {
    match u8::try_from(random.below(256)).unwrap() {
        0..0x20 | 0x7f => b'\t',
        other => other,
    }
}

fn text(random: &mut Random) -> Vec<u8> {
    if random.chance(20) {
        return random.pick(&CLAIMS).to_vec();
    }
    let mut text = Vec::new();
    for _ in 0..random.below(9) {
        match random.below(5) {
            0 | 1 => text.push(byte(random)),
            2 => text.extend(random.pick(&CLAIMS)),
            _ => text.extend(random.pick(&FRAGMENTS)),
        }
    }
    text
}

/// Lines that a client sends. Half of the clients send only the headers in `written` and edge
/// headers.
fn claims(random: &mut Random, written: &[HeaderName]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    let sends_others = random.chance(50);
    for name in EDGE_HEADERS.into_iter().chain([X_FORWARDED_FOR, FORWARDED]) {
        let is_edge = EDGE_HEADERS.contains(&name);
        if is_edge || sends_others || written.contains(&name) {
            for _ in 0..random.pick(&[0, 1, 1, 2]) {
                let value = HeaderValue::from_bytes(&text(random)).unwrap();
                headers.append(name.clone(), value);
            }
        }
    }
    headers
}

fn endpoint(setup: &Setup) -> RegistrationEndpoint {
    RegistrationEndpoint::new(registrar(setup.tenant()).0)
}

fn register(endpoint: &RegistrationEndpoint, headers: &HeaderMap, peer: IpAddr) -> Response<Bytes> {
    let mut request = Request::post("/oidc/register").header("content-type", "application/json");
    let all = request.headers_mut().unwrap();
    all.extend(
        headers
            .iter()
            .map(|(name, value)| (name.clone(), value.clone())),
    );
    let body = r#"{"redirect_uris": ["https://app.example.com/callback"], "token_endpoint_auth_method": "none"}"#;
    respond(endpoint, request.body(body).unwrap(), peer)
}

/// A status, and the member of `error_detail` that says why.
type Verdict = (u16, Option<String>);

fn verdict(response: &Response<Bytes>) -> Verdict {
    let (status, body) = parts(response);
    let rule = body["error_detail"]["rule"].as_str();
    (status, rule.map(str::to_owned))
}

/// What went wrong: the count of each kind and its first example.
#[derive(Default)]
struct Failures {
    cases: usize,
    kinds: BTreeMap<String, (usize, String)>,
}

impl Failures {
    fn add(&mut self, kind: String, headers: &HeaderMap) {
        let entry = self.kinds.entry(kind);
        entry.or_insert_with(|| (0, shown(headers))).0 += 1;
    }

    /// Fails if any case went wrong, or if fewer than `least` cases were tried.
    fn none_in(self, least: usize) {
        let Self { cases, kinds } = self;
        let failed: usize = kinds.values().map(|(count, _)| count).sum();
        let list: Vec<String> = kinds
            .iter()
            .map(|(kind, (count, example))| format!("{count} × {kind}, such as\n{example}"))
            .collect();
        assert_eq!(failed, 0, "of {cases} cases:\n{}", list.join("\n"));
        assert!(cases >= least, "only {cases} cases");
    }
}

fn shown(headers: &HeaderMap) -> String {
    let line = |(name, value): (&HeaderName, &HeaderValue)| {
        format!("    {name}: {}\n", value.as_bytes().escape_ascii())
    };
    headers.iter().map(line).collect()
}

fn kind_of(setup: &Setup, route: &Route) -> String {
    let Setup {
        list, reads, trust, ..
    } = setup;
    let (signal, written) = (setup.signal.name(), &route.written);
    format!("{signal} {list:?}, {trust:?}, {reads:?} of {written:?}")
}

/// A request of a client as it arrives through proxies.
struct Arrival<'a> {
    setup: &'a Setup,
    endpoint: &'a RegistrationEndpoint,
    route: Route,
    /// What the client sent.
    claims: HeaderMap,
}

impl Arrival<'_> {
    /// The request as it would arrive if the client had sent `claims`.
    fn headers(&self, mut claims: HeaderMap) -> HeaderMap {
        self.route.pass(&mut claims);
        claims
    }

    fn verdict(&self, headers: &HeaderMap) -> Verdict {
        verdict(&register(self.endpoint, headers, self.route.peer))
    }
}

/// Calls `look` for `cases` arrivals at tenants with each kind of trust in proxies.
fn for_each_arrival(trusts: &[Trust], seed: u64, cases: usize, mut look: impl FnMut(&Arrival<'_>)) {
    let mut random = Random(seed);
    let setups = Setup::all(trusts);
    let endpoints: Vec<_> = setups.iter().map(endpoint).collect();
    for at in 0..cases {
        let setup = &setups[at % setups.len()];
        let route = Route::choose(setup, &mut |bound| random.below(bound));
        look(&Arrival {
            setup,
            endpoint: &endpoints[at % setups.len()],
            claims: claims(&mut random, &route.written),
            route,
        });
    }
}

fn text_on_the_left_opens_nothing(trusts: &[Trust], seed: u64, count: usize) {
    let mut failures = Failures::default();
    // Half of the clients are admitted without any text, so their text cannot be what admits them.
    for_each_arrival(trusts, seed, 2 * count, |arrival| {
        if !arrival.setup.refuses(arrival.route.is_listed) {
            return;
        }
        failures.cases += 1;
        let headers = arrival.headers(arrival.claims.clone());
        if arrival.verdict(&headers).0 == 201 {
            failures.add(kind_of(arrival.setup, &arrival.route), &headers);
        }
    });
    failures.none_in(count / 10 * 9);
}

/// The verdicts on requests through proxies, without text on the left: first for a client that no
/// rule lists, then for a listed client.
fn plain_verdicts(setup: &Setup, endpoint: &RegistrationEndpoint) -> [Verdict; 2] {
    [false, true].map(|is_listed| {
        let mut choices = [usize::from(!is_listed)].into_iter();
        let route = Route::choose(setup, &mut |_| choices.next().unwrap_or(0));
        let mut headers = HeaderMap::new();
        route.pass(&mut headers);
        let found = verdict(&register(endpoint, &headers, route.peer));
        let expected = if setup.refuses(is_listed) { 403 } else { 201 };
        assert_eq!(found.0, expected, "{setup:?} {headers:?}");
        found
    })
}

fn text_on_the_left_changes_nothing(trusts: &[Trust], seed: u64, count: usize) {
    let mut failures = Failures::default();
    let mut plain = BTreeMap::new();
    for_each_arrival(trusts, seed, count, |arrival| {
        let Arrival {
            setup,
            endpoint,
            route,
            claims,
        } = arrival;
        if !route.covers(setup, claims) {
            return;
        }
        failures.cases += 1;
        let plain = plain
            .entry(**setup)
            .or_insert_with(|| plain_verdicts(setup, endpoint));
        let without = &plain[usize::from(route.is_listed)];
        let headers = arrival.headers(claims.clone());
        let with = arrival.verdict(&headers);
        if with != *without {
            let kind = format!("{}: {with:?} for {without:?}", kind_of(setup, route));
            failures.add(kind, &headers);
        }
    });
    failures.none_in(count / 2);
}

/// Headers of a peer that is not a trusted proxy.
fn headers_change_nothing(trusts: &[Trust], seed: u64, count: usize) {
    let mut random = Random(seed);
    let setups = Setup::all(trusts);
    let peers: Vec<IpAddr> = [LISTED_ADDRESSES, OTHER_ADDRESSES]
        .iter()
        .flatten()
        .map(|it| it.parse().unwrap())
        .collect();
    let served: Vec<_> = setups
        .iter()
        .map(|setup| {
            let endpoint = endpoint(setup);
            let without = |peer: &IpAddr| verdict(&register(&endpoint, &HeaderMap::new(), *peer));
            let expected: Vec<_> = peers.iter().map(without).collect();
            (endpoint, expected)
        })
        .collect();
    let mut failures = Failures::default();
    for at in 0..count {
        let setup = &setups[at % setups.len()];
        let (endpoint, expected) = &served[at % setups.len()];
        let peer = random.below(peers.len());
        let route = Route::choose(setup, &mut |bound| random.below(bound));
        let mut headers = claims(&mut random, &route.written);
        if random.chance(50) {
            route.pass(&mut headers);
        }
        failures.cases += 1;
        let with = verdict(&register(endpoint, &headers, peers[peer]));
        if with != expected[peer] {
            let kind = format!(
                "{}: {with:?} for {:?}",
                kind_of(setup, &route),
                expected[peer]
            );
            failures.add(kind, &headers);
        }
    }
    failures.none_in(count);
}

const COUNTED: [Trust; 4] = [
    Trust::Hops(1),
    Trust::Hops(2),
    Trust::Hops(3),
    Trust::Both(2),
];

#[test]
fn text_left_of_trusted_proxies_bypasses_no_rule() {
    text_on_the_left_opens_nothing(&[Trust::Networks], 71, cases().div_ceil(2));
}

#[test]
fn text_left_of_counted_proxies_bypasses_no_rule() {
    text_on_the_left_opens_nothing(&COUNTED, 72, cases().div_ceil(8));
}

#[test]
fn text_left_of_trusted_proxies_changes_no_verdict() {
    text_on_the_left_changes_nothing(&[Trust::Networks], 73, cases().div_ceil(2));
}

#[test]
fn text_left_of_counted_proxies_changes_no_verdict() {
    text_on_the_left_changes_nothing(&COUNTED, 74, cases().div_ceil(8));
}

#[test]
fn headers_of_an_untrusted_peer_change_no_verdict() {
    headers_change_nothing(&[Trust::Networks], 75, cases().div_ceil(2));
}

#[test]
fn headers_past_counted_proxies_change_no_verdict() {
    headers_change_nothing(&[Trust::Both(1), Trust::Both(2)], 76, cases().div_ceil(8));
}

/// The status of the answer to a request from a trusted proxy with this header, sent as raw bytes;
/// 0 if the server does not answer.
async fn status_of(server: &Server, header: &[u8]) -> u16 {
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    let body = br#"{"redirect_uris": ["https://app.example.com/callback"]}"#;
    let length = format!("content-length: {}\r\nconnection: close\r\n", body.len());
    let head = [
        b"POST /oidc/register HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\n",
        length.as_bytes(),
        header,
        b"\r\n\r\n",
        body,
    ];
    stream.write_all(&head.concat()).await.unwrap();
    let mut answer = Vec::new();
    // A server that has unread input resets the connection after its answer.
    let _ = stream.read_to_end(&mut answer).await;
    let status = answer.strip_prefix(b"HTTP/1.1 ").and_then(|it| it.get(..3));
    status.map_or(0, |it| std::str::from_utf8(it).unwrap().parse().unwrap())
}

/// The bytes that no header value can hold: alone, and where they end or fold a line.
fn forbidden_bytes() -> Vec<Vec<u8>> {
    let single = (0..=0x1f).chain([0x7f]).filter(|it| *it != b'\t');
    let folds: [&[u8]; 5] = [b"\r\n ", b"\r\n\t", b"\n ", b"\n\t", b"\r "];
    single
        .map(|it| vec![it])
        .chain(folds.map(<[u8]>::to_vec))
        .collect()
}

#[tokio::test]
async fn bytes_outside_header_values_bypass_no_rule() {
    for setup in Setup::all(&[Trust::Networks]) {
        let lines = match (setup.signal, setup.reads) {
            (Signal::Address, Reads::XForwardedFor) => {
                (X_FORWARDED_FOR, "198.51.100.7", "203.0.113.5")
            }
            (Signal::Address, Reads::Forwarded) => {
                (FORWARDED, "for=198.51.100.7", "for=203.0.113.5")
            }
            (Signal::Edge(0), Reads::XForwardedFor) => (EDGE_HEADERS[0].clone(), "SE", "NO"),
            _ => continue,
        };
        let (name, listed, other) = lines;
        let (refused, admitted) = if setup.refuses(true) {
            (listed, other)
        } else {
            (other, listed)
        };
        let (registrar, store) = registrar(setup.tenant());
        let server = Server::start(registrar).await;
        let line = |value: &[u8]| [name.as_str().as_bytes(), b": ", value].concat();
        let [refused, admitted] = [refused, admitted].map(str::as_bytes);
        for byte in &forbidden_bytes() {
            let byte = byte.as_slice();
            for value in [
                [byte, b", ", refused].concat(),
                [b"a", byte, b"b, ", refused].concat(),
                [admitted, byte, refused].concat(),
                [admitted, b", ", byte, refused].concat(),
                [refused, byte].concat(),
                [byte, &line(refused)].concat(),
            ] {
                let status = status_of(&server, &line(&value)).await;
                let shown = value.escape_ascii();
                assert!(matches!(status, 400 | 403), "{status}: {setup:?} {shown}");
            }
        }
        assert!(store.is_empty());
        let plain = [b"a, ", admitted].concat();
        assert_eq!(status_of(&server, &line(&plain)).await, 201, "{setup:?}");
    }
}
