//! What a third-party client may have of an API, by hand: one profile, no settings but the lists.

use std::sync::Arc;

use serde::{Deserialize, Deserializer};

/// A tenant, as far as the checks look at it.
#[derive(Deserialize)]
pub(crate) struct Tenant {
    #[serde(deserialize_with = "shared")]
    pub(crate) id: Arc<str>,
    pub(crate) issuer: Option<String>,
    default_audience: Option<String>,
    apis: Vec<Api>,
    client_grants: Vec<ClientGrant>,
    pub(crate) connections: Vec<Connection>,
}

#[derive(Deserialize)]
struct Api {
    identifier: String,
    scopes: Vec<String>,
    #[serde(default)]
    policy: Policy,
    #[serde(default)]
    system: bool,
}

#[derive(Default, PartialEq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Policy {
    AllowAll,
    #[default]
    RequireClientGrant,
    Deny,
}

#[derive(Deserialize)]
struct ClientGrant {
    /// The default for third-party clients has none.
    client_id: Option<String>,
    audience: String,
    /// None covers all.
    scope: Option<Vec<String>>,
    #[serde(default)]
    subject_type: SubjectType,
}

#[derive(Default, PartialEq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum SubjectType {
    #[default]
    User,
    Client,
}

#[derive(Deserialize)]
pub(crate) struct Connection {
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) is_domain_connection: bool,
}

/// A client as it was stored.
#[derive(Deserialize)]
pub(crate) struct Client {
    tenant: String,
    #[serde(rename = "client_id")]
    pub(crate) id: String,
    #[serde(skip)]
    pub(crate) secret_sha256: Option<[u8; 32]>,
    #[serde(default)]
    pub(crate) blocked: bool,
    pub(crate) metadata: Metadata,
}

#[derive(Deserialize)]
pub(crate) struct Metadata {
    pub(crate) redirect_uris: Vec<String>,
    pub(crate) token_endpoint_auth_method: AuthMethod,
    pub(crate) grant_types: Vec<GrantType>,
    pub(crate) response_types: Vec<ResponseType>,
}

#[derive(Clone, Copy, PartialEq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum AuthMethod {
    None,
    ClientSecretPost,
}

#[derive(Clone, Copy, PartialEq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum GrantType {
    AuthorizationCode,
    RefreshToken,
}

#[derive(Clone, Copy, PartialEq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ResponseType {
    Code,
}

/// What a client is given.
#[derive(Clone, Deserialize)]
pub(crate) struct Access {
    pub(crate) audience: String,
    pub(crate) scope: Option<String>,
    #[serde(rename = "offline_access")]
    pub(crate) offline: bool,
}

impl Client {
    /// Whether it is the one of that id in `tenant`.
    pub(crate) fn is(&self, tenant: &Tenant, id: &str) -> bool {
        *self.tenant == *tenant.id && self.id == id
    }

    pub(crate) fn may_use(&self, grant_type: GrantType) -> bool {
        self.metadata.grant_types.contains(&grant_type)
    }
}

impl Tenant {
    /// What `client` is given of what it asks for, or an error code.
    pub(crate) fn access(
        &self,
        client: &Client,
        audience: Option<&str>,
        resource: Option<&str>,
        scope: Option<&str>,
    ) -> Result<Access, &'static str> {
        let api = self.named_api(audience, resource)?;
        let grant = self.grant(client, api)?;
        let requested = scope.unwrap_or_default();
        let mut given = String::with_capacity(requested.len());
        let (mut asks_for_api, mut offline) = (false, false);
        if requested.len() > 4096 {
            return Err("invalid_scope");
        }
        for token in scope.iter().flat_map(|scope| scope.split(' ')) {
            if !is_scope_token(token) {
                return Err("invalid_scope");
            }
            match token {
                "openid" | "profile" | "email" => {}
                "offline_access" => offline = client.may_use(GrantType::RefreshToken),
                _ => {
                    asks_for_api = true;
                    if covers(api, grant, token) {
                        push_once(&mut given, token);
                    }
                }
            }
        }
        if asks_for_api && given.is_empty() {
            return Err("invalid_scope");
        }
        Ok(Access {
            audience: api.identifier.clone(),
            scope: (!given.is_empty()).then_some(given),
            offline,
        })
    }

    /// What is left today of what `client` was given.
    pub(crate) fn still(&self, client: &Client, given: &Access) -> Result<Access, &'static str> {
        let api = self.api(&given.audience).map_err(|_| "invalid_grant")?;
        let grant = self.grant(client, api).map_err(|_| "invalid_grant")?;
        let scope = given.scope.as_deref().unwrap_or_default();
        let mut left = String::with_capacity(scope.len());
        for token in scope.split(' ').filter(|token| covers(api, grant, token)) {
            push_once(&mut left, token);
        }
        if left.is_empty() && given.scope.is_some() {
            return Err("invalid_grant");
        }
        Ok(Access {
            audience: given.audience.clone(),
            scope: (!left.is_empty()).then_some(left),
            offline: given.offline,
        })
    }

    fn named_api(
        &self,
        audience: Option<&str>,
        resource: Option<&str>,
    ) -> Result<&Api, &'static str> {
        match (audience, resource, self.default_audience.as_deref()) {
            (Some(audience), Some(resource), _) if !is_same_resource(audience, resource) => {
                Err("invalid_target")
            }
            (Some(audience), ..) | (None, None, Some(audience)) => self.api(audience),
            (None, Some(resource), _) => self
                .apis
                .iter()
                .find(|api| is_same_resource(&api.identifier, resource))
                .ok_or("invalid_target"),
            (None, None, None) => Err("invalid_request"),
        }
    }

    fn api(&self, identifier: &str) -> Result<&Api, &'static str> {
        let found = self.apis.iter().find(|api| api.identifier == identifier);
        found.ok_or("invalid_target")
    }

    /// The client's own grant, or the one for all third-party clients.
    fn grant(&self, client: &Client, api: &Api) -> Result<&ClientGrant, &'static str> {
        if api.system || api.policy == Policy::Deny {
            return Err("unauthorized_client");
        }
        let mut default = None;
        for grant in &self.client_grants {
            if grant.audience != api.identifier || grant.subject_type != SubjectType::User {
                continue;
            }
            match &grant.client_id {
                Some(id) if *id == client.id => return Ok(grant),
                Some(_) => {}
                None => default = default.or(Some(grant)),
            }
        }
        default.ok_or("unauthorized_client")
    }
}

fn covers(api: &Api, grant: &ClientGrant, token: &str) -> bool {
    let has = |scopes: &Vec<String>| scopes.iter().any(|scope| scope == token);
    has(&api.scopes) && grant.scope.as_ref().is_none_or(has)
}

pub(crate) fn push_once(scope: &mut String, token: &str) {
    if !scope.split(' ').any(|known| known == token) {
        if !scope.is_empty() {
            scope.push(' ');
        }
        scope.push_str(token);
    }
}

/// Whether both are the same, where the slash of an empty path counts for nothing.
pub(crate) fn is_same_resource(one: &str, other: &str) -> bool {
    one == other || without_empty_path(one) == without_empty_path(other)
}

fn without_empty_path(url: &str) -> &str {
    let is_origin = |text: &str| {
        let after_scheme = text.split_once("://");
        after_scheme.is_some_and(|(_, rest)| !rest.contains(['/', '?', '#']))
    };
    match url.strip_suffix('/') {
        Some(origin) if is_origin(origin) => origin,
        _ => url,
    }
}

pub(crate) fn is_scope_token(token: &str) -> bool {
    let legal = |byte: u8| byte.is_ascii_graphic() && byte != b'"' && byte != b'\\';
    !token.is_empty() && token.bytes().all(legal)
}

pub(crate) fn shared<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Arc<str>, D::Error> {
    String::deserialize(deserializer).map(Into::into)
}
