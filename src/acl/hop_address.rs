//! The address that a proxy writes for a hop.

use std::net::{IpAddr, Ipv6Addr};

/// The longest text of an address with zone and port that is looked at, in bytes.
const MAX_ADDRESS: usize = 128;

/// The address that `text` names, if it can be read in one way only: IPv4 or IPv6, IPv6 in brackets or
/// not, with or without a port (RFC 7239 section 6).
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
}
