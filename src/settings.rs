//! What a tenant decides, and how it is written down as JSON.
//!
//! Every default is the safe one. Settings are plain values: a host keeps them where it likes and
//! hands them out through a [`TenantDirectory`](crate::TenantDirectory).

mod access;
mod document;
mod endpoint_path;
mod issuer;
mod only_default;
mod origins;
mod registration;
mod tenant;

pub use access::{
    ApiPolicy, ApiSettings, ClientGrant, Connection, GrantedScope, Grantee, SubjectType,
};
pub use document::{SettingsDocument, SettingsError};
pub use endpoint_path::{EndpointPath, InvalidEndpointPath};
pub use issuer::{InvalidIssuer, Issuer};
pub use origins::{AllowedOrigins, InvalidOrigin};
pub use registration::{MetadataLimits, RefusedRedirectUris, RegistrationSettings, Unsupported};
pub use tenant::{
    HeaderName, InvalidHeaderName, ScopeWhenNoneRequested, SignalHeaders, TenantSettings,
    UnknownParameters,
};

/// The host of a `Host` header: what stands before the last colon, unless that is inside the
/// brackets of an IPv6 literal, and before the dot of an absolute name.
pub(crate) fn without_port(host: &str) -> &str {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if !port.ends_with(']') => name,
        _ => host,
    };
    name.strip_suffix('.').unwrap_or(name)
}
