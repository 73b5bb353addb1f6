use std::fmt;

/// A member of a registration request that this crate reads (RFC 7591 section 2).
///
/// Other members are ignored: they are not stored and not returned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Field {
    /// `redirect_uris`
    RedirectUris,
    /// `client_name`
    ClientName,
    /// `token_endpoint_auth_method`
    TokenEndpointAuthMethod,
    /// `grant_types`
    GrantTypes,
    /// `response_types`
    ResponseTypes,
    /// `application_type` (OpenID Connect Registration section 2)
    ApplicationType,
    /// `client_uri`
    ClientUri,
    /// `logo_uri`
    LogoUri,
    /// `policy_uri`
    PolicyUri,
    /// `tos_uri`
    TosUri,
    /// `contacts`
    Contacts,
    /// `scope`
    Scope,
    /// `software_id`
    SoftwareId,
    /// `software_version`
    SoftwareVersion,
    /// `jwks`, which is read only to find private keys
    Jwks,
}

impl Field {
    const ALL: [Self; 15] = [
        Self::RedirectUris,
        Self::ClientName,
        Self::TokenEndpointAuthMethod,
        Self::GrantTypes,
        Self::ResponseTypes,
        Self::ApplicationType,
        Self::ClientUri,
        Self::LogoUri,
        Self::PolicyUri,
        Self::TosUri,
        Self::Contacts,
        Self::Scope,
        Self::SoftwareId,
        Self::SoftwareVersion,
        Self::Jwks,
    ];

    /// The name of the member.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::RedirectUris => "redirect_uris",
            Self::ClientName => "client_name",
            Self::TokenEndpointAuthMethod => "token_endpoint_auth_method",
            Self::GrantTypes => "grant_types",
            Self::ResponseTypes => "response_types",
            Self::ApplicationType => "application_type",
            Self::ClientUri => "client_uri",
            Self::LogoUri => "logo_uri",
            Self::PolicyUri => "policy_uri",
            Self::TosUri => "tos_uri",
            Self::Contacts => "contacts",
            Self::Scope => "scope",
            Self::SoftwareId => "software_id",
            Self::SoftwareVersion => "software_version",
            Self::Jwks => "jwks",
        }
    }

    /// The field with this name, if there is one.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|field| field.as_str() == name)
    }

    /// Whether the field is for people, so a request may have a value for each language
    /// (RFC 7591 section 2.2).
    pub const fn is_human_readable(self) -> bool {
        matches!(
            self,
            Self::ClientName | Self::ClientUri | Self::LogoUri | Self::PolicyUri | Self::TosUri
        )
    }
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
