//! The host to which a request was sent.

use crate::uri::{Authority, Host, is_host_name, written_ipv6};

/// Removes the port and the dot at the end of an absolute name from the value of a `Host` header. A colon
/// inside the brackets of an IPv6 literal does not begin a port.
pub(crate) fn without_port(host: &str) -> &str {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if !port.ends_with(']') => name,
        _ => host,
    };
    name.strip_suffix('.').unwrap_or(name)
}

/// Whether `text` is a host in the form of a `Host` header without a port: a DNS name or an address.
pub(super) fn is_request_host(text: &str) -> bool {
    let Ok(authority) = Authority::read(text) else {
        return false;
    };
    if authority.port.is_some() {
        return false;
    }
    match authority.classify() {
        // Clients shorten an IPv6 address by the URL standard.
        Ok(Host::V6(address)) => written_ipv6(address).eq_ignore_ascii_case(text),
        Ok(_) => true,
        Err(_) => is_private_name(text),
    }
}

/// Whether `text` is a name of a machine in a private network, such as `3f2a9c`. Such a name may begin with a
/// digit.
fn is_private_name(text: &str) -> bool {
    let last = text.rsplit('.').next().unwrap_or_default();
    is_host_name(text) && !last.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn host_name_may_begin_with_a_digit() {
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
