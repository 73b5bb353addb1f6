//! The parser for the address of a hop, which a proxy writes.

use std::net::{IpAddr, Ipv6Addr};

/// The length of the longest text that is parsed, in bytes. An address may have a zone and a port.
const MAX_ADDRESS: usize = 128;

/// Reads the address in `text`, if it is unambiguous: IPv4, or IPv6 with or without brackets, each with or
/// without a port (RFC 7239 section 6).
pub(super) fn address(text: &[u8]) -> Option<IpAddr> {
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
        // `2001:db8::1:80` is an address without a port. So before a port, an IPv6 address can't be shortened
        // by `::`, unless it ends in an IPv4 address.
        let has_port = is_port(port) && (!host.contains("::") || host.contains('.'));
        bare(host).filter(|_| has_port)?
    };
    Some(found.to_canonical())
}

/// Reads an address without brackets and port.
fn bare(text: &str) -> Option<IpAddr> {
    text.parse().ok().or_else(|| ipv6(text).map(IpAddr::V6))
}

/// Reads an IPv6 address. The zone is dropped, because it has a meaning only on the proxy's machine.
fn ipv6(text: &str) -> Option<Ipv6Addr> {
    let (address, zone) = text.split_once('%').unwrap_or((text, "-"));
    let is_zone = |byte: u8| byte.is_ascii_alphanumeric() || b"._~-".contains(&byte);
    if zone.is_empty() || !zone.bytes().all(is_zone) {
        return None;
    }
    address.parse().ok()
}

/// Whether `text` is a port or an obfuscated port.
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
    fn other_texts_are_not_addresses() {
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
}
