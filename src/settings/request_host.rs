//! The hosts of requests.

use crate::uri::{Authority, Host, is_host_name, written_ipv6};

/// The host of a `Host` header: what stands before the last colon, unless that is inside the
/// brackets of an IPv6 literal, and before the dot of an absolute name.
pub(crate) fn without_port(host: &str) -> &str {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if !port.ends_with(']') => name,
        _ => host,
    };
    name.strip_suffix('.').unwrap_or(name)
}

/// Whether `text` is a host, without port, as `Host` headers have it: a DNS name or an address.
pub(super) fn is_request_host(text: &str) -> bool {
    let Ok(authority) = Authority::read(text) else {
        return false;
    };
    if authority.port.is_some() {
        return false;
    }
    match authority.classify() {
        // Clients shorten an address as the URL standard does.
        Ok(Host::V6(address)) => written_ipv6(address).eq_ignore_ascii_case(text),
        Ok(_) => true,
        Err(_) => is_private_name(text),
    }
}

/// Machines of private networks have names such as `3f2a9c`, which begin with a digit.
fn is_private_name(text: &str) -> bool {
    let last = text.rsplit('.').next().unwrap_or_default();
    is_host_name(text) && !last.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_header_may_name_a_machine_by_a_digit() {
        for host in [
            "3f2a9c",
            "node.1a",
            "127.0.0.1",
            "[::1]",
            "auth.example.com",
            "auth_1.example.com",
        ] {
            assert!(is_request_host(host), "{host}");
        }
        for text in [
            "127.1",
            "2130706433",
            "a..b",
            "a.example.",
            "a:80",
            "a.b_c",
            "xn--a_b.example",
            "[::1",
            "",
        ] {
            assert!(!is_request_host(text), "{text}");
        }
    }
}
