//! The true address of a client behind proxies.
//!
//! Header lines are bytes that several parties wrote. They are split from the right before anything
//! is decoded, so what a client wrote on the left can't spoil what a trusted proxy wrote on the right.

use std::{
    net::{IpAddr, Ipv6Addr},
    num::NonZeroU8,
};

use serde::{Deserialize, Serialize};

use crate::acl::{NetworkSet, UnknownReason};

/// Which header the trusted proxies write the client's address in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ForwardedHeader {
    /// Whichever header is present. If both are present and lead to different addresses, the address is
    /// unknown: a proxy passes on what it does not write, so a client may have added one of them.
    #[default]
    Either,
    /// `X-Forwarded-For` alone.
    XForwardedFor,
    /// `Forwarded` (RFC 7239) alone.
    Forwarded,
}

/// Whose word about a client counts: a tenant's `trusted_proxies`, `trusted_hops` and
/// `forwarded_header`.
///
/// ```
/// use oauth_dcr::acl::{ClientAddress, ForwardedHeader, NetworkSet, ProxyTrust};
///
/// let proxies: NetworkSet = ["10.0.0.0/8".parse()?].into_iter().collect();
/// let trust = ProxyTrust::new(&proxies).header(ForwardedHeader::XForwardedFor);
///
/// // The client wrote the first value, the proxy added the second one.
/// let lines: [&[u8]; 1] = [b"\xff, 203.0.113.5"];
/// let client = trust.client_address(Some("10.0.0.2".parse()?), lines, []);
/// assert_eq!(client, ClientAddress::Known("203.0.113.5".parse()?));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct ProxyTrust<'a> {
    proxies: &'a NetworkSet,
    header: ForwardedHeader,
    hops: Option<NonZeroU8>,
}

/// What proxies say of the address of a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum ClientAddress {
    /// No trusted proxy named a client: the peer is the client.
    NotForwarded,
    /// The client's address, an IPv4-mapped one as its IPv4 address.
    Known(IpAddr),
    /// A trusted proxy passed the request on, and its client can't be determined.
    Unknown(UnknownReason),
}

/// Who is at the other end of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Peer {
    /// A proxy whose headers are believed.
    TrustedProxy,
    /// Anybody else: headers about the client are the client's own, and do not exist.
    Stranger,
    /// One of the two: the address is not known.
    Unknown,
}

impl<'a> ProxyTrust<'a> {
    /// Trusts the proxies in these networks. If there are none, no header is believed.
    pub const fn new(proxies: &'a NetworkSet) -> Self {
        Self {
            proxies,
            header: ForwardedHeader::Either,
            hops: None,
        }
    }

    /// Sets the header in which the proxies name the client. Default: either of the two.
    #[must_use]
    pub const fn header(self, header: ForwardedHeader) -> Self {
        Self { header, ..self }
    }

    /// Takes every connection to come through this many proxies, whatever their addresses. The client
    /// is that value from the right. If networks are trusted as well, the peer has to be in one.
    #[must_use]
    pub const fn hops(self, hops: Option<NonZeroU8>) -> Self {
        Self { hops, ..self }
    }

    /// The address of the client of a connection from `peer`. The other arguments are the lines of the
    /// two headers, as bytes and in their order.
    ///
    /// Values are read from the right, for as long as they are trusted proxies: the first other one is
    /// the client, and if there is none, the leftmost. What stands further left is never looked at. An
    /// empty value is unreadable like any other that is no address; RFC 9110 section 5.6.1.2 would skip
    /// it, but then the client's own text would take the place of what a proxy failed to write.
    pub fn client_address<'l, X, F>(
        &self,
        peer: Option<IpAddr>,
        x_forwarded_for: X,
        forwarded: F,
    ) -> ClientAddress
    where
        X: IntoIterator<Item = &'l [u8], IntoIter: DoubleEndedIterator>,
        F: IntoIterator<Item = &'l [u8], IntoIter: DoubleEndedIterator>,
    {
        match self.peer(peer) {
            Peer::Stranger => return ClientAddress::NotForwarded,
            Peer::Unknown => return ClientAddress::Unknown(UnknownReason::NoPeerAddress),
            Peer::TrustedProxy => {}
        }
        let lines = x_forwarded_for.into_iter().rev();
        let x_forwarded_for = lines.flat_map(|line| line.rsplit(|byte| *byte == b','));
        let x_forwarded_for = x_forwarded_for.map(|value| address(unquoted(trimmed(value))));
        let lines = forwarded.into_iter().rev();
        let forwarded = lines.flat_map(|line| rsplit_outside_quotes(line, b','));
        let forwarded = forwarded.map(element_address);
        let client = match self.header {
            ForwardedHeader::XForwardedFor => self.walk(x_forwarded_for),
            ForwardedHeader::Forwarded => self.walk(forwarded),
            ForwardedHeader::Either => match (self.walk(x_forwarded_for), self.walk(forwarded)) {
                (ClientAddress::NotForwarded, only) | (only, ClientAddress::NotForwarded) => only,
                (one, other) if one == other => one,
                _ => ClientAddress::Unknown(UnknownReason::ConflictingHeaders),
            },
        };
        match (client, self.hops) {
            (ClientAddress::NotForwarded, Some(_)) => {
                ClientAddress::Unknown(UnknownReason::MissingHop)
            }
            _ => client,
        }
    }

    /// Who is at the other end of a connection from this address.
    pub(crate) fn peer(&self, peer: Option<IpAddr>) -> Peer {
        match peer {
            _ if self.proxies.is_empty() && self.hops.is_some() => Peer::TrustedProxy,
            _ if self.proxies.is_empty() => Peer::Stranger,
            Some(peer) if self.proxies.contains(peer) => Peer::TrustedProxy,
            Some(_) => Peer::Stranger,
            None => Peer::Unknown,
        }
    }

    /// Whether any connection can come from such a proxy.
    pub(crate) fn is_possible(&self) -> bool {
        !self.proxies.is_empty() || self.hops.is_some()
    }

    /// Walks the hops of one header from the right.
    fn walk(&self, mut hops: impl Iterator<Item = Option<IpAddr>>) -> ClientAddress {
        let read = |hop: Option<IpAddr>| {
            hop.map_or(
                ClientAddress::Unknown(UnknownReason::UnreadableHop),
                ClientAddress::Known,
            )
        };
        let Some(mut hop) = hops.next() else {
            return ClientAddress::NotForwarded;
        };
        if let Some(count) = self.hops {
            let nth = (1..count.get()).try_fold(hop, |_, _| hops.next());
            return nth.map_or(ClientAddress::Unknown(UnknownReason::MissingHop), read);
        }
        while hop.is_some_and(|address| self.proxies.contains(address)) {
            match hops.next() {
                Some(next) => hop = next,
                None => break,
            }
        }
        read(hop)
    }
}

/// Splits `text`, last part first, at each `separator` that is not inside a quoted string.
///
/// Quotes are paired from the right, where the nearest proxy writes: one that a client leaves open
/// on the left swallows nothing of that.
fn rsplit_outside_quotes(text: &[u8], separator: u8) -> impl Iterator<Item = &[u8]> {
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        let text = rest?;
        let mut quoted = false;
        for (at, &byte) in text.iter().enumerate().rev() {
            quoted ^= byte == b'"' && !is_escaped(text, at);
            if byte == separator && !quoted {
                rest = text.get(..at);
                return text.get(at.saturating_add(1)..);
            }
        }
        rest.take()
    })
}

/// Whether the byte at `at` follows an odd number of backslashes (RFC 9110 section 5.6.4): a quote
/// that a proxy quotes, such as one in a client's `Host`, does not end the string.
fn is_escaped(text: &[u8], at: usize) -> bool {
    let before = text.iter().take(at).rev();
    before.take_while(|byte| **byte == b'\\').count() % 2 == 1
}

/// The address in the `for` parameter of a `Forwarded` element (RFC 7239 section 4). `None` where the
/// element is malformed, or has no such parameter or two of them.
fn element_address(element: &[u8]) -> Option<IpAddr> {
    let mut node = None;
    let mut rest = without_separators(element);
    while !rest.is_empty() {
        let (name, value, after) = parameter(rest)?;
        if name.eq_ignore_ascii_case(b"for") && node.replace(value).is_some() {
            return None;
        }
        rest = without_separators(after);
    }
    address(node?)
}

/// The parameter that `text` begins with: its name, its value without quotes, and what follows it.
fn parameter(text: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
    let equals = text.iter().position(|byte| *byte == b'=')?;
    let name = trimmed(text.get(..equals)?);
    let text = text.get(equals.saturating_add(1)..)?.trim_ascii_start();
    let (value, after) = if let Some(quoted) = text.strip_prefix(b"\"") {
        let is_quote = |at: &usize| quoted.get(*at) == Some(&b'"') && !is_escaped(quoted, *at);
        let end = (0..quoted.len()).find(is_quote)?;
        (quoted.get(..end)?, quoted.get(end.saturating_add(1)..)?)
    } else {
        let end = text.iter().position(|byte| *byte == b';');
        let (value, after) = text.split_at_checked(end.unwrap_or(text.len()))?;
        let value = trimmed(value);
        // More than a token, since proxies leave out the quotes of addresses and hosts with a port. A quote
        // or a backslash could be the end of a string that began further left.
        let is_plain = |byte: &u8| byte.is_ascii_graphic() && !b"\"\\".contains(byte);
        if !value.iter().all(is_plain) {
            return None;
        }
        (value, after)
    };
    let after = after.trim_ascii_start();
    let ends = after.is_empty() || after.starts_with(b";");
    (is_token(name) && ends).then_some((name, value, after))
}

/// `text` after the semicolons and spaces that it begins with: there may be empty parameters.
fn without_separators(text: &[u8]) -> &[u8] {
    let begin = text
        .iter()
        .position(|&byte| byte != b';' && !is_space(byte));
    begin
        .and_then(|begin| text.get(begin..))
        .unwrap_or_default()
}

/// Whether `text` is a token (RFC 9110 section 5.6.2).
fn is_token(text: &[u8]) -> bool {
    let is_legal = |byte: &u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(byte);
    !text.is_empty() && text.iter().all(is_legal)
}

fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t')
}

/// `text` without the white space that may stand around a value (RFC 9110 section 5.6.3).
pub(crate) fn trimmed(mut text: &[u8]) -> &[u8] {
    while let [first, rest @ ..] = text
        && is_space(*first)
    {
        text = rest;
    }
    while let [rest @ .., last] = text
        && is_space(*last)
    {
        text = rest;
    }
    text
}

fn unquoted(text: &[u8]) -> &[u8] {
    match text {
        [b'"', inner @ .., b'"'] => inner,
        _ => text,
    }
}

/// The longest text of an address with zone and port that is looked at, in bytes.
const MAX_ADDRESS: usize = 128;

/// The address that `text` names, if it can be read in one way only: IPv4 or IPv6, IPv6 in brackets or
/// not, with or without a port (RFC 7239 section 6).
fn address(text: &[u8]) -> Option<IpAddr> {
    if text.len() > MAX_ADDRESS {
        return None;
    }
    let text = str::from_utf8(text).ok()?;
    let found = if let Some(rest) = text.strip_prefix('[') {
        let (inside, port) = rest.split_once(']')?;
        let is_whole = port.is_empty() || is_port(port.strip_prefix(':')?);
        ipv6(inside).filter(|_| is_whole)?.into()
    } else if let Some(address) = bare(text) {
        address
    } else {
        let (host, port) = text.rsplit_once(':')?;
        // `2001:db8::1:80` is an address, so what is left of a port can't be a shortened one, unless
        // its end is IPv4.
        let has_port = is_port(port) && (!host.contains("::") || host.contains('.'));
        bare(host).filter(|_| has_port)?
    };
    Some(found.to_canonical())
}

/// An address without brackets and port.
fn bare(text: &str) -> Option<IpAddr> {
    text.parse().ok().or_else(|| ipv6(text).map(IpAddr::V6))
}

/// An IPv6 address. Its zone, which means something on the proxy's machine only, is dropped.
fn ipv6(text: &str) -> Option<Ipv6Addr> {
    let (address, zone) = text.split_once('%').unwrap_or((text, "-"));
    let is_zone = |byte: u8| byte.is_ascii_alphanumeric() || b"._~-".contains(&byte);
    if zone.is_empty() || !zone.bytes().all(is_zone) {
        return None;
    }
    address.parse().ok()
}

/// A port, or an obfuscated one.
fn is_port(text: &str) -> bool {
    let is_hidden = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    match text.strip_prefix('_') {
        Some(hidden) => !hidden.is_empty() && hidden.bytes().all(is_hidden),
        None => text.bytes().all(|byte| byte.is_ascii_digit()) && text.parse::<u16>().is_ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Option<String> {
        address(text.as_bytes()).map(|address| address.to_string())
    }

    #[test]
    fn unambiguous_addresses_are_read() {
        for (text, address) in [
            ("203.0.113.5", "203.0.113.5"),
            ("203.0.113.5:443", "203.0.113.5"),
            ("203.0.113.5:_a.b-c", "203.0.113.5"),
            ("2001:db8::1", "2001:db8::1"),
            ("[2001:db8::1]", "2001:db8::1"),
            ("[2001:db8::1]:443", "2001:db8::1"),
            ("[2001:db8::1]:_x", "2001:db8::1"),
            ("2001:db8::1:80", "2001:db8::1:80"),
            ("2001:db8:0:0:0:0:0:1:443", "2001:db8::1"),
            ("::ffff:203.0.113.5", "203.0.113.5"),
            ("::ffff:203.0.113.5:443", "203.0.113.5"),
            ("[::ffff:203.0.113.5]:443", "203.0.113.5"),
            ("::ffff:cb00:7105", "203.0.113.5"),
            ("fe80::1%eth0", "fe80::1"),
            ("[fe80::1%25eth0]:80", "fe80::1"),
        ] {
            assert_eq!(read(text).as_deref(), Some(address), "{text}");
        }
    }

    #[test]
    fn anything_else_is_no_address() {
        for text in [
            "",
            "unknown",
            "_hidden",
            "203.0.113",
            "203.0.113.5.",
            "010.0.0.1",
            "203.0.113.5:",
            "203.0.113.5:65536",
            "203.0.113.5:+80",
            "203.0.113.5:_",
            "203.0.113.5:_a b",
            "203.0.113.5%eth0",
            "[203.0.113.5]",
            "[2001:db8::1",
            "[2001:db8::1]443",
            "2001:db8::1:65535",
            "2001:db8::1:_x",
            "fe80::1%",
            "fe80::1%eth0:80",
            "fe80::1%a b",
            "\u{a0}203.0.113.5",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
        assert_eq!(address(b"203.0.113.5\xff"), None);
        assert_eq!(address(&b"[2001:db8::1%0]".repeat(1000)), None);
    }

    #[test]
    fn an_element_is_read_as_a_whole() {
        let read = |element: &str| element_address(element.as_bytes()).map(|it| it.to_string());
        for element in [
            "for=203.0.113.5",
            "For=\"203.0.113.5:80\";proto=https",
            "proto=http; FOR = \"203.0.113.5\" ;by=10.0.0.1",
            ";;for=203.0.113.5;",
            "host=\"a,b;for=10.0.0.2\";for=203.0.113.5",
            "host=\"a\\\";for=10.0.0.2\";for=203.0.113.5",
            "for=203.0.113.5:80",
        ] {
            assert_eq!(read(element).as_deref(), Some("203.0.113.5"), "{element}");
        }
        for element in [
            "",
            "203.0.113.5",
            "proto=https",
            "for=unknown",
            "for=",
            "for=203.0.113.5;for=203.0.113.5",
            "for=\"203.0.113.5",
            "for=203.0.113.5\"",
            "for=\"203.0.113.5\"x",
            "for=203.0.113.5;x",
            "x=\", for=203.0.113.5;host=a\"b;for=203.0.113.5",
            "=1;for=203.0.113.5",
            "a b=1;for=203.0.113.5",
            "for=203.0.113.5;x=a b",
            "for=203.0.113.5;x=\\\"",
            "for=203.0.113.5;x=a\"b",
            "for=203.0.113.5;x=\u{e4}",
        ] {
            assert_eq!(read(element), None, "{element}");
        }
    }
}
