//! Quotas and keys for requests.

#![expect(clippy::panic, reason = "a check fails by panicking")]

use crate::{
    rate_limit::Quota,
    types::{SourceNetwork, TenantId},
};

pub(in crate::conformance) fn quota(per_second: u32, burst: u32) -> Quota {
    Quota::new(per_second, burst).unwrap_or_default()
}

pub(super) fn hourly(tokens: u32, burst: u32) -> Quota {
    Quota::per_hour(tokens, burst).unwrap_or_default()
}

/// The lowest rate. No token returns while a check runs.
pub(in crate::conformance) fn slowest(burst: u32) -> Quota {
    hourly(1, burst)
}

pub(super) fn tenant(id: &str) -> TenantId {
    match TenantId::parse(id) {
        Ok(tenant) => tenant,
        Err(error) => panic!("`{id}` is no tenant id: {error}"),
    }
}

/// The source of the address in `text`. Text that is not an address gives the unknown source.
pub(in crate::conformance) fn source(text: &str) -> SourceNetwork {
    SourceNetwork::of(text.parse().ok())
}
