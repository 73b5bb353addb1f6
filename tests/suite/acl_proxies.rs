//! The address behind proxies compared with a slow, obvious walk, and what attackers write on the
//! left.
//!
//! The slow walk reads bytes as Latin-1, one character a byte, so that nothing is lost.

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    num::NonZeroU8,
};

use oauth_dcr::acl::{ClientAddress, ForwardedHeader, NetworkSet, ProxyTrust, UnknownReason};

use crate::support::{
    random::{Random, cases},
    slow_networks::lies_in,
};

/// Which proxies a tenant trusts.
struct Trust<'a> {
    networks: &'a [&'a str],
    header: ForwardedHeader,
    hops: Option<usize>,
}

impl Trust<'_> {
    fn names(&self, address: IpAddr) -> bool {
        let address = address.to_string();
        self.networks
            .iter()
            .any(|network| lies_in(&address, network))
    }

    fn client(
        &self,
        peer: Option<IpAddr>,
        plain: &[String],
        forwarded: &[String],
    ) -> ClientAddress {
        match peer {
            _ if self.networks.is_empty() && self.hops.is_none() => {
                return ClientAddress::NotForwarded;
            }
            _ if self.networks.is_empty() => {}
            None => return ClientAddress::Unknown(UnknownReason::NoPeerAddress),
            Some(peer) if !self.names(peer) => return ClientAddress::NotForwarded,
            Some(_) => {}
        }
        let plain = plain.iter().flat_map(|line| line.split(','));
        let plain = self.walk(plain.map(|hop| plain_hop(hop.trim_matches([' ', '\t']))));
        let forwarded = forwarded.iter().flat_map(|line| split_quoted(line, ','));
        let forwarded = self.walk(forwarded.map(|element| forwarded_for(&element)));
        let found = match self.header {
            ForwardedHeader::XForwardedFor => plain,
            ForwardedHeader::Forwarded => forwarded,
            ForwardedHeader::Either if plain == ClientAddress::NotForwarded => forwarded,
            ForwardedHeader::Either if forwarded == ClientAddress::NotForwarded => plain,
            ForwardedHeader::Either if plain == forwarded => plain,
            ForwardedHeader::Either => ClientAddress::Unknown(UnknownReason::ConflictingHeaders),
        };
        if self.hops.is_some() && found == ClientAddress::NotForwarded {
            return ClientAddress::Unknown(UnknownReason::MissingHop);
        }
        found
    }

    fn walk(&self, hops: impl Iterator<Item = Option<IpAddr>>) -> ClientAddress {
        let mut hops: Vec<_> = hops.collect();
        hops.reverse();
        if hops.is_empty() {
            return ClientAddress::NotForwarded;
        }
        let is_client = |hop: &&Option<IpAddr>| hop.is_none_or(|hop| !self.names(hop));
        let client = match self.hops {
            Some(count) => hops.get(count - 1),
            None => hops.iter().find(is_client).or(hops.last()),
        };
        let Some(client) = client else {
            return ClientAddress::Unknown(UnknownReason::MissingHop);
        };
        client.map_or(
            ClientAddress::Unknown(UnknownReason::UnreadableHop),
            |address| ClientAddress::Known(address.to_canonical()),
        )
    }
}

/// The parts of `text`. A separator between two quotes does not separate. Quotes are counted from
/// the right; a quote after an odd number of backslashes does not count.
fn split_quoted(text: &str, separator: char) -> Vec<String> {
    let characters: Vec<char> = text.chars().collect();
    let mut parts = vec![String::new()];
    let mut quotes = 0;
    for at in (0..characters.len()).rev() {
        let backslashes = characters[..at]
            .iter()
            .rev()
            .take_while(|it| **it == '\\')
            .count();
        if characters[at] == '"' && backslashes % 2 == 0 {
            quotes += 1;
        }
        if characters[at] == separator && quotes % 2 == 0 {
            parts.push(String::new());
        } else {
            parts.last_mut().unwrap().insert(0, characters[at]);
        }
    }
    parts.reverse();
    parts
}

/// Reads the grammar of RFC 7239 section 4 character by character and allows white space around
/// each part.
fn forwarded_for(element: &str) -> Option<IpAddr> {
    let mut rest = element.chars().peekable();
    let mut nodes = Vec::new();
    loop {
        while rest.next_if(|it| ";\t ".contains(*it)).is_some() {}
        if rest.peek().is_none() {
            break;
        }
        let mut name = String::new();
        while let Some(character) = rest.next_if(|it| *it != '=') {
            name.push(character);
        }
        rest.next()?;
        let name = name.trim_end_matches([' ', '\t']);
        let is_legal = |it: char| it.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(it);
        if name.is_empty() || !name.chars().all(is_legal) {
            return None;
        }
        while rest.next_if(|it| "\t ".contains(*it)).is_some() {}
        let mut value = String::new();
        if rest.next_if_eq(&'"').is_some() {
            loop {
                match rest.next()? {
                    '"' => break,
                    '\\' => {
                        value.push('\\');
                        value.push(rest.next()?);
                    }
                    other => value.push(other),
                }
            }
            while rest.next_if(|it| "\t ".contains(*it)).is_some() {}
            if rest.peek().is_some_and(|it| *it != ';') {
                return None;
            }
        } else {
            while let Some(character) = rest.next_if(|it| *it != ';') {
                value.push(character);
            }
            value.truncate(value.trim_end_matches([' ', '\t']).len());
            // Visible characters except those that belong to a quoted string.
            let is_plain = |it: char| ('!'..='~').contains(&it) && it != '"' && it != '\\';
            if !value.chars().all(is_plain) {
                return None;
            }
        }
        if name.to_lowercase() == "for" {
            nodes.push(value);
        }
    }
    match nodes.as_slice() {
        [only] => address(only),
        _ => None,
    }
}

fn plain_hop(text: &str) -> Option<IpAddr> {
    let is_quoted = text.len() >= 2 && text.starts_with('"') && text.ends_with('"');
    address(if is_quoted {
        &text[1..text.len() - 1]
    } else {
        text
    })
}

/// Tries each documented form and no other.
fn address(text: &str) -> Option<IpAddr> {
    let v6 = |text: &str| -> Option<IpAddr> {
        let (address, zone) = text.split_once('%').unwrap_or((text, "none"));
        let is_legal = |it: char| it.is_ascii_alphanumeric() || "._~-".contains(it);
        let is_zone = !zone.is_empty() && zone.chars().all(is_legal);
        address
            .parse::<Ipv6Addr>()
            .ok()
            .filter(|_| is_zone)
            .map(IpAddr::V6)
    };
    let v4 = |text: &str| text.parse::<Ipv4Addr>().ok().map(IpAddr::V4);
    if let Some(rest) = text.strip_prefix('[') {
        let (inside, after) = rest.split_once(']')?;
        let is_port = after.is_empty() || is_port(after.strip_prefix(':')?);
        return v6(inside).filter(|_| is_port);
    }
    if let Some(address) = v4(text).or_else(|| v6(text)) {
        return Some(address);
    }
    let (host, port) = text.rsplit_once(':')?;
    if !is_port(port) {
        return None;
    }
    // A shortened address could have ended in the port.
    let is_shortened = host.contains("::") && !host.contains('.');
    v4(host).or_else(|| v6(host).filter(|_| !is_shortened))
}

fn is_port(text: &str) -> bool {
    if let Some(hidden) = text.strip_prefix('_') {
        let is_legal = |it: char| it.is_ascii_alphanumeric() || "._-".contains(it);
        return !hidden.is_empty() && hidden.chars().all(is_legal);
    }
    let is_number = !text.is_empty() && text.bytes().all(|it| it.is_ascii_digit());
    is_number && text.parse::<u16>().is_ok()
}

const HOPS: [&str; 36] = [
    "10.0.0.2",
    "10.0.0.2",
    "10.0.0.2",
    "198.51.100.1",
    "198.51.100.1",
    "10.0.0.3",
    "10.9.9.9",
    "203.0.113.5",
    "::ffff:10.0.0.4",
    "::ffff:10.0.0.4:443",
    "[::ffff:198.51.100.1]:443",
    "fd00::5",
    "2001:db8::1",
    "2001:db8::1:80",
    "2001:db8::1:65535",
    "fd00:0:0:0:0:0:0:5:443",
    "[fd00::6]",
    "[2001:db8::2]:443",
    "[2001:db8::2]:_hidden",
    "10.0.0.7:8080",
    "10.0.0.7:_x",
    "\"10.0.0.7\"",
    "203.0.113.9:65536",
    "203.0.113.9:",
    "fe80::1%eth0",
    "[fe80::1%2]:80",
    "[fe80::1%]",
    "[10.0.0.8]",
    "unknown",
    "_hidden",
    "010.0.0.1",
    "",
    "10.0.0",
    "\u{a0}10.0.0.2",
    "\u{ff}",
    "10.0.0.2\u{80}",
];

/// One element of `Forwarded`, valid more often than not.
fn random_element(random: &mut Random) -> String {
    let hop = random.pick(&HOPS);
    match random.below(16) {
        0 => format!("for={hop}"),
        1 => format!("For=\"{hop}\";proto=https"),
        2 => format!("proto=http; FOR = \"{hop}\" ;by=10.0.0.1"),
        3 => format!("host=\"a,b;for=10.0.0.2\";for=\"{hop}\""),
        4 => format!("for=\"{hop}\";host=\"a\\\", for=198.51.100.9;x=\\\"\""),
        5 => format!("for={hop};for={hop}"),
        6 => "for=\"".to_owned(),
        7 => "\"".to_owned(),
        8 => format!("\\\"for={hop}"),
        9 => "proto=https".to_owned(),
        10 => String::new(),
        11 => format!("for=\"{hop}\"x;"),
        12 => format!(";\tfor={hop} ; \u{e4}=1"),
        _ => format!("for=\"{hop}\""),
    }
}

/// The lines of one header: hops or elements with separators, as clients and proxies write them.
fn random_lines(random: &mut Random, part: impl Fn(&mut Random) -> String) -> Vec<String> {
    let count = random.pick(&[0, 1, 1, 1, 2, 3]);
    let line = |random: &mut Random| {
        let parts: Vec<String> = (0..=random.below(4)).map(|_| part(random)).collect();
        parts.join(random.pick(&[", ", ",", " ,\t", ",  "]))
    };
    (0..count).map(|_| line(random)).collect()
}

fn latin1(text: &str) -> Vec<u8> {
    text.chars().map(|it| u8::try_from(it).unwrap()).collect()
}

#[test]
fn address_agrees_with_a_slow_reference() {
    let mut random = Random(4);
    let count = cases();
    let (mut known, mut unknown, mut far) = (0, 0, 0);
    for _ in 0..count {
        let networks: &[&str] = random.pick::<&[&str]>(&[
            &["10.0.0.0/16", "fd00::/8"],
            &["10.0.0.0/16", "fd00::/8"],
            &["10.0.0.0/16", "fd00::/8"],
            &[],
        ]);
        let trust = Trust {
            networks,
            header: random.pick(&[
                ForwardedHeader::XForwardedFor,
                ForwardedHeader::Forwarded,
                ForwardedHeader::Either,
            ]),
            hops: random.pick(&[None, None, None, Some(1), Some(2), Some(5)]),
        };
        let peers = [
            "10.0.0.1",
            "10.0.0.1",
            "fd00::1",
            "::ffff:10.0.0.1",
            "203.0.113.1",
        ];
        let peer = random.some(&peers, 95).map(|peer| peer.parse().unwrap());
        let plain = random_lines(&mut random, |random| random.pick(&HOPS).to_owned());
        let forwarded = random_lines(&mut random, random_element);

        let set: NetworkSet = networks.iter().map(|it| it.parse().unwrap()).collect();
        let hops = trust
            .hops
            .and_then(|it| NonZeroU8::new(u8::try_from(it).unwrap()));
        let bytes = |lines: &[String]| lines.iter().map(|it| latin1(it)).collect::<Vec<_>>();
        let (plain_bytes, forwarded_bytes) = (bytes(&plain), bytes(&forwarded));
        let found = ProxyTrust::new(&set)
            .header(trust.header)
            .hops(hops)
            .client_address(
                peer,
                plain_bytes.iter().map(Vec::as_slice),
                forwarded_bytes.iter().map(Vec::as_slice),
            );
        let expected = trust.client(peer, &plain, &forwarded);
        assert_eq!(
            found, expected,
            "{peer:?} {networks:?} {:?} {:?} {plain:?} {forwarded:?}",
            trust.header, trust.hops
        );
        known += usize::from(matches!(found, ClientAddress::Known(_)));
        unknown += usize::from(matches!(found, ClientAddress::Unknown(_)));
        let address = IpAddr::from([198, 51, 100, 1]);
        far += usize::from(found == ClientAddress::Known(address));
    }
    assert!(known > count / 8, "{known} of {count} known");
    assert!(unknown > count / 5, "{unknown} of {count} unknown");
    assert!(far > count / 50, "{far} of {count} at one certain address");
}

#[test]
fn text_on_the_left_hides_no_hop() {
    let trusted: NetworkSet = ["10.0.0.0/8".parse().unwrap()].into_iter().collect();
    let peer = Some("10.0.0.1".parse().unwrap());
    let junk: [&[u8]; 18] = [
        b"for=\"",
        b"\"",
        b"for=\"10.0.0.9",
        b"for=\"10.0.0.9, for=10.0.0.9",
        b"for=\\",
        b"for=\"\\",
        b"\\\"",
        b",,,",
        b";",
        b"for",
        b"for==",
        b"for=10.0.0.9;",
        b"for=\"[",
        b"\xff",
        b"\x80\xfe",
        b"10.0.0.9, \xff",
        b"host=\"a",
        b"",
    ];
    for junk in junk {
        for (header, added) in [
            (ForwardedHeader::Forwarded, &b"for=203.0.113.5"[..]),
            (ForwardedHeader::Forwarded, b"for=\"203.0.113.5:4711\""),
            (
                ForwardedHeader::Forwarded,
                b"for=203.0.113.5;host=\"a\\\"b\";proto=https",
            ),
            (ForwardedHeader::XForwardedFor, b"203.0.113.5"),
            (ForwardedHeader::Either, b"203.0.113.5"),
        ] {
            let trust = ProxyTrust::new(&trusted).header(header);
            // Proxies append to the line, or add a line.
            let appended = [junk, b", ", added].concat();
            for lines in [vec![appended.as_slice()], vec![junk, added]] {
                let found = match header {
                    ForwardedHeader::Forwarded => trust.client_address(peer, [], lines.clone()),
                    _ => trust.client_address(peer, lines.clone(), []),
                };
                let expected = ClientAddress::Known("203.0.113.5".parse().unwrap());
                assert_eq!(found, expected, "{header:?} {lines:?}");
            }
        }
    }
}

#[test]
fn quoted_text_is_not_a_hop() {
    let trusted: NetworkSet = ["10.0.0.0/8".parse().unwrap()].into_iter().collect();
    let line = br#"for=203.0.113.5;host="a\", for=198.51.100.9;x=\"""#;
    let peer = Some("10.0.0.1".parse().unwrap());
    let found = ProxyTrust::new(&trusted).client_address(peer, [], [&line[..]]);
    assert_eq!(found, ClientAddress::Known("203.0.113.5".parse().unwrap()));
}
