//! Helpers that several tests share.

pub(crate) mod broken;
pub(crate) mod clients;
pub(crate) mod clock;
pub(crate) mod fixture;
pub(crate) mod http;
pub(crate) mod random;
pub(crate) mod slow_networks;
pub(crate) mod tenants;
