//! What a tenant decides, and how it is written down as JSON.
//!
//! Every default is the safe one. Settings are plain values: a host keeps them where it likes and
//! hands them out through a [`TenantDirectory`](crate::tenants::TenantDirectory).

mod access;
mod check;
mod document;
mod endpoint_path;
mod error;
mod given;
mod issuer;
mod origins;
mod preset;
mod registration;
mod request_host;
mod review;
mod tenant;
mod warning;
mod wording;

pub use access::{
    ApiPolicy, ApiSettings, ClientGrant, Connection, GrantedScope, Grantee, SubjectType,
};
pub(crate) use check::GREATEST_LEEWAY_SECONDS;
pub use document::{SettingsDocument, SettingsReview};
pub use endpoint_path::{EndpointPath, InvalidEndpointPath};
pub use error::{SettingsError, SettingsFault};
pub use issuer::{InvalidIssuer, Issuer};
pub use origins::{AllowedOrigins, InvalidOrigin};
pub use registration::{MetadataLimits, RefusedRedirectUris, RegistrationSettings, Unsupported};
pub use tenant::{
    HeaderName, InvalidHeaderName, RefreshTokenWhen, ScopeWhenNoneRequested, SignalHeaders,
    TenantSettings, UnknownParameters,
};
pub use warning::{SettingsWarning, SettingsWarningKind};

/// The host of a `Host` header: what stands before the last colon, unless that is inside the
/// brackets of an IPv6 literal, and before the dot of an absolute name.
pub(crate) fn without_port(host: &str) -> &str {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if !port.ends_with(']') => name,
        _ => host,
    };
    name.strip_suffix('.').unwrap_or(name)
}

/// `identifier` without the slash of an empty path, which means the same with and without
/// (RFC 3986 section 6.2.3), and which clients that write URLs anew add.
pub(crate) fn without_empty_path(identifier: &str) -> &str {
    let is_origin = |text: &&str| {
        let authority = text.split_once("://").map(|(_, rest)| rest);
        authority.is_some_and(|rest| !rest.contains(['/', '?', '#']))
    };
    let shorter = identifier.strip_suffix('/');
    shorter.filter(is_origin).unwrap_or(identifier)
}
