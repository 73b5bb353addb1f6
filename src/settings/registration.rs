use std::num::NonZeroU64;

use serde::{Deserialize, Serialize};

use crate::{
    rate_limit::Quota,
    redirect_uri::RedirectUriPolicy,
    settings::{AllowedOrigins, EndpointPath},
    types::{SecurityMode, TokenEndpointAuthMethod, TokenEndpointAuthMethods},
};

/// How a tenant takes registrations. Off by default.
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
    /// Whether anyone may register. Default `false`.
    pub enabled: bool,
    /// Where the registration endpoint stands below the issuer. Default `/oidc/register`.
    #[serde(skip_serializing_if = "EndpointPath::is_default")]
    pub path: EndpointPath,
    /// The mode that new clients are created with. Default strict.
    pub security_mode: SecurityMode,
    /// The quota of the registration endpoint, shared by all who reach it. `None` switches the
    /// limiter off. Default 5 a second, at most 5 at once.
    pub rate_limit: Option<Quota>,
    /// A second quota, for each source of requests: an IPv4 address, an IPv6 network of 64 bits, or all
    /// requests whose address is unknown. It is asked before `rate_limit`, and what it stops uses up none
    /// of that. Default `None`: there is none, so that one source can use up the rate of all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rate_limit_per_source: Option<Quota>,
    /// The authentication methods that a client may register. Default `none` and
    /// `client_secret_post`.
    pub token_endpoint_auth_methods: TokenEndpointAuthMethods,
    /// What happens to grant types that are not supported. Default: filtered out.
    pub unsupported_grant_types: Unsupported,
    /// What happens to response types that are not supported. Default: filtered out.
    pub unsupported_response_types: Unsupported,
    /// What a refused redirect URI does to the request. Default: it refuses the request.
    pub refused_redirect_uris: RefusedRedirectUris,
    /// Which redirect URIs are accepted.
    pub redirect_uris: RedirectUriPolicy,
    /// How large the other metadata may be.
    #[serde(skip_serializing_if = "MetadataLimits::is_default")]
    pub metadata_limits: MetadataLimits,
    /// The largest request body, in bytes. Default 65,536.
    pub max_body_bytes: usize,
    /// The most clients that the tenant may have. When they are reached, the oldest client that was
    /// never used is evicted for a new one; if there is none, the longest idle one without a live grant;
    /// if there is none, the new one is refused. Default: no limit.
    pub max_clients: Option<NonZeroU64>,
    /// The most clients that one user may have: those that the user was the first to use, as
    /// [`Registrar::mark_used`](crate::Registrar::mark_used) is told. When there are more, the user's longest
    /// idle client is evicted, with or without a live grant, so that one account can't fill a tenant. A client
    /// that a second user has used is evicted only when all of the user's other clients are such clients.
    /// Default: no limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_clients_per_user: Option<NonZeroU64>,
    /// After how many seconds a client that was never used is removed. Default: never.
    pub remove_unused_after_seconds: Option<NonZeroU64>,
    /// For how many seconds a client has to be idle, neither used nor with a live grant, to be
    /// removed. Default: it never is.
    pub remove_idle_after_seconds: Option<NonZeroU64>,
    /// Whether a public client that registers exactly what another one did, loopback ports aside, is
    /// handed the same `client_id` (RFC 7591 section 3.2.1). Default `false`.
    pub fold_identical: bool,
    /// Which web origins may register from a browser. Default any.
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

/// What happens to grant or response types that are not supported.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unsupported {
    /// They are left out, provided something usable remains; the response shows what.
    #[default]
    Filter,
    /// They refuse the request.
    Reject,
}

/// What a refused redirect URI does to the request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RefusedRedirectUris {
    /// It refuses the request.
    #[default]
    #[serde(rename = "refuse")]
    Reject,
    /// It is dropped, provided another remains; the response shows which.
    Narrow,
}

/// How large metadata may be, apart from redirect URIs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct MetadataLimits {
    /// Characters of `client_name` after NFC. Default 128.
    pub client_name_chars: usize,
    /// Bytes of each address that is meant for people, such as `logo_uri`. Default 2048.
    pub uri_bytes: usize,
    /// Names and addresses that are meant for people, those of all languages together. Default 100.
    pub localized: usize,
    /// Values in `contacts`. Default 10.
    pub contacts: usize,
    /// Characters of each contact. Default 254.
    pub contact_chars: usize,
    /// Bytes of `scope`. Default 4096.
    pub scope_bytes: usize,
    /// Characters of `software_id` and of `software_version`. Default 255.
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
