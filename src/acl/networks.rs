mod sorted;

use std::{
    fmt,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

use crate::acl::{AclFault, networks::sorted::Sorted};

/// A set of IPv4 and IPv6 networks with a fast lookup of addresses.
///
/// A network inside another network of the set is left out. The other networks are sorted, so an address can
/// only be in the last network that begins at or before the address. Larger sets have an index, which divides
/// the addresses into parts of equal width, with a few parts for each network. A lookup searches only the
/// networks that begin in one part.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct NetworkSet {
    v4: Sorted<u32>,
    v6: Sorted<u128>,
}

impl NetworkSet {
    /// The set of `networks`. An IPv4-mapped IPv6 network counts as its IPv4 network.
    pub fn new(networks: impl IntoIterator<Item = IpNet>) -> Self {
        let (mut v4, mut v6) = (Vec::new(), Vec::new());
        for network in networks {
            match canonical(network) {
                IpNet::V4(network) => v4.push((network.network().to_bits(), network.prefix_len())),
                IpNet::V6(network) => v6.push((network.network().to_bits(), network.prefix_len())),
            }
        }
        Self {
            v4: Sorted::new(v4),
            v6: Sorted::new(v6),
        }
    }

    /// Whether a network of the set contains `address`. An IPv4-mapped IPv6 address counts as its IPv4
    /// address.
    pub fn contains(&self, address: IpAddr) -> bool {
        match address.to_canonical() {
            IpAddr::V4(address) => self.v4.contains(address.to_bits()),
            IpAddr::V6(address) => self.v6.contains(address.to_bits()),
        }
    }

    /// Whether the set is empty.
    pub fn is_empty(&self) -> bool {
        self.v4.is_empty() && self.v6.is_empty()
    }

    /// Whether the set contains every address of at least one family.
    pub(crate) fn covers_a_family(&self) -> bool {
        self.v4.covers_everything() || self.v6.covers_everything()
    }

    /// Whether the set contains every address.
    pub(super) fn covers_both_families(&self) -> bool {
        self.v4.covers_everything() && self.v6.covers_everything()
    }

    /// The networks, sorted, without networks inside other networks.
    pub fn iter(&self) -> impl Iterator<Item = IpNet> + '_ {
        let v4 = self.v4.iter().filter_map(|(start, length)| {
            Ipv4Net::new(Ipv4Addr::from_bits(start), length)
                .ok()
                .map(IpNet::V4)
        });
        let v6 = self.v6.iter().filter_map(|(start, length)| {
            Ipv6Net::new(Ipv6Addr::from_bits(start), length)
                .ok()
                .map(IpNet::V6)
        });
        v4.chain(v6)
    }
}

/// Converts an IPv4-mapped network to its IPv4 network.
fn canonical(network: IpNet) -> IpNet {
    let IpNet::V6(v6) = network else {
        return network;
    };
    let mapped = v6
        .network()
        .to_ipv4_mapped()
        .zip(v6.prefix_len().checked_sub(96));
    let v4 = mapped.and_then(|(address, length)| Ipv4Net::new(address, length).ok());
    v4.map_or(network, IpNet::V4)
}

impl FromIterator<IpNet> for NetworkSet {
    fn from_iter<I: IntoIterator<Item = IpNet>>(networks: I) -> Self {
        Self::new(networks)
    }
}

impl fmt::Debug for NetworkSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

/// Writes a list of networks in CIDR notation.
impl Serialize for NetworkSet {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter())
    }
}

impl<'de> Deserialize<'de> for NetworkSet {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let networks = Vec::<WrittenNetwork>::deserialize(deserializer)?;
        Ok(networks.into_iter().map(|network| network.0).collect())
    }
}

/// One network of a list. It is read separately, so that an error names its position.
pub(crate) struct WrittenNetwork(pub(crate) IpNet);

impl<'de> Deserialize<'de> for WrittenNetwork {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let network = parse_network(&text).and_then(without_host_bits);
        network.map(Self).map_err(|fault| match fault {
            AclFault::Malformed => D::Error::custom(
                "is not a network: write an address such as 10.0.0.2, or a CIDR such as 10.0.0.0/8",
            ),
            fault => D::Error::custom(fault),
        })
    }
}

/// Reads a network: a CIDR, or a single address.
pub(super) fn parse_network(text: &str) -> Result<IpNet, AclFault> {
    let (address, length) = match text.split_once('/') {
        Some((address, length)) => (address, Some(length)),
        None => (text, None),
    };
    // The parser of the standard library refuses leading zeros, which some programs read as octal.
    let address: IpAddr = address.parse().map_err(|_| AclFault::Malformed)?;
    let Some(length) = length else {
        return Ok(address.into());
    };
    let is_plain = !length.starts_with(['0', '+']) || length == "0";
    let length = length.parse().ok().filter(|_| is_plain);
    IpNet::new(address, length.ok_or(AclFault::Malformed)?).map_err(|_| AclFault::Malformed)
}

/// Returns `network`, if no bits are set after its prefix.
pub(super) fn without_host_bits(network: IpNet) -> Result<IpNet, AclFault> {
    if network.trunc() == network {
        Ok(network)
    } else {
        Err(AclFault::HostBits { network })
    }
}
