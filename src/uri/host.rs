use std::net::{Ipv4Addr, Ipv6Addr};

/// The hosts by which http reaches the user's own device (RFC 8252 section 7.3), and `localhost`, each
/// in the one spelling that can't be mistaken.
pub(crate) const LOOPBACK_HOSTS: [&str; 3] = ["127.0.0.1", "[::1]", "localhost"];

/// What a host of a URI is.
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
            // Connecting to the unspecified address ends up on the device too, on most systems.
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

    /// Whether it is a name of one label, such as `intranet`.
    pub(crate) fn is_single_label(self) -> bool {
        matches!(self, Self::Name(name) if !name.contains('.'))
    }
}
