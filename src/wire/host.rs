//! The host that a request was sent to.

use http::{header::HOST, request::Parts};

/// What a head says of the host (RFC 9112 sections 3.2 and 3.3).
pub(super) enum Host<'a> {
    /// There is none: a request that was made in code, or HTTP/1.0.
    Missing,
    /// The host, with port if there was one.
    Named(&'a str),
    /// There is more than one `Host` line, or one that is no host.
    Invalid,
}

/// The host of an absolute target or of HTTP/2's `:authority`, else that of the `Host` header.
pub(super) fn of(head: &Parts) -> Host<'_> {
    let mut lines = head.headers.get_all(HOST).iter();
    let (first, second) = (lines.next(), lines.next());
    if second.is_some() {
        return Host::Invalid;
    }
    if let Some(host) = head.uri.host() {
        return Host::Named(host);
    }
    let Some(line) = first.filter(|line| !line.is_empty()) else {
        return Host::Missing;
    };
    let text = line.to_str().ok().filter(|text| is_host(text));
    text.map_or(Host::Invalid, Host::Named)
}

/// Whether `text` is a host, with or without a port (RFC 3986 sections 3.2.2 and 3.2.3): no user, no
/// path, no second host.
fn is_host(text: &str) -> bool {
    let of_name = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~%!$&'()*+,;=".contains(&byte);
    let of_address = |byte: u8| of_name(byte) || byte == b':';
    let (is_host, after) = if let Some(rest) = text.strip_prefix('[') {
        let (address, after) = rest.split_once(']').unwrap_or_default();
        (
            !address.is_empty() && address.bytes().all(of_address),
            after.strip_prefix(':'),
        )
    } else {
        let (name, port) = text.split_once(':').unwrap_or((text, ""));
        (!name.is_empty() && name.bytes().all(of_name), Some(port))
    };
    let is_port = |port: &str| port.bytes().all(|byte| byte.is_ascii_digit());
    is_host && (after.is_some_and(is_port) || text.ends_with(']'))
}

/// Whether the request breaks the rule that one of HTTP/1.1 has a `Host` header. A server that reads
/// requests off a connection has to refuse it.
#[cfg(feature = "tower")]
pub(crate) fn is_left_out(head: &Parts) -> bool {
    head.version == http::Version::HTTP_11 && !head.headers.contains_key(HOST)
}
