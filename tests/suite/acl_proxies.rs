//! The address behind proxies against a slow, obvious walk, and what attackers write on the left.

use std::{
    fmt::Write as _,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
};

use oauth_dcr::acl::{ForwardedHeader, NetworkSet, client_address};

use crate::support::{
    dice::{Dice, cases},
    slow_networks::lies_in,
};

/// Walks the hops one by one, from the last one back.
fn walk_slowly(peer: &str, is_forwarded: bool, lines: &[String], trusted: &[&str]) -> IpAddr {
    let is_trusted = |address: IpAddr| {
        trusted
            .iter()
            .any(|network| lies_in(&address.to_string(), network))
    };
    let whole = lines.iter().flat_map(|line| {
        if is_forwarded {
            split_quoted(line, ',')
        } else {
            line.split(',').map(str::to_owned).collect()
        }
    });
    let mut hops: Vec<String> = whole.map(|hop| hop.trim().to_owned()).collect();
    hops.retain(|hop| !hop.is_empty());
    let mut client: IpAddr = peer.parse().unwrap();
    while let Some(hop) = hops.pop() {
        let address = if is_forwarded {
            forwarded_for(&hop)
        } else {
            plain_address(&hop)
        };
        match address {
            Some(address) if is_trusted(client) => client = address,
            _ => break,
        }
    }
    client.to_canonical()
}

/// The parts of `text`, where a separator between two quotes separates nothing. Quotes are counted
/// from the right; one after an odd number of backslashes is none.
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

fn forwarded_for(element: &str) -> Option<IpAddr> {
    let pairs = split_quoted(element, ';');
    let mut found = Vec::new();
    for pair in pairs {
        if let Some(at) = pair.find('=')
            && pair[..at].trim().to_lowercase() == "for"
        {
            found.push(pair[at + 1..].trim().to_owned());
        }
    }
    match found.as_slice() {
        [only] if only.len() >= 2 && only.starts_with('"') && only.ends_with('"') => {
            plain_address(&only[1..only.len() - 1])
        }
        // Without quotes there is room for an IPv4 address alone.
        [only] => only.parse::<Ipv4Addr>().ok().map(IpAddr::V4),
        _ => None,
    }
}

fn plain_address(text: &str) -> Option<IpAddr> {
    if let Some(rest) = text.strip_prefix('[') {
        let (inside, port) = rest.split_once(']')?;
        let port_is_right = port.is_empty() || is_port(port.strip_prefix(':')?);
        return inside
            .parse::<Ipv6Addr>()
            .ok()
            .filter(|_| port_is_right)
            .map(IpAddr::V6);
    }
    if let Ok(address) = text.parse() {
        return Some(address);
    }
    let (address, port) = text.split_once(':')?;
    address
        .parse::<Ipv4Addr>()
        .ok()
        .filter(|_| is_port(port))
        .map(IpAddr::V4)
}

fn is_port(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|it| it.is_ascii_digit()) && text.parse::<u16>().is_ok()
}

const HOPS: [&str; 25] = [
    "10.0.0.2",
    "10.0.0.2",
    "198.51.100.1",
    "10.0.0.2",
    "10.0.0.3",
    "10.9.9.9",
    "203.0.113.5",
    "198.51.100.1",
    "::ffff:10.0.0.4",
    "fd00::5",
    "2001:db8::1",
    "[fd00::6]",
    "[2001:db8::2]:443",
    "10.0.0.7:8080",
    "203.0.113.9:65536",
    "203.0.113.9:",
    "fe80::1%eth0",
    "[fe80::1%2]:80",
    "[10.0.0.8]",
    "unknown",
    "_hidden",
    "010.0.0.1",
    "",
    "10.0.0",
    "\u{a0}10.0.0.2\u{2003}",
];

/// One element of `Forwarded`, right more often than not.
fn random_element(dice: &mut Dice) -> String {
    let hop = dice.pick(&HOPS);
    match dice.below(14) {
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
        _ => format!("for=\"{hop}\""),
    }
}

#[test]
fn the_walk_through_proxies_agrees_with_a_slow_and_obvious_one() {
    let mut dice = Dice(4);
    let trusted_text = ["10.0.0.0/16", "fd00::/8"];
    let trusted: NetworkSet = trusted_text
        .map(|it| it.parse().unwrap())
        .into_iter()
        .collect();
    let (mut behind, mut far) = (0, 0);
    let count = cases().div_ceil(4);
    for _ in 0..count {
        let is_forwarded = dice.chance(60);
        let mut lines = Vec::new();
        for _ in 0..dice.pick(&[0, 1, 1, 2, 3]) {
            let mut line = String::new();
            for at in 0..=dice.below(3) {
                let separator = dice.pick(&[",", ", ", " ,", "\t,,"]);
                let hop = if is_forwarded {
                    random_element(&mut dice)
                } else {
                    dice.pick(&HOPS).to_owned()
                };
                write!(line, "{}{hop}", if at > 0 { separator } else { "" }).unwrap();
            }
            lines.push(line);
        }
        let peer = dice.pick(&[
            "10.0.0.1",
            "10.0.0.1",
            "fd00::1",
            "::ffff:10.0.0.1",
            "203.0.113.1",
        ]);
        let header = if is_forwarded {
            ForwardedHeader::Forwarded
        } else {
            dice.pick(&[ForwardedHeader::XForwardedFor, ForwardedHeader::Either])
        };
        let found = client_address(
            peer.parse().unwrap(),
            header,
            lines.iter().map(String::as_str),
            &trusted,
        );
        let expected = walk_slowly(peer, is_forwarded, &lines, &trusted_text);
        assert_eq!(found, expected, "{peer} {header:?} {lines:?}");
        behind += usize::from(found != peer.parse::<IpAddr>().unwrap().to_canonical());
        far += usize::from(found.to_string() == "198.51.100.1");
    }
    assert!(behind > count / 4, "{behind} of {count} behind a proxy");
    assert!(far > count / 50, "{far} of {count} at one certain address");
}

#[test]
fn nothing_that_a_client_sends_hides_the_address_that_the_proxy_adds() {
    let trusted: NetworkSet = ["10.0.0.0/8".parse().unwrap()].into_iter().collect();
    let peer = "10.0.0.1".parse().unwrap();
    let junk = [
        "for=\"",
        "\"",
        "for=\"10.0.0.9",
        "for=\"10.0.0.9, for=10.0.0.9",
        "for=\\",
        "for=\"\\",
        "\\\"",
        ",,,",
        ";",
        "for",
        "for==",
        "for=10.0.0.9;",
        "for=\"[",
        "\u{fffd}",
        "host=\"a",
    ];
    for junk in junk {
        for (header, added) in [
            (ForwardedHeader::Forwarded, "for=203.0.113.5"),
            (ForwardedHeader::Forwarded, "for=\"203.0.113.5:4711\""),
            (
                ForwardedHeader::Forwarded,
                "for=203.0.113.5;host=\"a\\\"b\";proto=https",
            ),
            (ForwardedHeader::XForwardedFor, "203.0.113.5"),
            (ForwardedHeader::Either, "203.0.113.5"),
        ] {
            // Proxies add to the line, or a line of their own.
            let appended = format!("{junk}, {added}");
            for lines in [vec![appended.as_str()], vec![junk, added]] {
                let found = client_address(peer, header, lines.iter().copied(), &trusted);
                assert_eq!(found.to_string(), "203.0.113.5", "{header:?} {lines:?}");
            }
        }
    }
}

#[test]
fn what_a_client_makes_a_proxy_quote_is_no_hop() {
    let trusted: NetworkSet = ["10.0.0.0/8".parse().unwrap()].into_iter().collect();
    let line = r#"for=203.0.113.5;host="a\", for=198.51.100.9;x=\"""#;
    let peer = "10.0.0.1".parse().unwrap();
    let found = client_address(
        peer,
        ForwardedHeader::Forwarded,
        [line].into_iter(),
        &trusted,
    );
    assert_eq!(found.to_string(), "203.0.113.5");
}
