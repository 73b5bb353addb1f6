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

/// Everything that one tenant decides.
///
/// It serialises as one entry of the settings document; every field but `id` has a default, and an
/// unknown field is an error. A document may name a `preset`, which sets the fields that it leaves out;
/// `"agents"` is the only preset ([`TenantSettings::for_agents`]). A document that is written has the settings
/// themselves.
///
/// ```
/// use oauth_dcr::TenantSettings;
///
/// // A host with one tenant never names it.
/// let settings = TenantSettings::new().enabled();
/// assert!(settings.registration.enabled);
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
// Serde's derived functions become inherent ones, so that reading can check the whole afterwards.
#[serde(remote = "Self", deny_unknown_fields)]
#[non_exhaustive]
pub struct TenantSettings {
    /// The tenant's id.
    pub id: TenantId,
    /// The preset that the document names, until it is applied; `None` afterwards.
    #[serde(default, skip_serializing)]
    pub(super) preset: Option<Preset>,
    /// The host names that lead to the tenant, without port; letter case does not matter.
    #[serde(default)]
    pub hosts: Vec<String>,
    /// The issuer identifier, as in the server's metadata document. Without one, answers to clients
    /// have no `iss` (RFC 9207).
    #[serde(default)]
    pub issuer: Option<Issuer>,
    /// How clients register.
    #[serde(default)]
    pub registration: RegistrationSettings,
    /// What happens to parameters of an authorization request that nobody knows. Default: ignored
    /// (RFC 6749 section 3.1).
    #[serde(default)]
    pub unknown_authorize_parameters: UnknownParameters,
    /// What a client gets that asks for no scope of an API. Default: none.
    #[serde(default)]
    pub scope_when_none_requested: ScopeWhenNoneRequested,
    /// When a client gets a refresh token. Default: when it requests `offline_access`.
    #[serde(default)]
    pub refresh_token_when: RefreshTokenWhen,
    /// For how many seconds after a rotation the refresh token that was replaced is still good, 0 to 60.
    /// Two processes of one user may share a token store, and refresh at the same moment. Default 0:
    /// a replaced token that is presented again ends its family (RFC 9700 section 4.14.2).
    #[serde(default, deserialize_with = "leeway::read")]
    pub refresh_token_leeway_seconds: u8,
    /// The API that is meant when a client names none.
    #[serde(default)]
    pub default_audience: Option<String>,
    /// Who may reach the tenant's endpoints. Default everyone.
    #[serde(default)]
    pub acl: Acl,
    /// The networks of proxies whose word about a client counts. Default none. They can't be all
    /// addresses: then every client could write its own address.
    #[serde(default, deserialize_with = "proxies::read")]
    pub trusted_proxies: NetworkSet,
    /// How many proxies every connection comes through, 1 to 255, for hosts that can't be reached
    /// around their proxies. The client's address is that value from the right of the header; if the
    /// header has fewer, the address is unknown. With [`trusted_proxies`](Self::trusted_proxies) as
    /// well, the connection has to come from one of them. Default: not counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trusted_hops: Option<NonZeroU8>,
    /// The header in which those proxies name the client's address.
    #[serde(default)]
    pub forwarded_header: ForwardedHeader,
    /// The headers in which they pass on what else they know of a client.
    #[serde(default)]
    pub signal_headers: SignalHeaders,
    /// The signals that the host program sets itself, in the [`Signals`](crate::acl::Signals) that it
    /// gives. A signal that it leaves out of them is absent; if it gives no `Signals` at all, the signal is
    /// unknown. Default none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub signals_from_host: Vec<EdgeSignal>,
    /// The APIs that the tenant protects.
    #[serde(default)]
    pub apis: Vec<ApiSettings>,
    /// Which clients may reach which API. Default: none may reach any.
    #[serde(default)]
    pub client_grants: Vec<ClientGrant>,
    /// The ways for users to sign in.
    #[serde(default)]
    pub connections: Vec<Connection>,
}

impl TenantSettings {
    /// The settings of the only tenant of a host: registration off, everything else by default.
    pub fn new() -> Self {
        Self::with_id(TenantId::sole())
    }

    /// The settings of one tenant of several.
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

    /// Switches registration on: from now on anyone may register.
    #[must_use]
    pub fn enabled(mut self) -> Self {
        self.registration.enabled = true;
        self
    }

    /// Where clients register: below the issuer. `None` without an issuer, and while registration is
    /// off.
    pub fn registration_endpoint(&self) -> Option<String> {
        let issuer = self.issuer.as_ref().filter(|_| self.registration.enabled)?;
        Some(issuer.below(self.registration.path.as_str()))
    }

    /// Whose word about a client counts.
    pub fn proxy_trust(&self) -> ProxyTrust<'_> {
        ProxyTrust::new(&self.trusted_proxies)
            .header(self.forwarded_header)
            .hops(self.trusted_hops)
    }

    /// Whether something tells `signal` by these settings: a header that a proxy is trusted to write,
    /// or the host program.
    pub(crate) fn tells(&self, signal: EdgeSignal) -> bool {
        let by_header = self.signal_headers.of(signal).is_some();
        let by_host = self.signals_from_host.contains(&signal);
        by_host || (by_header && self.proxy_trust().is_possible())
    }

    /// Creates new clients in permissive mode. Use it only where clients depend on the behaviour
    /// before the third-party profile.
    #[must_use]
    pub fn permissive(mut self) -> Self {
        self.registration.security_mode = SecurityMode::Permissive;
        self
    }

    /// The API with exactly this identifier, as grants name it.
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
