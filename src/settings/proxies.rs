//! The networks of proxies that are trusted.

use ipnet::IpNet;
use serde::{Deserialize, Deserializer, de::Error as _};

use crate::{
    acl::{NetworkSet, WrittenNetwork},
    settings::SettingsFault,
};

/// Checks that `proxies` are not every address of a family.
pub(super) fn check(proxies: &NetworkSet) -> Result<(), SettingsFault> {
    if proxies.covers_a_family() {
        return Err(SettingsFault::EveryAddress);
    }
    Ok(())
}

/// Reads networks of trusted proxies, so that an error names the one that is every address.
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
