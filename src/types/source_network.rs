use std::{
    fmt,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
};

/// One source of requests: an IPv4 address or an IPv6 /64 network.
///
/// A provider assigns each customer a /64 network or a larger one, so one customer can use any address
/// of it. An IPv4-mapped IPv6 address counts as its IPv4 address. All requests from unknown addresses
/// count as one source.
///
/// ```
/// use oauth_dcr::types::SourceNetwork;
///
/// let of = |address: &str| SourceNetwork::of(address.parse().ok());
/// assert_eq!(of("203.0.113.5").to_string(), "203.0.113.5");
/// assert_eq!(of("2001:db8::1:2:3:4").to_string(), "2001:db8::/64");
/// assert_eq!(of("2001:db8::1"), of("2001:db8::2"));
/// assert_eq!(SourceNetwork::of(None).to_string(), "unknown");
/// ```
///
/// `Display` writes a different text for each source, which can serve as a key: the address, the network
/// in the form of RFC 5952 followed by `/64`, or `unknown`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SourceNetwork(Network);

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Network {
    Unknown,
    V4(u32),
    /// The first 64 bits.
    V6(u64),
}

impl SourceNetwork {
    /// The source that `address` belongs to. `None` stands for an unknown address.
    pub fn of(address: Option<IpAddr>) -> Self {
        Self(match address.map(|address| address.to_canonical()) {
            None => Network::Unknown,
            Some(IpAddr::V4(address)) => Network::V4(address.to_bits()),
            Some(IpAddr::V6(address)) => {
                let [a, b, c, d, ..] = address.segments();
                let bits = [a, b, c, d].into_iter();
                Network::V6(bits.fold(0, |bits, segment| bits << 16 | u64::from(segment)))
            }
        })
    }
}

impl fmt::Display for SourceNetwork {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Network::Unknown => f.write_str("unknown"),
            Network::V4(bits) => Ipv4Addr::from_bits(bits).fmt(f),
            Network::V6(bits) => {
                let first = Ipv6Addr::from_bits(u128::from(bits) << 64);
                write!(f, "{first}/64")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(address: &str) -> SourceNetwork {
        SourceNetwork::of(Some(address.parse().unwrap()))
    }

    #[test]
    fn addresses_of_one_network_are_one_source() {
        let first = source("2001:db8:1:2::");
        for address in ["2001:db8:1:2::1", "2001:db8:1:2:ffff:ffff:ffff:ffff"] {
            assert_eq!(source(address), first, "{address}");
        }
        for address in ["2001:db8:1:3::", "2001:db8:1:1:ffff:ffff:ffff:ffff"] {
            assert_ne!(source(address), first, "{address}");
        }
        assert_ne!(source("203.0.113.5"), source("203.0.113.6"));
        assert_eq!(source("::ffff:203.0.113.5"), source("203.0.113.5"));
    }

    #[test]
    fn each_source_has_a_different_text() {
        for (address, text) in [
            ("203.0.113.5", "203.0.113.5"),
            ("::ffff:203.0.113.5", "203.0.113.5"),
            ("::cb00:7105", "::/64"),
            ("2001:DB8:0:0:1::", "2001:db8::/64"),
            ("2001:db8:0:1::", "2001:db8:0:1::/64"),
        ] {
            assert_eq!(source(address).to_string(), text);
        }
        assert_eq!(SourceNetwork::of(None).to_string(), "unknown");
    }
}
