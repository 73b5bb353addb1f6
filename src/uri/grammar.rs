//! The grammar of the smallest parts of a URI.

use crate::uri::fault::UriFault;

/// The characters that are legal somewhere in a URI, as one bit each: unreserved, reserved and `%`
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

/// Checks that `text` has only characters of URIs, and two hexadecimal digits after each `%`.
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

/// Whether `digits` is a port from 1 to 65535 without leading zeros.
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

/// Whether `label` has the preferred name syntax: letters, digits and inner hyphens
/// (RFC 1034 section 3.5).
pub(crate) fn is_dns_label(label: &str) -> bool {
    is_label_of(label, is_in_label)
}

/// Whether `text` is a DNS name whose labels have the preferred syntax (RFC 1123 section 2.1). An IPv4
/// address has this form too.
///
/// Labels may also contain underscores, because many real hosts have them. The last label may not, because
/// no top-level domain has an underscore. Nor may an A-label, because parsers decode it
/// (RFC 5890 section 2.3.1).
pub(crate) fn is_host_name(text: &str) -> bool {
    let (other_labels, last) = text.rsplit_once('.').unzip();
    let is_label = |label: &str| {
        let start = label.get(..4).unwrap_or_default();
        let is_encoded = start.eq_ignore_ascii_case("xn--");
        is_label_of(label, |byte| {
            is_in_label(byte) || byte == b'_' && !is_encoded
        })
    };
    let mut other_labels = other_labels
        .into_iter()
        .flat_map(|labels| labels.split('.'));
    text.len() <= 253 && is_dns_label(last.unwrap_or(text)) && other_labels.all(is_label)
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
