use std::{
    fmt,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    ops::Range,
};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

use crate::acl::AclFault;

/// A set of IPv4 and IPv6 networks that answers at once whether an address is in it.
///
/// Networks within others are left out, the rest are sorted, so that an address can only be in the
/// last one that begins at or before it. All but the smallest sets have an index, over parts of equal
/// width, a few for each network, so that a search looks at those that begin in one part only.
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

    /// Whether `address` is in one of the networks. An IPv4-mapped IPv6 address counts as its IPv4
    /// address.
    pub fn contains(&self, address: IpAddr) -> bool {
        match address.to_canonical() {
            IpAddr::V4(address) => self.v4.contains(address.to_bits()),
            IpAddr::V6(address) => self.v6.contains(address.to_bits()),
        }
    }

    /// Whether there is no network.
    pub fn is_empty(&self) -> bool {
        self.v4.starts.is_empty() && self.v6.starts.is_empty()
    }

    /// Whether every address of a family is in one of the networks.
    pub(crate) fn covers_a_family(&self) -> bool {
        self.v4.covers_everything() || self.v6.covers_everything()
    }

    /// Whether every address is in one of the networks.
    pub(crate) fn covers_both_families(&self) -> bool {
        self.v4.covers_everything() && self.v6.covers_everything()
    }

    /// The networks, sorted, without those within others.
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

/// An IPv4-mapped network as the IPv4 network that it means.
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

/// An address as a number.
trait Bits: Copy + Ord {
    const WIDTH: u8;

    /// The first `length` bits, the rest zero.
    fn prefix(self, length: u8) -> Self;

    /// In which part it is, of those of 2 to the power of `shift` addresses each that follow
    /// `first`; `None` before that.
    fn part(self, first: Self, shift: u8) -> Option<usize>;
}

impl Bits for u32 {
    const WIDTH: u8 = 32;

    fn prefix(self, length: u8) -> Self {
        self & Self::MAX
            .checked_shl(u32::from(Self::WIDTH.saturating_sub(length)))
            .unwrap_or(0)
    }

    fn part(self, first: Self, shift: u8) -> Option<usize> {
        let part = self.checked_sub(first)? >> shift;
        Some(usize::try_from(part).unwrap_or(usize::MAX))
    }
}

impl Bits for u128 {
    const WIDTH: u8 = 128;

    fn prefix(self, length: u8) -> Self {
        self & Self::MAX
            .checked_shl(u32::from(Self::WIDTH.saturating_sub(length)))
            .unwrap_or(0)
    }

    fn part(self, first: Self, shift: u8) -> Option<usize> {
        let part = self.checked_sub(first)? >> shift;
        Some(usize::try_from(part).unwrap_or(usize::MAX))
    }
}

/// Disjoint networks of one family, by where they begin.
#[derive(Clone, PartialEq, Eq)]
struct Sorted<T> {
    starts: Box<[T]>,
    lengths: Box<[u8]>,
    /// For each part, and for the end, how many networks begin before it; empty in a small set.
    index: Box<[u32]>,
    /// How wide a part is, as a power of 2.
    shift: u8,
}

/// Sets below this size are searched as they are: the index would cost more than it saves.
const INDEX_FROM: usize = 64;

/// How many parts an index has for each network, and at most: with more of them most have one network
/// or none, with fewer they stay in the caches.
const PARTS_EACH: usize = 4;
const MAX_PARTS: usize = 1 << 16;

impl<T: Bits> Sorted<T> {
    fn new(mut networks: Vec<(T, u8)>) -> Self {
        // Wider networks first where two begin alike, so that the narrower is seen to be within.
        networks.sort_unstable();
        let mut last: Option<(T, u8)> = None;
        networks.retain(|&(start, length)| {
            let within = last.is_some_and(|(outer, width)| start.prefix(width) == outer);
            if !within {
                last = Some((start, length));
            }
            !within
        });
        let starts: Box<[T]> = networks.iter().map(|&(start, _)| start).collect();
        let lengths = networks.iter().map(|&(_, length)| length).collect();
        let (index, shift) = if starts.len() < INDEX_FROM {
            (Box::default(), 0)
        } else {
            index_of(&starts)
        };
        Self {
            starts,
            lengths,
            index,
            shift,
        }
    }

    fn contains(&self, address: T) -> bool {
        let candidates = self.candidates(address);
        let first = candidates.start;
        let Some(range) = self.starts.get(candidates) else {
            return false;
        };
        // The network before the candidates may be a wide one that reaches over them.
        let at = first.saturating_add(range.partition_point(|&start| start <= address));
        let Some(at) = at.checked_sub(1) else {
            return false;
        };
        match (self.starts.get(at), self.lengths.get(at)) {
            (Some(&start), Some(&length)) => address.prefix(length) == start,
            _ => false,
        }
    }

    /// Which networks may be the first that begins after `address`: the search is over those.
    fn candidates(&self, address: T) -> Range<usize> {
        let all = 0..self.starts.len();
        let Some(&first) = self.starts.first().filter(|_| !self.index.is_empty()) else {
            return all;
        };
        let Some(part) = address.part(first, self.shift) else {
            return 0..0;
        };
        match (self.index.get(part), self.index.get(part.saturating_add(1))) {
            (Some(&from), Some(&to)) => from as usize..to as usize,
            // After the last part.
            _ => all.end..all.end,
        }
    }

    /// The networks don't overlap, so they cover everything if their sizes add up to it.
    fn covers_everything(&self) -> bool {
        // In units of the smallest network, and short of everything by one: all of them would not fit.
        let size = |length: u8| 1_u128.checked_shl(u32::from(T::WIDTH.saturating_sub(length)));
        let all = self
            .lengths
            .iter()
            .try_fold(0_u128, |all, length| all.checked_add(size(*length)?));
        match size(0) {
            Some(whole) => all == Some(whole),
            None => all.is_none(),
        }
    }

    fn iter(&self) -> impl Iterator<Item = (T, u8)> + '_ {
        self.starts
            .iter()
            .copied()
            .zip(self.lengths.iter().copied())
    }
}

/// How many of `starts` come before each part, and how wide the parts are: no wider than they have to
/// be to reach from the first to the last.
fn index_of<T: Bits>(starts: &[T]) -> (Box<[u32]>, u8) {
    let (Some(&first), Some(&last)) = (starts.first(), starts.last()) else {
        return (Box::default(), 0);
    };
    let most = starts.len().saturating_mul(PARTS_EACH).min(MAX_PARTS);
    let parts = |shift| {
        last.part(first, shift)
            .map_or(0, |part| part.saturating_add(1))
    };
    let shift = (0..T::WIDTH).find(|&shift| parts(shift) <= most);
    let shift = shift.unwrap_or(T::WIDTH.saturating_sub(1));

    let mut index = Vec::with_capacity(parts(shift).saturating_add(1));
    for (before, start) in (0_u32..).zip(starts) {
        let part = start.part(first, shift).unwrap_or_default();
        // One entry for each part up to this network's, and none if it was there.
        while index.len() <= part {
            index.push(before);
        }
    }
    index.push(u32::try_from(starts.len()).unwrap_or(u32::MAX));
    (index.into_boxed_slice(), shift)
}

impl<T> Default for Sorted<T> {
    fn default() -> Self {
        Self {
            starts: Box::default(),
            lengths: Box::default(),
            index: Box::default(),
            shift: 0,
        }
    }
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

/// As a list of networks in CIDR notation.
impl Serialize for NetworkSet {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter())
    }
}

impl<'de> Deserialize<'de> for NetworkSet {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let networks = Vec::<WrittenNetwork>::deserialize(deserializer)?;
        Ok(networks.into_iter().map(|it| it.0).collect())
    }
}

/// One network of a list, so that an error names its place.
pub(crate) struct WrittenNetwork(pub(crate) IpNet);

impl<'de> Deserialize<'de> for WrittenNetwork {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let network = parse_network(&text).and_then(without_host_bits);
        network.map(Self).map_err(|fault| match fault {
            AclFault::Malformed => D::Error::custom(
                "is no network: write an address such as 10.0.0.2, or a CIDR such as 10.0.0.0/8",
            ),
            fault => D::Error::custom(fault),
        })
    }
}

/// The network that `text` names: a CIDR, or an address alone, which is the network of that address.
pub(super) fn parse_network(text: &str) -> Result<IpNet, AclFault> {
    let (address, length) = match text.split_once('/') {
        Some((address, length)) => (address, Some(length)),
        None => (text, None),
    };
    // The parser of the standard library takes no leading zeros, which some read as octal.
    let address: IpAddr = address.parse().map_err(|_| AclFault::Malformed)?;
    let Some(length) = length else {
        return Ok(address.into());
    };
    let is_plain = !length.starts_with(['0', '+']) || length == "0";
    let length = length.parse().ok().filter(|_| is_plain);
    IpNet::new(address, length.ok_or(AclFault::Malformed)?).map_err(|_| AclFault::Malformed)
}

/// `network`, if it is clear which addresses it means.
pub(super) fn without_host_bits(network: IpNet) -> Result<IpNet, AclFault> {
    if network.trunc() == network {
        Ok(network)
    } else {
        Err(AclFault::HostBits { network })
    }
}
