use serde::{Deserialize, Serialize};

use crate::{
    acl::{Acl, ForwardedHeader, NetworkSet},
    settings::{ApiSettings, ClientGrant, Connection, Issuer, RegistrationSettings, check},
    values::{SecurityMode, TenantId},
};

/// Everything that one tenant decides.
///
/// It serialises as one entry of the settings document; every field but `id` has a default, and an
/// unknown field is an error.
///
/// ```
/// use oauth_dcr::TenantSettings;
///
/// // A host with one tenant never names it.
/// let settings = TenantSettings::new().enabled();
/// assert!(settings.registration.enabled);
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct TenantSettings {
    /// The tenant's id.
    pub id: TenantId,
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
    /// The API that is meant when a client names none.
    #[serde(default)]
    pub default_audience: Option<String>,
    /// Who may reach the tenant's endpoints. Default everyone.
    #[serde(default)]
    pub acl: Acl,
    /// The networks of proxies whose word about a client counts. Default none.
    #[serde(default)]
    pub trusted_proxies: NetworkSet,
    /// The header in which those proxies name the client's address.
    #[serde(default)]
    pub forwarded_header: ForwardedHeader,
    /// The headers in which they pass on what else they know of a client.
    #[serde(default)]
    pub signal_headers: SignalHeaders,
    /// The APIs that the tenant protects.
    #[serde(default, deserialize_with = "check::apis")]
    pub apis: Vec<ApiSettings>,
    /// Which clients may reach which API. Default: none may reach any.
    #[serde(default, deserialize_with = "check::client_grants")]
    pub client_grants: Vec<ClientGrant>,
    /// The ways for users to sign in.
    #[serde(default, deserialize_with = "check::connections")]
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
            hosts: Vec::new(),
            issuer: None,
            registration: RegistrationSettings::default(),
            unknown_authorize_parameters: UnknownParameters::default(),
            scope_when_none_requested: ScopeWhenNoneRequested::default(),
            default_audience: None,
            acl: Acl::default(),
            trusted_proxies: NetworkSet::default(),
            forwarded_header: ForwardedHeader::default(),
            signal_headers: SignalHeaders::default(),
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

    /// Lets new clients be born permissive. Ask for it only where clients depend on the behaviour
    /// before the third-party profile.
    #[must_use]
    pub fn permissive(mut self) -> Self {
        self.registration.security_mode = SecurityMode::Permissive;
        self
    }
}

impl Default for TenantSettings {
    fn default() -> Self {
        Self::new()
    }
}

/// What happens to parameters of an authorization request that nobody knows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UnknownParameters {
    /// They are ignored (RFC 6749 section 3.1).
    #[default]
    Ignore,
    /// They refuse the request.
    Reject,
}

/// What a client gets that asks for no scope of an API.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ScopeWhenNoneRequested {
    /// None.
    #[default]
    None,
    /// All that its grant covers.
    WholeGrant,
}

/// The names of the headers in which a trusted proxy passes on what it knows of a client.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct SignalHeaders {
    /// The country, ISO 3166-1 alpha-2.
    pub geo_country_code: Option<HeaderName>,
    /// The subdivision, ISO 3166-2.
    pub geo_subdivision_code: Option<HeaderName>,
    /// The autonomous system's number.
    pub asn: Option<HeaderName>,
    /// The JA3 fingerprint of the TLS handshake.
    pub ja3_fingerprint: Option<HeaderName>,
    /// The JA4 fingerprint of the TLS handshake.
    pub ja4_fingerprint: Option<HeaderName>,
}

/// The name of a header.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct HeaderName(http::HeaderName);

/// A text is not the name of a header.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this is not the name of a header")]
pub struct InvalidHeaderName;

impl HeaderName {
    /// The header that `text` names; letter case does not matter.
    ///
    /// # Errors
    /// [`InvalidHeaderName`] if it holds a character that no name has (RFC 9110 section 5.1).
    pub fn parse(text: &str) -> Result<Self, InvalidHeaderName> {
        text.parse().map(Self).map_err(|_| InvalidHeaderName)
    }

    /// The name in lower case.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

impl TryFrom<String> for HeaderName {
    type Error = InvalidHeaderName;

    fn try_from(text: String) -> Result<Self, InvalidHeaderName> {
        Self::parse(&text)
    }
}

impl From<HeaderName> for String {
    fn from(name: HeaderName) -> Self {
        name.as_str().to_owned()
    }
}
