//! The grammar of a URI's smallest parts.

use crate::uri::fault::UriFault;

/// Which characters may stand anywhere in a URI, a bit each: unreserved, reserved and `%`
/// (RFC 3986 section 2).
const LEGAL: u128 = {
    let mut legal = 0;
    let mut byte = b'!';
    while byte <= b'~' {
        if !matches!(
            byte,
            b'"' | b'<' | b'>' | b'\\' | b'^' | b'`' | b'{' | b'|' | b'}'
        ) {
            legal |= 1 << byte;
        }
        byte += 1;
    }
    legal
};

/// Checks that `text` holds only characters of URIs, and two hexadecimal digits after each `%`.
pub(super) fn check_bytes(text: &str) -> Result<(), UriFault> {
    let bytes = text.as_bytes();
    if !bytes
        .iter()
        .all(|&byte| byte.is_ascii() && (LEGAL >> byte) & 1 == 1)
    {
        return Err(UriFault::Character);
    }
    let mut escapes = bytes.split(|&byte| byte == b'%').skip(1);
    let is_escape = |after: &[u8]| matches!(after, [high, low, ..] if high.is_ascii_hexdigit() && low.is_ascii_hexdigit());
    if !text.contains('%') || escapes.all(is_escape) {
        Ok(())
    } else {
        Err(UriFault::PercentEncoding)
    }
}

/// Whether `text` is a scheme (RFC 3986 section 3.1).
pub(crate) fn is_scheme(text: &str) -> bool {
    let legal = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.');
    text.starts_with(|first: char| first.is_ascii_alphabetic()) && text.bytes().all(legal)
}

/// Whether `digits` are a port from 1 to 65535 without leading zeros.
pub(crate) fn is_port(digits: &str) -> bool {
    read_port(digits).is_ok()
}

pub(super) fn read_port(digits: &str) -> Result<u16, UriFault> {
    let canonical = !digits.starts_with('0') && digits.bytes().all(|byte| byte.is_ascii_digit());
    match digits.parse() {
        Ok(port) if canonical => Ok(port),
        _ => Err(UriFault::Port),
    }
}

/// A label of the preferred name syntax: letters, digits and inner hyphens (RFC 1034 section 3.5).
pub(crate) fn is_dns_label(label: &str) -> bool {
    is_label_of(label, is_in_label)
}

/// Whether `text` is a DNS name whose labels have the preferred syntax (RFC 1123 section 2.1), or hold an
/// underscore besides, as those of many real hosts do. An IPv4 address has that form too.
///
/// The last label holds none, because no top-level domain does, nor does an A-label, which parsers
/// decode (RFC 5890 section 2.3.1).
pub(crate) fn is_host_name(text: &str) -> bool {
    let (above, last) = text.rsplit_once('.').unzip();
    let is_label = |label: &str| {
        let start = label.get(..4).unwrap_or_default();
        let is_encoded = start.eq_ignore_ascii_case("xn--");
        is_label_of(label, |byte| {
            is_in_label(byte) || byte == b'_' && !is_encoded
        })
    };
    let mut above = above.into_iter().flat_map(|it| it.split('.'));
    text.len() <= 253 && is_dns_label(last.unwrap_or(text)) && above.all(is_label)
}

fn is_in_label(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'-'
}

fn is_label_of(label: &str, is_allowed: impl Fn(u8) -> bool) -> bool {
    (1..=63).contains(&label.len())
        && label.bytes().all(is_allowed)
        && !label.starts_with('-')
        && !label.ends_with('-')
}
