//! Header sets of a client that impersonates another client.
//!
//! Each kind combines values, names or positions; no set is written by hand for one proxy.

use std::{collections::BTreeSet, fmt};

/// The address of the allowed client, which would let the hostile client in if a proxy trusted it.
const ALLOWED: &[u8] = b"127.0.0.4";

/// The lines that a client adds to its request.
#[derive(Debug, Clone)]
pub(crate) struct HeaderSet {
    lines: Vec<Vec<u8>>,
    host: Host,
}

/// The `Host` of the request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Host {
    Usual,
    /// Only as one of the lines.
    Own,
}

impl HeaderSet {
    pub(crate) fn new<const N: usize>(lines: [&[u8]; N]) -> Self {
        Self {
            lines: lines.map(<[u8]>::to_vec).into(),
            host: Host::Usual,
        }
    }

    /// A line for each pair of a name and a value.
    fn of<'a>(pairs: impl IntoIterator<Item = (&'a [u8], &'a [u8])>) -> Self {
        let lines = pairs.into_iter();
        Self {
            lines: lines.map(|(name, value)| line(name, value)).collect(),
            host: Host::Usual,
        }
    }

    /// Appends the lines, a host and `Connection: close`, unless the set has its own.
    pub(crate) fn write(&self, request: &mut Vec<u8>) {
        if self.host == Host::Usual {
            request.extend(b"Host: auth.acme.example\r\n");
        }
        let is_connection = |line: &&Vec<u8>| line.to_ascii_lowercase().starts_with(b"connection:");
        if !self.lines.iter().any(|line| is_connection(&line)) {
            request.extend(b"Connection: close\r\n");
        }
        for line in &self.lines {
            request.extend(line);
            request.extend(b"\r\n");
        }
    }
}

impl fmt::Display for HeaderSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lines = self
            .lines
            .iter()
            .map(|line| line.escape_ascii().to_string());
        let host = (self.host == Host::Own).then(|| "no other Host".to_owned());
        f.write_str(
            &host
                .into_iter()
                .chain(lines)
                .collect::<Vec<_>>()
                .join(" | "),
        )
    }
}

fn line(name: &[u8], value: &[u8]) -> Vec<u8> {
    [name, b": ", value].concat()
}

/// All sets, without duplicates.
pub(crate) fn all() -> Vec<HeaderSet> {
    let addresses = addresses();
    let elements = forwarded_elements();
    let countries = countries();
    let mut sets = Vec::new();
    for (name, values) in [
        ("X-Forwarded-For", &addresses),
        ("Forwarded", &elements),
        ("X-Geo-Country", &countries),
    ] {
        let name = name.as_bytes();
        sets.extend(single_lines(name, values));
        sets.extend(two_lines(name, values));
    }
    sets.extend(both_headers(&addresses, &elements));
    sets.extend(many_lines());
    sets.extend(names());
    sets.extend(other_headers());
    sets.extend(hop_by_hop());
    sets.extend(continuations());
    sets.extend(hosts());
    let mut seen = BTreeSet::new();
    sets.retain(|set| seen.insert(set.to_string()));
    sets
}

/// Bytes that a parser may treat specially, at each position of a value.
fn around(value: &[u8]) -> Vec<Vec<u8>> {
    let bytes = b"\t\x01\x0b\x7f\x80\xa0\xff\"\\,;=\0".iter();
    let at_each = bytes.flat_map(|&byte| {
        [
            vec![byte],
            [&[byte], value].concat(),
            [value, &[byte]].concat(),
            [value, b", ", &[byte]].concat(),
        ]
    });
    at_each.collect()
}

/// Values of X-Forwarded-For.
fn addresses() -> Vec<Vec<u8>> {
    let texts: [&[u8]; 27] = [
        b"",
        b" ",
        b",",
        b", ,",
        b"127.0.0.4",
        b"127.0.0.2",
        b"127.0.0.1",
        b"10.0.0.1",
        b"127.0.0.4, 127.0.0.2",
        b"127.0.0.2, 127.0.0.4, 127.0.0.1",
        b"127.0.0.4,127.0.0.4,",
        b"127.0.0.4:80",
        b"127.0.0.4:_port",
        b"127.0.0.4:",
        b"\"127.0.0.4\"",
        b"\"127.0.0.4",
        b"127.0.0.4\"",
        b"[::ffff:127.0.0.4]:80",
        b"::ffff:127.0.0.4",
        b"[2001:db8::1%eth0]",
        b"2001:db8::1",
        b"unknown",
        b"_hidden",
        b"for=127.0.0.4",
        b"\xc3\xa9",
        b"\xff\xfe, 127.0.0.4",
        b"127.0.0.4\xff, 127.0.0.2",
    ];
    let mut values: Vec<_> = texts.map(<[u8]>::to_vec).into();
    values.extend(around(ALLOWED));
    for count in [2, 9, 100, 300] {
        values.push(vec![ALLOWED; count].join(&b", "[..]));
        values.push([&vec![b','; count][..], ALLOWED].concat());
    }
    values
}

/// Values of Forwarded.
fn forwarded_elements() -> Vec<Vec<u8>> {
    let texts: [&[u8]; 20] = [
        b"",
        b"for=127.0.0.4",
        b"for=127.0.0.2",
        b"for=127.0.0.4, for=127.0.0.2",
        b"For=\"127.0.0.4:80\"",
        b"for=\"127.0.0.4",
        b"for=127.0.0.4, for=\"",
        b"for=\"127.0.0.2, for=127.0.0.4",
        b"for=\"[2001:db8::1]:80\"",
        b"for=2001:db8::1",
        b"for=unknown",
        b"for=_hidden",
        b"for=127.0.0.4;for=127.0.0.2",
        b"for=127.0.0.4;by=127.0.0.2;proto=https;host=auth.acme.example",
        b"by=127.0.0.4",
        b"for = 127.0.0.4",
        b"for=127.0.0.3",
        b"for=\"127.0.0.4\\\"",
        b"for=127.0.0.4;x=\"\xff",
        b"for=127.0.0.4, \xff",
    ];
    let mut values: Vec<_> = texts.map(<[u8]>::to_vec).into();
    values.extend(around(b"for=127.0.0.4"));
    values
}

/// Values of the header that names the country.
fn countries() -> Vec<Vec<u8>> {
    let texts: [&[u8]; 14] = [
        b"",
        b"NO",
        b"no",
        b"XX",
        b"T1",
        b"SE",
        b"NO, SE",
        b"SE, NO",
        b"NO,",
        b"\"NO\"",
        b"NORWAY",
        b"N\xc3\xb8",
        b"N O",
        b"578",
    ];
    let mut values: Vec<_> = texts.map(<[u8]>::to_vec).into();
    values.extend(around(b"NO"));
    values
}

fn single_lines(name: &[u8], values: &[Vec<u8>]) -> Vec<HeaderSet> {
    let values = values.iter().map(Vec::as_slice);
    values.map(|value| HeaderSet::of([(name, value)])).collect()
}

/// Each value before and after a value that would let the client in, with other spellings of the
/// name.
fn two_lines(name: &[u8], values: &[Vec<u8>]) -> Vec<HeaderSet> {
    let (lower, upper) = (name.to_ascii_lowercase(), name.to_ascii_uppercase());
    // Every value is also used alone. Here a third of them is enough.
    let values = values.iter().step_by(3).map(Vec::as_slice);
    let good: &[u8] = match name {
        b"Forwarded" => b"for=127.0.0.4;proto=http",
        b"X-Geo-Country" => b"DK",
        _ => b"127.0.0.4, 127.0.0.4",
    };
    values
        .flat_map(|value| {
            [
                HeaderSet::of([(&lower[..], good), (&upper, value)]),
                HeaderSet::of([(&upper[..], value), (&lower, good)]),
            ]
        })
        .collect()
}

/// X-Forwarded-For and Forwarded together, in both orders.
fn both_headers(addresses: &[Vec<u8>], elements: &[Vec<u8>]) -> Vec<HeaderSet> {
    let pairs = addresses.iter().zip(elements).step_by(2);
    pairs
        .flat_map(|(address, element)| {
            let address: (&[u8], &[u8]) = (b"X-Forwarded-For", address);
            let element: (&[u8], &[u8]) = (b"Forwarded", element);
            [
                HeaderSet::of([address, element]),
                HeaderSet::of([element, address]),
            ]
        })
        .collect()
}

fn many_lines() -> Vec<HeaderSet> {
    let names: [&[u8]; 3] = [b"X-Forwarded-For", b"Forwarded", b"X-Geo-Country"];
    let values: [&[u8]; 4] = [ALLOWED, b"for=127.0.0.4", b"NO", b"\xff"];
    let mut sets = Vec::new();
    for name in names {
        for value in values {
            sets.push(HeaderSet::of(vec![(name, value); 40]));
        }
    }
    sets
}

/// Other spellings of the names, beside a correct name and instead of it.
fn names() -> Vec<HeaderSet> {
    let names: [(&str, &[u8]); 3] = [
        ("X-Forwarded-For", ALLOWED),
        ("Forwarded", b"for=127.0.0.4"),
        ("X-Geo-Country", b"NO"),
    ];
    let mut sets = Vec::new();
    for (name, value) in names {
        let under = name.replace('-', "_");
        let spellings = [
            format!("{name} "),
            format!("{name}\t"),
            format!(" {name}"),
            format!("\t{name}"),
            format!("{name}\0"),
            format!("{name}\u{e9}"),
            format!("\u{feff}{name}"),
            format!("HTTP_{}", under.to_uppercase()),
            format!("{under}_"),
            name.replace('-', "."),
            name.replacen('-', "_", 1),
            name.replace('-', " "),
            format!("{name}:"),
            format!("\"{name}\""),
        ];
        for spelling in spellings.iter().map(String::as_bytes) {
            sets.push(HeaderSet::of([(spelling, value)]));
            sets.push(HeaderSet::of([(spelling, value), (name.as_bytes(), value)]));
        }
        sets.push(HeaderSet::new([name.as_bytes()]));
        sets.push(HeaderSet::new([&[name.as_bytes(), b":", value].concat()]));
        sets.push(HeaderSet::new([&[
            name.as_bytes(),
            b":\t\t",
            value,
            b"\t ",
        ]
        .concat()]));
        // A line that ends in the middle, for a parser that takes a bare CR or LF as an end.
        for end in [&b"\r"[..], b"\n"] {
            let line = [b"X-Other: a", end, name.as_bytes(), b": ", value].concat();
            sets.push(HeaderSet::new([&line]));
        }
    }
    sets
}

/// Headers with which other software names a client.
fn other_headers() -> Vec<HeaderSet> {
    let names = [
        "CF-Connecting-IP",
        "Client-IP",
        "CloudFront-Viewer-Address",
        "Forwarded-For",
        "From",
        "Remote-Addr",
        "True-Client-IP",
        "Via",
        "X-Client-IP",
        "X-Cluster-Client-IP",
        "X-Envoy-External-Address",
        "X-Forwarded",
        "X-Forwarded-By",
        "X-Forwarded-Host",
        "X-Forwarded-Server",
        "X-Original-Forwarded-For",
        "X-ProxyUser-IP",
        "X-Real-IP",
        "X-Remote-IP",
    ];
    let names = names.map(str::as_bytes);
    names.map(|name| HeaderSet::of([(name, ALLOWED)])).into()
}

/// Asks the proxy to drop the header that it writes, as if the header were meant for one connection
/// only.
fn hop_by_hop() -> Vec<HeaderSet> {
    let dropped = [
        "X-Forwarded-For",
        "x-geo-country",
        "Forwarded",
        "Host",
        "x-forwarded-for, x-geo-country, host, content-type",
    ];
    let by = [
        "Connection",
        "Proxy-Connection",
        "Keep-Alive",
        "TE",
        "Trailer",
    ];
    let mut sets = Vec::new();
    for name in dropped {
        let listed = format!("close, {name}");
        for by in by.map(str::as_bytes) {
            sets.push(HeaderSet::of([(by, listed.as_bytes())]));
            sets.push(HeaderSet::of([
                (by, listed.as_bytes()),
                (b"X-Forwarded-For", ALLOWED),
                (b"X-Geo-Country", b"NO"),
            ]));
        }
        let lines: [(&[u8], &[u8]); 2] =
            [(b"connection", b"close"), (b"CONNECTION", name.as_bytes())];
        sets.push(HeaderSet::of(lines));
        sets.push(HeaderSet::of(lines.into_iter().rev()));
        let folded = format!("Connection: close,\r\n {name}");
        sets.push(HeaderSet::new([folded.as_bytes()]));
    }
    sets
}

/// Lines that continue on the next line (obs-fold, RFC 9112 section 5.2).
fn continuations() -> Vec<HeaderSet> {
    let lines: [(&[u8], &[u8]); 3] = [
        (b"X-Forwarded-For", ALLOWED),
        (b"Forwarded", b"for=127.0.0.4"),
        (b"X-Geo-Country", b"NO"),
    ];
    let mut sets = Vec::new();
    for (name, value) in lines {
        for space in [&b" "[..], b"\t"] {
            let continued: [&[u8]; 2] = [&line(name, b""), &[space, value].concat()];
            sets.push(HeaderSet::new(continued));
            let continued: [&[u8]; 2] = [&line(name, value), &[space, b", ", value].concat()];
            sets.push(HeaderSet::new(continued));
            let continued: [&[u8]; 2] = [&line(name, value), &[space, b"\xff"].concat()];
            sets.push(HeaderSet::new(continued));
            let hidden: [&[u8]; 2] = [b"X-Other: a", &[space, name, b": ", value].concat()];
            sets.push(HeaderSet::new(hidden));
        }
    }
    sets
}

fn hosts() -> Vec<HeaderSet> {
    let hosts: [&[&[u8]]; 8] = [
        &[],
        &[b"Host: "],
        &[b"Host: auth.acme.example", b"Host: auth.acme.example"],
        &[b"Host: auth.acme.example", b"host: 127.0.0.4"],
        &[b"Host: auth.acme.example, 127.0.0.4"],
        &[b"Host: \xff"],
        &[b"Host: auth.acme.example\r\n continued"],
        &[b"Host : auth.acme.example"],
    ];
    let mut sets = Vec::new();
    for lines in hosts {
        for forwarded in [None, Some(ALLOWED)] {
            let forwarded = forwarded.map(|value| line(b"X-Forwarded-For", value));
            let lines = lines.iter().map(|it| it.to_vec()).chain(forwarded);
            sets.push(HeaderSet {
                lines: lines.collect(),
                host: Host::Own,
            });
        }
    }
    sets
}
