//! The true address of a client behind proxies.

use std::net::{IpAddr, SocketAddr};

use serde::{Deserialize, Serialize};

use crate::acl::NetworkSet;

/// Which header the trusted proxies write the client's address in.
///
/// Only one is ever read: what a proxy does not write, it passes on, and a client can write it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ForwardedHeader {
    /// `X-Forwarded-For` where it is there, `Forwarded` where it is not. Right for proxies that
    /// always write `X-Forwarded-For`, and for those that remove it.
    #[default]
    Either,
    /// `X-Forwarded-For` alone.
    XForwardedFor,
    /// `Forwarded` (RFC 7239) alone.
    Forwarded,
}

/// The address of the client of a connection from `peer`: the hops that `lines` name, walked from
/// the right for as long as they are proxies in `trusted`.
///
/// `lines` are the values of the header, every line of it in order; `header` says which it is. The
/// client is the first hop that is not trusted; all hops being so, it is the leftmost. A hop that is
/// no address ends the walk at the last trusted one, for nobody vouches for what is left of it.
///
/// ```
/// use oauth_dcr::acl::{ForwardedHeader, NetworkSet, client_address};
///
/// let trusted: NetworkSet = ["10.0.0.0/8".parse()?].into_iter().collect();
/// let lines = ["198.51.100.1, 203.0.113.5"];
/// let client = client_address(
///     "10.0.0.2".parse()?, ForwardedHeader::XForwardedFor, lines.into_iter(), &trusted,
/// );
/// assert_eq!(client, "203.0.113.5".parse::<std::net::IpAddr>()?);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn client_address<'a>(
    peer: IpAddr,
    header: ForwardedHeader,
    lines: impl DoubleEndedIterator<Item = &'a str>,
    trusted: &NetworkSet,
) -> IpAddr {
    let mut client = peer.to_canonical();
    for line in lines.rev() {
        let hops: &mut dyn Iterator<Item = &str> = match header {
            ForwardedHeader::Forwarded => &mut rsplit_outside_quotes(line, ','),
            ForwardedHeader::Either | ForwardedHeader::XForwardedFor => &mut line.rsplit(','),
        };
        for hop in hops.map(str::trim).filter(|hop| !hop.is_empty()) {
            if !trusted.contains(client) {
                return client;
            }
            let address = match header {
                ForwardedHeader::Forwarded => node(hop),
                ForwardedHeader::Either | ForwardedHeader::XForwardedFor => address(hop),
            };
            let Some(address) = address else {
                return client;
            };
            client = address.to_canonical();
        }
    }
    client
}

/// Splits `text`, last part first, at each `separator` that is not inside a quoted string.
///
/// Quotes are paired from the right, where the nearest proxy writes: one that a client leaves open
/// on the left swallows nothing of that.
fn rsplit_outside_quotes(text: &str, separator: char) -> impl Iterator<Item = &str> {
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        let text = rest?;
        let mut quoted = false;
        for (at, character) in text.char_indices().rev() {
            quoted ^= character == '"' && !is_escaped(text, at);
            if character == separator && !quoted {
                rest = text.get(..at);
                return text.get(at + separator.len_utf8()..);
            }
        }
        rest.take()
    })
}

/// Whether the character at `at` follows an odd number of backslashes (RFC 9110 section 5.6.4): a
/// quote that a proxy quotes, such as one in a client's `Host`, does not end the string.
fn is_escaped(text: &str, at: usize) -> bool {
    let before = text.as_bytes().iter().take(at).rev();
    before.take_while(|byte| **byte == b'\\').count() % 2 == 1
}

/// The address in the `for` parameter of a `Forwarded` element (RFC 7239 section 4); `None` where
/// it is missing, twice there, `unknown` or obfuscated.
fn node(element: &str) -> Option<IpAddr> {
    let mut nodes = rsplit_outside_quotes(element, ';').filter_map(|pair| {
        let (name, value) = pair.split_once('=')?;
        name.trim()
            .eq_ignore_ascii_case("for")
            .then(|| value.trim())
    });
    let value = nodes.next()?;
    if nodes.next().is_some() {
        return None;
    }
    // An IPv6 address, and any port, needs the quotes.
    let quoted = value
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'));
    match quoted {
        Some(quoted) => address(quoted),
        None => value.parse().ok().filter(IpAddr::is_ipv4),
    }
}

/// An address, with or without port, IPv6 in brackets or not. One with a zone is none: it means
/// something on one machine only.
fn address(text: &str) -> Option<IpAddr> {
    if let Ok(address) = text.parse() {
        return Some(address);
    }
    if let Some(inner) = text
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'))
    {
        return inner.parse().ok().filter(IpAddr::is_ipv6);
    }
    match text.parse::<SocketAddr>() {
        // `SocketAddr` takes a zone.
        Ok(address) if !text.contains('%') => Some(address.ip()),
        _ => None,
    }
}
