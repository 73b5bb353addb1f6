use std::net::{Ipv4Addr, Ipv6Addr};

/// The hosts of http that lead to the user's own device (RFC 8252 section 7.3), and `localhost`, each in
/// its only unambiguous spelling.
pub(crate) const LOOPBACK_HOSTS: [&str; 3] = ["127.0.0.1", "[::1]", "localhost"];

/// The host of a URI.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Host<'a> {
    V4(Ipv4Addr),
    V6(Ipv6Addr),
    /// A DNS name, as written.
    Name(&'a str),
}

impl Host<'_> {
    /// Whether connecting to the host stays on the user's own device.
    pub(crate) fn is_loopback(self) -> bool {
        match self {
            // On most systems, connecting to the unspecified address reaches the device too.
            Self::V4(address) => address.is_loopback() || address.is_unspecified(),
            Self::V6(address) => {
                let address = address.to_canonical();
                address.is_loopback() || address.is_unspecified()
            }
            // RFC 6761 section 6.3: `localhost` and every name below it.
            Self::Name(name) => name
                .rsplit('.')
                .next()
                .is_some_and(|label| label.eq_ignore_ascii_case("localhost")),
        }
    }

    /// Whether the host is a name with one label, such as `intranet`.
    pub(crate) fn is_single_label(self) -> bool {
        matches!(self, Self::Name(name) if !name.contains('.'))
    }
}
