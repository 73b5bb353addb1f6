//! The host that a request was sent to.

use http::{header::HOST, request::Parts};

/// There are several `Host` lines, or the line is not a host (RFC 9112 section 3.2).
pub(super) struct InvalidHost;

/// The host of an absolute target or of HTTP/2's `:authority`, or else of the `Host` header (RFC 9112 section 3.3).
/// It includes the port if there is one. `None` is possible for requests that were created in code, and for requests
/// of HTTP/1.0.
pub(super) fn of(head: &Parts) -> Result<Option<&str>, InvalidHost> {
    let mut lines = head.headers.get_all(HOST).iter();
    let (first, second) = (lines.next(), lines.next());
    if second.is_some() {
        return Err(InvalidHost);
    }
    let line = match first {
        None => None,
        Some(line) if line.is_empty() => None,
        Some(line) => {
            let text = line.to_str().ok().filter(|text| is_host(text));
            Some(text.ok_or(InvalidHost)?)
        }
    };
    Ok(head.uri.host().or(line))
}

/// Whether `text` is a host, with or without a port (RFC 3986 sections 3.2.2 and 3.2.3). It may contain no user, no
/// path and no second host.
fn is_host(text: &str) -> bool {
    let in_name = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~%!$&'()*+,;=".contains(&byte);
    let in_address = |byte: u8| in_name(byte) || byte == b':';
    let parts = match text.strip_prefix('[') {
        Some(rest) => rest
            .split_once(']')
            .filter(|(host, _)| host.bytes().all(in_address)),
        None => text
            .split_at_checked(text.find(':').unwrap_or(text.len()))
            .filter(|(host, _)| host.bytes().all(in_name)),
    };
    parts.is_some_and(|(host, after)| {
        let is_port = |port: &str| port.bytes().all(|byte| byte.is_ascii_digit());
        !host.is_empty() && (after.is_empty() || after.strip_prefix(':').is_some_and(is_port))
    })
}

/// Whether this is a request of HTTP/1.1 without the `Host` header that it needs. A server that reads requests from a
/// connection has to refuse it.
#[cfg(feature = "tower")]
pub(crate) fn is_missing(head: &Parts) -> bool {
    head.version == http::Version::HTTP_11 && !head.headers.contains_key(HOST)
}
