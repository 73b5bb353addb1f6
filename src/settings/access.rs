//! APIs, client grants and connections, which decide what a registered client can do.

use serde::{Deserialize, Serialize};

use crate::types::ClientId;

/// An API that the tenant protects.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct ApiSettings {
    /// The audience of the API's access tokens.
    pub identifier: String,
    /// The scopes of the API. Default none.
    #[serde(default)]
    pub scopes: Vec<String>,
    /// Which clients may request a token on behalf of a user. Default: clients with a grant.
    #[serde(default)]
    pub policy: ApiPolicy,
    /// Whether the API belongs to the authorization server itself. No strict client can reach a system API.
    /// Default `false`.
    #[serde(default)]
    pub system: bool,
}

impl ApiSettings {
    /// An API without scopes, for clients with a grant.
    pub fn new(identifier: impl Into<String>) -> Self {
        let (scopes, policy) = (Vec::new(), ApiPolicy::default());
        Self {
            identifier: identifier.into(),
            scopes,
            policy,
            system: false,
        }
    }
}

/// Removes the slash of an empty path from `identifier`. The URLs with and without this slash are equivalent
/// (RFC 3986 section 6.2.3), and clients that normalize URLs add it.
pub(crate) fn without_empty_path(identifier: &str) -> &str {
    let is_origin = |text: &&str| {
        let authority = text.split_once("://").map(|(_, rest)| rest);
        authority.is_some_and(|rest| !rest.contains(['/', '?', '#']))
    };
    let shorter = identifier.strip_suffix('/');
    shorter.filter(is_origin).unwrap_or(identifier)
}

/// Which clients may request a token of an API on behalf of a user.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ApiPolicy {
    /// Every permissive client, and strict clients with a grant.
    AllowAll,
    /// Clients with a grant.
    #[default]
    RequireClientGrant,
    /// No client.
    Deny,
}

/// A client grant: the access to an API of one client, or of every third-party client.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "ClientGrantJson", into = "ClientGrantJson")]
#[non_exhaustive]
pub struct ClientGrant {
    /// The client that has the grant, or all third-party clients.
    pub grantee: Grantee,
    /// The identifier of the API.
    pub audience: String,
    /// The scopes of the API that the grant covers.
    pub scope: GrantedScope,
    /// Whether the grant covers access on behalf of a user, or of the client itself.
    pub subject_type: SubjectType,
}

/// The client or clients that have a client grant.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Grantee {
    /// One client. The grant replaces the default grant for this client.
    Client(ClientId),
    /// Every third-party client without a separate grant. This is the default grant.
    ThirdPartyClients,
}

/// The scopes of an API that a client grant covers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GrantedScope {
    /// All scopes of the API.
    All,
    /// The listed scopes.
    Listed(Vec<String>),
}

/// The subject for which a client gets access: a user, or the client itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SubjectType {
    /// A user.
    #[default]
    User,
    /// The client itself.
    Client,
}

impl ClientGrant {
    /// A grant of `scope` at the API `audience` on behalf of users.
    pub fn new(grantee: Grantee, audience: impl Into<String>, scope: GrantedScope) -> Self {
        Self {
            grantee,
            audience: audience.into(),
            scope,
            subject_type: SubjectType::User,
        }
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ClientGrantJson {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    client_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    default_for: Option<DefaultFor>,
    audience: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    scope: Option<Vec<String>>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    allow_all_scopes: bool,
    #[serde(default)]
    subject_type: SubjectType,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum DefaultFor {
    ThirdPartyClients,
}

impl TryFrom<ClientGrantJson> for ClientGrant {
    type Error = &'static str;

    fn try_from(json: ClientGrantJson) -> Result<Self, Self::Error> {
        let grantee = match (json.client_id, json.default_for) {
            (Some(id), None) => ClientId::parse(&id).map(Grantee::Client).map_err(
                |_| "client_id is not a client id: write 1 to 512 visible ASCII characters",
            )?,
            (None, Some(DefaultFor::ThirdPartyClients)) => Grantee::ThirdPartyClients,
            _ => {
                return Err(
                    "a client grant must have either client_id, or default_for: \"third_party_clients\"",
                );
            }
        };
        let scope = match (json.scope, json.allow_all_scopes) {
            (Some(scope), false) => GrantedScope::Listed(scope),
            (None, true) => GrantedScope::All,
            _ => {
                return Err(
                    "a client grant must have either a list of scopes in scope, or allow_all_scopes: true",
                );
            }
        };
        Ok(Self {
            grantee,
            audience: json.audience,
            scope,
            subject_type: json.subject_type,
        })
    }
}

impl From<ClientGrant> for ClientGrantJson {
    fn from(grant: ClientGrant) -> Self {
        let (client_id, default_for) = match grant.grantee {
            Grantee::Client(id) => (Some(id.as_str().to_owned()), None),
            Grantee::ThirdPartyClients => (None, Some(DefaultFor::ThirdPartyClients)),
        };
        let (scope, allow_all_scopes) = match grant.scope {
            GrantedScope::Listed(scope) => (Some(scope), false),
            GrantedScope::All => (None, true),
        };
        let ClientGrant {
            audience,
            subject_type,
            ..
        } = grant;
        Self {
            client_id,
            default_for,
            audience,
            scope,
            allow_all_scopes,
            subject_type,
        }
    }
}

/// A way for users to sign in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Connection {
    /// The name of the connection, as in the `connection` parameter.
    pub name: String,
    /// Whether the connection is promoted to the domain level. Third-party clients can use only domain
    /// connections. Default `false`.
    #[serde(default)]
    pub is_domain_connection: bool,
}

impl Connection {
    /// A connection that is not promoted to the domain level.
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            is_domain_connection: false,
        }
    }
}
