use std::num::NonZeroU64;

use serde::{Deserialize, Serialize};

use crate::{
    rate_limit::Quota,
    redirect_uri::RedirectUriPolicy,
    settings::{AllowedOrigins, EndpointPath},
    types::{SecurityMode, TokenEndpointAuthMethod, TokenEndpointAuthMethods},
};

/// The settings of registration. Registration is off by default.
///
/// ```
/// use oauth_dcr::{redirect_uri::RedirectUriPolicy, settings::RegistrationSettings};
///
/// let mut settings = RegistrationSettings::default();
/// assert!(!settings.enabled);
/// settings.enabled = true;
/// settings.redirect_uris = RedirectUriPolicy::native_agents();
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct RegistrationSettings {
    /// Whether registration is on. Anyone may register then. Default `false`.
    pub enabled: bool,
    /// The path of the registration endpoint below the issuer. Default `/oidc/register`.
    #[serde(skip_serializing_if = "EndpointPath::is_default")]
    pub path: EndpointPath,
    /// The security mode of new clients. Default strict.
    pub security_mode: SecurityMode,
    /// The quota of the registration endpoint, shared by all its callers. `None` switches the limiter off.
    /// Default 5 per second, at most 5 at once.
    pub rate_limit: Option<Quota>,
    /// The quota for each source of requests: an IPv4 address, an IPv6 /64 network, or all unknown addresses
    /// together. It is applied before `rate_limit`, and a request that it refuses takes no token of
    /// `rate_limit`. Default `None`: there is no such quota, so one source can use up `rate_limit`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rate_limit_per_source: Option<Quota>,
    /// The authentication methods that a client may register. Default `none` and
    /// `client_secret_post`.
    pub token_endpoint_auth_methods: TokenEndpointAuthMethods,
    /// What happens to unsupported grant types. Default: they are filtered out.
    pub unsupported_grant_types: Unsupported,
    /// What happens to unsupported response types. Default: they are filtered out.
    pub unsupported_response_types: Unsupported,
    /// What happens if a redirect URI is refused. Default: the request is refused.
    pub refused_redirect_uris: RefusedRedirectUris,
    /// Which redirect URIs are accepted.
    pub redirect_uris: RedirectUriPolicy,
    /// The limits of the other metadata.
    #[serde(skip_serializing_if = "MetadataLimits::is_default")]
    pub metadata_limits: MetadataLimits,
    /// The largest request body, in bytes. Default 65,536.
    pub max_body_bytes: usize,
    /// The largest number of clients of the tenant. At the limit, a new client evicts the oldest client that
    /// was never used. If there is no unused client, it evicts the longest idle client without a live grant.
    /// If there is none either, the new client is refused. Default: no limit.
    pub max_clients: Option<NonZeroU64>,
    /// The largest number of clients of one user. A client belongs to the first user who uses it, as reported
    /// to [`Registrar::mark_used`](crate::Registrar::mark_used). Above the limit, the user's longest idle
    /// client is evicted, with or without a live grant, so that one account can't fill a tenant. A client that
    /// a second user has used is evicted only if all clients of the user were used by a second user.
    /// Default: no limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_clients_per_user: Option<NonZeroU64>,
    /// The number of seconds after which a client that was never used is removed. Default: never.
    pub remove_unused_after_seconds: Option<NonZeroU64>,
    /// The number of seconds after which an idle client is removed. A client is idle if it is not used and
    /// has no live grant. Default: never.
    pub remove_idle_after_seconds: Option<NonZeroU64>,
    /// Whether registrations of public clients are deduplicated (RFC 7591 section 3.2.1). A duplicate
    /// registers exactly the same metadata as an earlier client, apart from loopback ports, and gets the same
    /// `client_id`. Default `false`.
    pub fold_identical: bool,
    /// The web origins that may register from a browser. Default any.
    pub allowed_origins: AllowedOrigins,
}

impl Default for RegistrationSettings {
    fn default() -> Self {
        use TokenEndpointAuthMethod as Method;
        Self {
            enabled: false,
            path: EndpointPath::default(),
            security_mode: SecurityMode::Strict,
            rate_limit: Some(Quota::default()),
            rate_limit_per_source: None,
            token_endpoint_auth_methods: [Method::None, Method::ClientSecretPost]
                .into_iter()
                .collect(),
            unsupported_grant_types: Unsupported::default(),
            unsupported_response_types: Unsupported::default(),
            refused_redirect_uris: RefusedRedirectUris::default(),
            redirect_uris: RedirectUriPolicy::default(),
            metadata_limits: MetadataLimits::default(),
            max_body_bytes: 65_536,
            max_clients: None,
            max_clients_per_user: None,
            remove_unused_after_seconds: None,
            remove_idle_after_seconds: None,
            fold_identical: false,
            allowed_origins: AllowedOrigins::default(),
        }
    }
}

/// What happens to unsupported grant types or response types.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unsupported {
    /// They are filtered out if usable types remain. The response shows the remaining types.
    #[default]
    Filter,
    /// The request is refused.
    Reject,
}

/// What happens if a redirect URI is refused.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RefusedRedirectUris {
    /// The request is refused.
    #[default]
    #[serde(rename = "refuse")]
    Reject,
    /// The redirect URI is dropped if another remains. The response shows the remaining redirect URIs.
    Narrow,
}

/// The limits of metadata other than redirect URIs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct MetadataLimits {
    /// The most characters in `client_name` after NFC. Default 128.
    pub client_name_chars: usize,
    /// The most bytes in each address for people, such as `logo_uri`. Default 2048.
    pub uri_bytes: usize,
    /// The most names and addresses for people, in all languages together. Default 100.
    pub localized: usize,
    /// The most values in `contacts`. Default 10.
    pub contacts: usize,
    /// The most characters in each contact. Default 254.
    pub contact_chars: usize,
    /// The most bytes in `scope`. Default 4096.
    pub scope_bytes: usize,
    /// The most characters in `software_id` and in `software_version`. Default 255.
    pub software_chars: usize,
}

impl Default for MetadataLimits {
    fn default() -> Self {
        Self {
            client_name_chars: 128,
            uri_bytes: 2048,
            localized: 100,
            contacts: 10,
            contact_chars: 254,
            scope_bytes: 4096,
            software_chars: 255,
        }
    }
}

impl MetadataLimits {
    fn is_default(&self) -> bool {
        *self == Self::default()
    }
}
