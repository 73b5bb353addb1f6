//! The host that a request was sent to.

use http::{Version, header::HOST, request::Parts, uri::Authority};

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
    let is_host = |text: &&str| Authority::try_from(*text).is_ok() && !text.contains('@');
    let text = line.to_str().ok().filter(is_host);
    text.map_or(Host::Invalid, Host::Named)
}

/// Whether the request breaks the rule that one of HTTP/1.1 has a `Host` header. A server that reads
/// requests off a connection has to refuse it.
pub(crate) fn is_left_out(head: &Parts) -> bool {
    head.version == Version::HTTP_11 && !head.headers.contains_key(HOST)
}
