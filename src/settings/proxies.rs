//! The networks of trusted proxies.

use ipnet::IpNet;
use serde::{Deserialize, Deserializer, de::Error as _};

use crate::{
    acl::{NetworkSet, WrittenNetwork},
    settings::SettingsFault,
};

/// Checks that `proxies` do not contain every address of a family.
pub(super) fn check(proxies: &NetworkSet) -> Result<(), SettingsFault> {
    if proxies.covers_a_family() {
        return Err(SettingsFault::EveryAddress);
    }
    Ok(())
}

/// Reads the networks of trusted proxies. Each network is checked separately, so that an error names the
/// network that contains every address.
pub(super) fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<NetworkSet, D::Error> {
    let proxies = Vec::<Proxy>::deserialize(deserializer)?;
    Ok(proxies.into_iter().map(|Proxy(network)| network).collect())
}

struct Proxy(IpNet);

impl<'de> Deserialize<'de> for Proxy {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let WrittenNetwork(network) = WrittenNetwork::deserialize(deserializer)?;
        check(&NetworkSet::new([network])).map_err(D::Error::custom)?;
        Ok(Self(network))
    }
}
