use std::num::NonZeroU8;

use serde::{Deserialize, Serialize, Serializer};

use crate::{
    acl::{Acl, EdgeSignal, ForwardedHeader, NetworkSet, ProxyTrust},
    settings::{
        ApiSettings, ClientGrant, Connection, Issuer, RefreshTokenWhen, RegistrationSettings,
        ScopeWhenNoneRequested, SignalHeaders, UnknownParameters, choices::Preset, leeway, proxies,
    },
    types::{SecurityMode, TenantId},
};

/// The settings of one tenant.
///
/// In JSON, they are one entry of the settings document. Every field except for `id` has a default, and an
/// unknown field is an error. An entry may name a `preset`, which sets the fields that the entry omits.
/// `"agents"` is the only preset ([`TenantSettings::for_agents`]). Written JSON has the resulting fields
/// instead of the preset.
///
/// ```
/// use oauth_dcr::TenantSettings;
///
/// // A host with only one tenant need not name it.
/// let settings = TenantSettings::new().enabled();
/// assert!(settings.registration.enabled);
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
// With `remote`, serde derives inherent functions, so that the `Deserialize` below can check the settings.
#[serde(remote = "Self", deny_unknown_fields)]
#[non_exhaustive]
pub struct TenantSettings {
    /// The tenant's id.
    pub id: TenantId,
    /// The preset that the document names, until it is applied. `None` afterwards.
    #[serde(default, skip_serializing)]
    pub(super) preset: Option<Preset>,
    /// The host names of the tenant, without port. Letter case does not matter.
    #[serde(default)]
    pub hosts: Vec<String>,
    /// The issuer identifier, as in the server's metadata document. Without an issuer, responses to clients
    /// have no `iss` (RFC 9207).
    #[serde(default)]
    pub issuer: Option<Issuer>,
    /// The settings of registration.
    #[serde(default)]
    pub registration: RegistrationSettings,
    /// What happens if an authorization request has unknown parameters. Default: they are ignored
    /// (RFC 6749 section 3.1).
    #[serde(default)]
    pub unknown_authorize_parameters: UnknownParameters,
    /// The scopes that a client gets if it requests no scope of an API. Default: none.
    #[serde(default)]
    pub scope_when_none_requested: ScopeWhenNoneRequested,
    /// When a client gets a refresh token. Default: when it requests `offline_access`.
    #[serde(default)]
    pub refresh_token_when: RefreshTokenWhen,
    /// The number of seconds for which a refresh token stays valid after it was replaced, 0 to 60. Two
    /// processes of one user may share a token store, and refresh at the same moment. Default 0: a replaced
    /// token that is presented again ends its family (RFC 9700 section 4.14.2).
    #[serde(default, deserialize_with = "leeway::read")]
    pub refresh_token_leeway_seconds: u8,
    /// The API of a request that names no API.
    #[serde(default)]
    pub default_audience: Option<String>,
    /// The access control list, which decides which requests reach the tenant's endpoints. Default: all
    /// requests.
    #[serde(default)]
    pub acl: Acl,
    /// The networks of the proxies whose headers about the client are trusted. Default none. They can't
    /// contain every address, because then every client could choose its own address.
    #[serde(default, deserialize_with = "proxies::read")]
    pub trusted_proxies: NetworkSet,
    /// The number of proxies through which every connection comes, 1 to 255. Set it only if nobody can reach
    /// the host without passing these proxies. The client's address is the value of the header at this
    /// position, counted from the right. If the header has fewer values, the address is unknown. If
    /// [`trusted_proxies`](Self::trusted_proxies) is set too, the connection must come from one of them.
    /// Default: not counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trusted_hops: Option<NonZeroU8>,
    /// The header in which the trusted proxies write the client's address.
    #[serde(default)]
    pub forwarded_header: ForwardedHeader,
    /// The headers in which the trusted proxies send other signals about the client.
    #[serde(default)]
    pub signal_headers: SignalHeaders,
    /// The signals that the host program sets itself, in the [`Signals`](crate::acl::Signals) of a request.
    /// A signal that it does not set is absent. If the request has no `Signals` at all, the signal is
    /// unknown. Default none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub signals_from_host: Vec<EdgeSignal>,
    /// The APIs that the tenant protects.
    #[serde(default)]
    pub apis: Vec<ApiSettings>,
    /// The grants that say which clients may use which APIs. Default: no client may use any API.
    #[serde(default)]
    pub client_grants: Vec<ClientGrant>,
    /// The ways for users to sign in.
    #[serde(default)]
    pub connections: Vec<Connection>,
}

impl TenantSettings {
    /// The default settings for a host with only one tenant. Registration is off.
    pub fn new() -> Self {
        Self::with_id(TenantId::sole())
    }

    /// The default settings for one of several tenants. Registration is off.
    pub fn with_id(id: TenantId) -> Self {
        Self {
            id,
            preset: None,
            hosts: Vec::new(),
            issuer: None,
            registration: RegistrationSettings::default(),
            unknown_authorize_parameters: UnknownParameters::default(),
            scope_when_none_requested: ScopeWhenNoneRequested::default(),
            refresh_token_when: RefreshTokenWhen::default(),
            refresh_token_leeway_seconds: 0,
            default_audience: None,
            acl: Acl::default(),
            trusted_proxies: NetworkSet::default(),
            trusted_hops: None,
            forwarded_header: ForwardedHeader::default(),
            signal_headers: SignalHeaders::default(),
            signals_from_host: Vec::new(),
            apis: Vec::new(),
            client_grants: Vec::new(),
            connections: Vec::new(),
        }
    }

    /// Switches registration on. Anyone may register then.
    #[must_use]
    pub fn enabled(mut self) -> Self {
        self.registration.enabled = true;
        self
    }

    /// The address of the registration endpoint, which is below the issuer. `None` if there is no issuer, or
    /// registration is off.
    pub fn registration_endpoint(&self) -> Option<String> {
        let issuer = self.issuer.as_ref().filter(|_| self.registration.enabled)?;
        Some(issuer.below(self.registration.path.as_str()))
    }

    /// The proxies whose headers about the client are trusted.
    pub fn proxy_trust(&self) -> ProxyTrust<'_> {
        ProxyTrust::new(&self.trusted_proxies)
            .header(self.forwarded_header)
            .hops(self.trusted_hops)
    }

    /// Whether these settings provide `signal`: by a header of a trusted proxy, or by the host program.
    pub(crate) fn provides(&self, signal: EdgeSignal) -> bool {
        let by_header = self.signal_headers.of(signal).is_some();
        let by_host = self.signals_from_host.contains(&signal);
        by_host || (by_header && self.proxy_trust().is_possible())
    }

    /// Creates new clients in permissive mode. Use this only if clients depend on the behaviour before the
    /// third-party profile.
    #[must_use]
    pub fn permissive(mut self) -> Self {
        self.registration.security_mode = SecurityMode::Permissive;
        self
    }

    /// The API with exactly this identifier.
    pub(super) fn api_named(&self, identifier: &str) -> Option<&ApiSettings> {
        self.apis.iter().find(|api| api.identifier == identifier)
    }
}

impl Serialize for TenantSettings {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Self::serialize(self, serializer)
    }
}

impl Default for TenantSettings {
    fn default() -> Self {
        Self::new()
    }
}
