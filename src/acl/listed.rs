//! The values that a rule lists for one signal.

use std::{
    hash::{Hash, Hasher},
    net::IpAddr,
};

use ipnet::IpNet;

use crate::acl::{AclFault, NetworkSet};

/// Networks as they were written, and as they are searched.
#[derive(Clone, Debug)]
pub(super) struct Networks {
    /// The IPv4 ones first.
    written: Box<[IpNet]>,
    set: NetworkSet,
}

/// Values in the order of searching, each once.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Values<T>(Box<[T]>);

impl Networks {
    pub(super) fn new(networks: impl IntoIterator<Item = IpNet>) -> Self {
        let is_v4 = |network: &IpNet| matches!(network, IpNet::V4(_));
        let (mut written, v6): (Vec<IpNet>, Vec<IpNet>) = networks.into_iter().partition(is_v4);
        written.extend(v6);
        Self {
            set: written.iter().copied().collect(),
            written: written.into_boxed_slice(),
        }
    }

    /// Whether `address` is in one of the networks.
    pub(super) fn has(&self, address: IpAddr) -> bool {
        self.set.contains(address)
    }

    /// Whether every IPv4 address and every IPv6 address is in one of the networks.
    pub(super) fn has_every_address(&self) -> bool {
        self.set.covers_both_families()
    }

    /// The first network with bits set after its prefix, in one of the fields of the two families.
    pub(super) fn host_bits(
        &self,
        fields: [&'static str; 2],
    ) -> Option<(&'static str, Option<usize>, AclFault)> {
        let has_host_bits = |network: &IpNet| network.trunc() != *network;
        let (v4, v6) = self.families();
        fields
            .into_iter()
            .zip([v4, v6])
            .find_map(|(field, listed)| {
                let mut listed = listed.iter().copied().enumerate();
                let (at, network) = listed.find(|(_, network)| has_host_bits(network))?;
                Some((field, Some(at), AclFault::HostBits { network }))
            })
    }

    /// The IPv4 networks and the IPv6 networks as they were written, each in their order.
    pub(super) fn families(&self) -> (&[IpNet], &[IpNet]) {
        let v4 = self
            .written
            .partition_point(|network| matches!(network, IpNet::V4(_)));
        self.written.split_at_checked(v4).unwrap_or_default()
    }
}

impl PartialEq for Networks {
    fn eq(&self, other: &Self) -> bool {
        self.written == other.written
    }
}

impl Eq for Networks {}

impl Hash for Networks {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.written.hash(state);
    }
}

impl<T: Ord> Values<T> {
    pub(super) fn new(values: impl IntoIterator<Item = T>) -> Self {
        let mut values: Vec<T> = values.into_iter().collect();
        values.sort_unstable();
        values.dedup();
        Self(values.into_boxed_slice())
    }

    pub(super) fn iter(&self) -> std::slice::Iter<'_, T> {
        self.0.iter()
    }

    pub(super) fn contains(&self, value: &T) -> bool {
        self.0.binary_search(value).is_ok()
    }
}

impl Values<Box<str>> {
    pub(super) fn contains_text(&self, text: &str) -> bool {
        self.0
            .binary_search_by(|listed| (**listed).cmp(text))
            .is_ok()
    }

    pub(super) fn contains_folded(&self, text: &str) -> bool {
        let folded = || text.bytes().map(|byte| byte.to_ascii_lowercase());
        self.0
            .binary_search_by(|listed| listed.bytes().cmp(folded()))
            .is_ok()
    }
}
