use std::fmt;

use crate::types::{SourceNetwork, TenantId};

/// The key of a limiter's bucket.
///
/// `Display` writes a different text for each key: `acme`, `acme/203.0.113.5`, `acme/2001:db8::/64`,
/// `acme/unknown`. A limiter that finds its buckets by this text, or by `Hash` and `Eq`, will also work
/// with kinds of keys that are added later.
///
/// ```
/// use oauth_dcr::{rate_limit::RateKey, types::SourceNetwork, TenantId};
///
/// let tenant = TenantId::parse("acme")?;
/// let source = SourceNetwork::of("203.0.113.5".parse().ok());
/// assert_eq!(RateKey::Tenant(&tenant).to_string(), "acme");
/// assert_eq!(RateKey::Source(&tenant, source).to_string(), "acme/203.0.113.5");
/// # Ok::<(), oauth_dcr::types::InvalidTenantId>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RateKey<'a> {
    /// The bucket of a tenant.
    Tenant(&'a TenantId),
    /// The bucket of one source of a tenant's requests.
    Source(&'a TenantId, SourceNetwork),
}

impl<'a> RateKey<'a> {
    /// The tenant whose requests are counted.
    pub const fn tenant(self) -> &'a TenantId {
        match self {
            Self::Tenant(tenant) | Self::Source(tenant, _) => tenant,
        }
    }

    /// The source whose requests are counted, if the key has one.
    pub const fn source(self) -> Option<SourceNetwork> {
        match self {
            Self::Tenant(_) => None,
            Self::Source(_, source) => Some(source),
        }
    }
}

impl fmt::Display for RateKey<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A tenant id never has a slash, so the texts are different.
        match self {
            Self::Tenant(tenant) => tenant.fmt(f),
            Self::Source(tenant, source) => write!(f, "{tenant}/{source}"),
        }
    }
}
