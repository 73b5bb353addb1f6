//! The values that a rule lists for one signal.

use std::{
    hash::{Hash, Hasher},
    net::IpAddr,
};

use ipnet::IpNet;

use crate::{
    acl::{AclFault, NetworkSet},
    uri::is_host_name,
};

/// One list of a rule. It is not empty and not too long, and each value is valid.
#[derive(Debug)]
pub(super) struct List<T>(Vec<T>);

/// A fault of a list.
#[derive(Clone, Copy, Debug)]
pub(super) enum ListFault {
    /// The list has no values, or too many.
    Size(AclFault),
    /// A value is invalid.
    Value {
        /// The position of the value.
        at: usize,
        fault: AclFault,
    },
}

/// Networks as they were written, and as a set for lookups.
#[derive(Clone, Debug)]
pub(super) struct Networks {
    /// The IPv4 networks, followed by the IPv6 networks.
    written: Box<[IpNet]>,
    set: NetworkSet,
}

/// Sorted values without duplicates.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Values<T>(Box<[T]>);

impl<T> List<T> {
    /// The list of `values`. Their number is checked before the first value is read.
    pub(super) fn new(
        values: impl ExactSizeIterator<Item = Result<T, AclFault>>,
    ) -> Result<Self, ListFault> {
        if values.len() == 0 {
            return Err(ListFault::Size(AclFault::EmptyList));
        }
        if values.len() > AclFault::MAX_VALUES {
            return Err(ListFault::Size(AclFault::TooManyValues));
        }
        let values = values.enumerate();
        values
            .map(|(at, value)| value.map_err(|fault| ListFault::Value { at, fault }))
            .collect::<Result<Vec<T>, ListFault>>()
            .map(Self)
    }
}

impl Networks {
    /// The networks of a list for IPv4 and a list for IPv6, or `None` if there is neither list.
    pub(super) fn new(families: [Option<List<IpNet>>; 2]) -> Option<Self> {
        let lists: Vec<List<IpNet>> = families.into_iter().flatten().collect();
        if lists.is_empty() {
            return None;
        }
        let written: Box<[IpNet]> = lists.into_iter().flat_map(|List(values)| values).collect();
        Some(Self {
            set: written.iter().copied().collect(),
            written,
        })
    }

    /// Whether a network contains `address`.
    pub(super) fn has(&self, address: IpAddr) -> bool {
        self.set.contains(address)
    }

    /// Whether the networks contain every IPv4 address and every IPv6 address.
    pub(super) fn has_every_address(&self) -> bool {
        self.set.covers_both_families()
    }

    /// The IPv4 networks and the IPv6 networks, as they were written and in their order.
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
    pub(super) fn new(List(mut values): List<T>) -> Self {
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

    /// Whether the list contains `text` in any letter case. The listed values are in lower case.
    pub(super) fn contains_ignoring_case(&self, text: &str) -> bool {
        let lower_case = || text.bytes().map(|byte| byte.to_ascii_lowercase());
        self.0
            .binary_search_by(|listed| listed.bytes().cmp(lower_case()))
            .is_ok()
    }
}

/// The user agent `text` as a value of a list.
pub(super) fn user_agent(text: String) -> Result<Box<str>, AclFault> {
    if text.is_empty() {
        Err(AclFault::Malformed)
    } else {
        Ok(text.into_boxed_str())
    }
}

/// The host name `text` as a value of a list, in lower case.
pub(super) fn host_name(mut text: String) -> Result<Box<str>, AclFault> {
    if is_host_name(&text) {
        text.make_ascii_lowercase();
        Ok(text.into_boxed_str())
    } else {
        Err(AclFault::Malformed)
    }
}
