use crate::types::TenantId;

/// How a request names its tenant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TenantSelector<'a> {
    /// By the host to which the request was sent, as in its `Host` header, with or without a port. `None`
    /// if the request has no host, or more than one.
    Host(Option<&'a str>),
    /// By id, if the host program knows the tenant from the path, a subdomain or a certificate.
    Id(&'a TenantId),
}
