//! APIs, client grants and connections: what a registered client may reach.

use serde::{Deserialize, Serialize};

use crate::types::ClientId;

/// An API that the tenant protects.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct ApiSettings {
    /// The audience of its access tokens.
    pub identifier: String,
    /// The scopes it knows. Default none.
    #[serde(default)]
    pub scopes: Vec<String>,
    /// Who may ask for a token on behalf of a user. Default: clients with a grant.
    #[serde(default)]
    pub policy: ApiPolicy,
    /// Whether it is one of the authorization server's own, closed to every strict client.
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

/// Who may ask for a token of an API on behalf of a user.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ApiPolicy {
    /// Every client; strict clients need a grant all the same.
    AllowAll,
    /// Clients with a grant.
    #[default]
    RequireClientGrant,
    /// Nobody.
    Deny,
}

/// What a client, or every third-party client, may do with an API.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "ClientGrantJson", into = "ClientGrantJson")]
#[non_exhaustive]
pub struct ClientGrant {
    /// Whom it is for.
    pub grantee: Grantee,
    /// The identifier of the API.
    pub audience: String,
    /// Which of the API's scopes it covers.
    pub scope: GrantedScope,
    /// Whether it covers access on behalf of a user or of the client itself.
    pub subject_type: SubjectType,
}

/// Whom a client grant is for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Grantee {
    /// One client; it replaces the default for that client.
    Client(ClientId),
    /// Every third-party client that has no grant of its own: the default permissions.
    ThirdPartyClients,
}

/// Which scopes of an API a client grant covers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GrantedScope {
    /// All that the API knows.
    All,
    /// These.
    Listed(Vec<String>),
}

/// On whose behalf a client grant gives access.
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
                    "a client grant has either client_id, or default_for: \"third_party_clients\"",
                );
            }
        };
        let scope = match (json.scope, json.allow_all_scopes) {
            (Some(scope), false) => GrantedScope::Listed(scope),
            (None, true) => GrantedScope::All,
            _ => return Err("a client grant has either scope, a list, or allow_all_scopes: true"),
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
    /// Its name, as in the `connection` parameter.
    pub name: String,
    /// Whether it is promoted to the domain level: only then does it serve third-party clients.
    /// Default `false`.
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
