//! A list of rules by hand: a loop over the crate's own sets of networks.

use std::net::IpAddr;

use ipnet::IpNet;
use oauth_dcr::acl::NetworkSet;

pub struct BlockedNetworks {
    is_for_registration: bool,
    networks: NetworkSet,
}

impl BlockedNetworks {
    pub fn new(networks: &[IpNet]) -> Self {
        Self {
            is_for_registration: true,
            networks: networks.iter().copied().collect(),
        }
    }
}

/// The first rule that blocks `address`.
pub fn blocked_by(rules: &[BlockedNetworks], address: IpAddr) -> Option<usize> {
    rules
        .iter()
        .position(|rule| rule.is_for_registration && rule.networks.contains(address))
}
