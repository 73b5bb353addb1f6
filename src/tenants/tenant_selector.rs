use crate::types::TenantId;

/// How a request says which tenant it is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TenantSelector<'a> {
    /// By the host that it was sent to, as in its `Host` header, with or without port; `None` if it
    /// names none, or more than one.
    Host(Option<&'a str>),
    /// By id, where the host program knows better: from the path, a subdomain, a certificate.
    Id(&'a TenantId),
}
