//! What a client may reach: APIs by client grants or default permissions, and connections.

use serde::{Deserialize, Serialize};

use crate::{
    client::Client,
    settings::{
        ApiPolicy, ApiSettings, ClientGrant, GrantedScope, Grantee, ScopeWhenNoneRequested,
        SubjectType, TenantSettings,
    },
    values::{GrantType, Scope, SecurityMode, is_scope_token},
};

/// Scopes that no API has: they are about the user's identity or, the last, about a refresh token
/// (OpenID Connect Core sections 5.4 and 11).
const IDENTITY: [&str; 4] = ["openid", "profile", "email", OFFLINE_ACCESS];
const OFFLINE_ACCESS: &str = "offline_access";

/// Bytes of a requested scope, at most.
const MAX_SCOPE_BYTES: usize = 4096;

/// What a request asks for: an API, named by `audience` or by `resource` (RFC 8707), and scopes of
/// it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct AccessRequest<'a> {
    /// The parameter `audience`.
    pub audience: Option<&'a str>,
    /// The parameter `resource`.
    pub resource: Option<&'a str>,
    /// The parameter `scope`.
    pub scope: Option<&'a str>,
    /// On whose behalf the API is reached. Default: a user's.
    pub subject_type: SubjectType,
}

impl<'a> AccessRequest<'a> {
    /// A request for the API `audience`, on behalf of a user.
    pub fn to(audience: &'a str) -> Self {
        Self {
            audience: Some(audience),
            ..Self::default()
        }
    }

    /// The same request, for these scopes.
    #[must_use]
    pub const fn scope(mut self, scope: &'a str) -> Self {
        self.scope = Some(scope);
        self
    }
}

/// What a client was given: an API, scopes of it, and whether a refresh token goes with them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ApiAccess {
    audience: Option<Box<str>>,
    scope: Option<Scope>,
    offline_access: bool,
}

impl ApiAccess {
    /// The API, for the `aud` of an access token. `None` only for a permissive client that asks for
    /// nothing but the user's identity.
    pub fn audience(&self) -> Option<&str> {
        self.audience.as_deref()
    }

    /// The scopes, in the order in which they were requested, or `None` if there are none.
    pub const fn scope(&self) -> Option<&Scope> {
        self.scope.as_ref()
    }

    /// The scopes, one by one.
    pub fn scopes(&self) -> impl Iterator<Item = &str> {
        self.scope.iter().flat_map(Scope::tokens)
    }

    /// The scopes, grouped by what they are about: the API first, then the user's identity.
    pub fn by_api(&self) -> Vec<ApiScopes<'_>> {
        let (identity, api): (Vec<_>, Vec<_>) = self.scopes().partition(|it| is_identity(it));
        let of_api = self.audience().map(|audience| ApiScopes {
            audience: Some(audience),
            scopes: api,
        });
        let of_identity = (!identity.is_empty()).then_some(ApiScopes {
            audience: None,
            scopes: identity,
        });
        of_api.into_iter().chain(of_identity).collect()
    }

    /// Whether a refresh token goes with it: the client asked for `offline_access` and is registered
    /// for the grant `refresh_token`.
    pub const fn has_offline_access(&self) -> bool {
        self.offline_access
    }

    /// Whether a request that names an API by these parameters is about this one.
    pub(crate) fn check_api(
        &self,
        audience: Option<&str>,
        resource: Option<&str>,
    ) -> Result<(), AccessError> {
        let own = self.audience();
        let same_audience = audience.is_none_or(|it| own == Some(it));
        let same_resource =
            resource.is_none_or(|it| own.is_some_and(|own| is_same_resource(own, it)));
        if same_audience && same_resource {
            Ok(())
        } else {
            Err(AccessError::OtherApi)
        }
    }

    /// The same access, reduced to the scopes of `requested`: none that were not given.
    pub(crate) fn reduced_to(
        &self,
        requested: &str,
        mode: SecurityMode,
    ) -> Result<Self, AccessError> {
        if !is_scope(requested) {
            return Err(AccessError::MalformedScope);
        }
        let counts = |token: &&str| match mode {
            SecurityMode::Strict => !is_identity(token),
            SecurityMode::Permissive => *token != OFFLINE_ACCESS,
        };
        let wanted = || tokens(requested).filter(counts);
        let was_given = |token: &str| self.scopes().any(|given| given == token);
        if !wanted().all(was_given) {
            return Err(AccessError::BeyondGiven);
        }
        if wanted().next().is_none() {
            return Ok(self.clone());
        }
        Ok(self.narrowed(|token| wanted().any(|it| it == token)))
    }

    /// The same access, reduced to those of its scopes that `keep` says.
    pub(crate) fn narrowed(&self, keep: impl Fn(&str) -> bool) -> Self {
        let kept = self.scopes().filter(|token| keep(token));
        Self {
            audience: self.audience.clone(),
            scope: Scope::of_tokens(kept, self.scope().map_or(0, |it| it.as_str().len())),
            offline_access: self.offline_access,
        }
    }
}

/// Scopes of one API.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ApiScopes<'a> {
    /// The API, or `None` for scopes that are about the user's identity.
    pub audience: Option<&'a str>,
    /// The scopes; there may be none.
    pub scopes: Vec<&'a str>,
}

/// Why a client may not have what it asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AccessError {
    /// No API is named, and the tenant has no default.
    #[error("audience or resource has to name an API")]
    ApiRequired,
    /// The tenant has no such API.
    #[error("there is no such API")]
    UnknownApi,
    /// `audience` and `resource` name different APIs.
    #[error("audience and resource name different APIs")]
    ApisDiffer,
    /// Different resources in one request; a token is for one API.
    #[error("resource may name one API at a time")]
    SeveralResources,
    /// The API is closed: to everyone, or to third-party clients.
    #[error("this API is closed to the client")]
    Closed,
    /// Neither the client nor third-party clients in general have a grant for the API.
    #[error("the client has no grant for this API")]
    NoGrant,
    /// `scope` is not a list of scope tokens, or longer than 4096 bytes.
    #[error("scope is not a list of scope tokens with one space between")]
    MalformedScope,
    /// Scopes were requested, and the client may have none of them.
    #[error("the client may have none of the requested scopes")]
    NothingLeft,
    /// More scopes are requested than were given (RFC 6749 section 6).
    #[error("more scopes are requested than were given")]
    BeyondGiven,
    /// Another API is named than the one that was given (RFC 8707 section 2.2).
    #[error("another API is named than the one that was given")]
    OtherApi,
}

impl AccessError {
    /// The error code that stands for it (RFC 6749 section 4.1.2.1, RFC 8707 section 2).
    pub const fn code(self) -> &'static str {
        match self {
            Self::ApiRequired => "invalid_request",
            Self::UnknownApi | Self::ApisDiffer | Self::SeveralResources | Self::OtherApi => {
                "invalid_target"
            }
            Self::Closed | Self::NoGrant => "unauthorized_client",
            Self::MalformedScope | Self::NothingLeft | Self::BeyondGiven => "invalid_scope",
        }
    }
}

/// The most that a client may have of an API: scopes that its grant covers and the API knows.
#[derive(Clone, Copy)]
struct Ceiling<'a> {
    api: &'a ApiSettings,
    /// What the grant lists; `None` covers all.
    listed: Option<&'a [String]>,
}

impl<'a> Ceiling<'a> {
    fn covers(self, scope: &str) -> bool {
        let is_it = |known: &String| known == scope;
        self.api.scopes.iter().any(is_it)
            && self.listed.is_none_or(|listed| listed.iter().any(is_it))
    }

    fn scopes(self) -> impl Iterator<Item = &'a str> {
        let known = self.api.scopes.iter().map(String::as_str);
        known.filter(move |scope| self.covers(scope))
    }
}

impl TenantSettings {
    /// Decides what `client` is given of what it asks for: requested scopes that its grant covers and
    /// the API knows.
    ///
    /// A strict client always needs a grant: its own or, if it has none, the default for third-party
    /// clients. For a permissive one the API's policy says whether it does.
    ///
    /// ```
    /// # use oauth_dcr::{Client, AccessError, AccessRequest, TenantSettings};
    /// # fn demo(tenant: &TenantSettings, client: &Client) -> Result<(), AccessError> {
    /// let wanted = AccessRequest::to("https://api.acme.example").scope("read:items");
    /// let access = tenant.access(client, wanted)?;
    /// assert!(access.scopes().all(|scope| scope == "read:items"));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`AccessError`] says why it gets nothing.
    pub fn access(
        &self,
        client: &Client,
        request: AccessRequest<'_>,
    ) -> Result<ApiAccess, AccessError> {
        let requested = request.scope.unwrap_or_default();
        if !is_scope(requested) {
            return Err(AccessError::MalformedScope);
        }
        let offline_access =
            tokens(requested).any(|token| token == OFFLINE_ACCESS) && may_refresh(client);
        let ceiling = match self.named_api(client, request)? {
            Some(api) => Some(self.ceiling(client, api, request.subject_type)?),
            None => None,
        };
        Ok(ApiAccess {
            audience: ceiling.map(|ceiling| ceiling.api.identifier.as_str().into()),
            scope: self.scope(client, ceiling, requested, offline_access)?,
            offline_access,
        })
    }

    /// What is left today of what `client` was given: a grant may have been withdrawn or reduced.
    pub(crate) fn reconsider(
        &self,
        client: &Client,
        given: &ApiAccess,
    ) -> Result<ApiAccess, AccessError> {
        let Some(audience) = given.audience() else {
            return Ok(given.clone());
        };
        let api = self.api(audience).ok_or(AccessError::UnknownApi)?;
        let ceiling = self.ceiling(client, api, SubjectType::User)?;
        let left = given.narrowed(|token| is_identity(token) || ceiling.covers(token));
        if left.scope.is_none() && given.scope.is_some() {
            return Err(AccessError::NothingLeft);
        }
        Ok(left)
    }

    /// The connections that the client may use: those promoted to the domain level.
    pub(crate) fn domain_connections(&self) -> impl Iterator<Item = &str> {
        self.connections
            .iter()
            .filter(|connection| connection.is_domain_connection)
            .map(|connection| connection.name.as_str())
    }

    fn api(&self, identifier: &str) -> Option<&ApiSettings> {
        self.apis.iter().find(|api| api.identifier == identifier)
    }

    /// The API that `request` is about; a permissive client may ask for none.
    fn named_api(
        &self,
        client: &Client,
        request: AccessRequest<'_>,
    ) -> Result<Option<&ApiSettings>, AccessError> {
        let may_ask_for_identity_alone = client.security_mode() == SecurityMode::Permissive
            && request.subject_type == SubjectType::User;
        let found = match (request.audience, request.resource) {
            (Some(audience), Some(resource)) if !is_same_resource(audience, resource) => {
                return Err(AccessError::ApisDiffer);
            }
            (Some(audience), _) => self.api(audience),
            (None, Some(resource)) => self
                .apis
                .iter()
                .find(|api| is_same_resource(&api.identifier, resource)),
            (None, None) => match &self.default_audience {
                Some(audience) => self.api(audience),
                None if may_ask_for_identity_alone => return Ok(None),
                None => return Err(AccessError::ApiRequired),
            },
        };
        found.map(Some).ok_or(AccessError::UnknownApi)
    }

    fn ceiling<'a>(
        &'a self,
        client: &Client,
        api: &'a ApiSettings,
        subject_type: SubjectType,
    ) -> Result<Ceiling<'a>, AccessError> {
        let is_strict = client.security_mode() == SecurityMode::Strict;
        if is_strict && api.system {
            return Err(AccessError::Closed);
        }
        // The policy is about users; a client on its own behalf always needs a grant.
        match (subject_type, api.policy) {
            (SubjectType::User, ApiPolicy::Deny) => return Err(AccessError::Closed),
            (SubjectType::User, ApiPolicy::AllowAll) if !is_strict => {
                return Ok(Ceiling { api, listed: None });
            }
            _ => {}
        }
        let grants = || {
            let all = self.client_grants.iter();
            all.filter(|it| it.audience == api.identifier && it.subject_type == subject_type)
        };
        let is_own =
            |it: &&ClientGrant| matches!(&it.grantee, Grantee::Client(id) if id == client.id());
        let is_default = |it: &&ClientGrant| it.grantee == Grantee::ThirdPartyClients;
        // Its own grant replaces the default one; it does not add to it.
        let grant = grants().find(is_own).or_else(|| grants().find(is_default));
        let listed = match &grant.ok_or(AccessError::NoGrant)?.scope {
            GrantedScope::All => None,
            GrantedScope::Listed(scopes) => Some(scopes.as_slice()),
        };
        Ok(Ceiling { api, listed })
    }

    /// What is left of the requested scopes. Identity scopes are for permissive clients only.
    fn scope(
        &self,
        client: &Client,
        ceiling: Option<Ceiling<'_>>,
        requested: &str,
        offline_access: bool,
    ) -> Result<Option<Scope>, AccessError> {
        let keeps_identity = client.security_mode() == SecurityMode::Permissive;
        let passes = |token: &&str| match *token {
            OFFLINE_ACCESS => keeps_identity && offline_access,
            token if is_identity(token) => keeps_identity,
            token => ceiling.is_some_and(|ceiling| ceiling.covers(token)),
        };
        let asks_for_api = tokens(requested).any(|token| !is_identity(token));
        let wants_whole =
            !asks_for_api && self.scope_when_none_requested == ScopeWhenNoneRequested::WholeGrant;
        let unasked = ceiling.into_iter().filter(|_| wants_whole);
        let given = tokens(requested)
            .filter(passes)
            .chain(unasked.flat_map(Ceiling::scopes));
        let scope = Scope::of_tokens(given, requested.len());
        if asks_for_api && scope.is_none() {
            return Err(AccessError::NothingLeft);
        }
        Ok(scope)
    }
}

/// Whether `resource` names the API `identifier`: the same text, or one that differs by the slash
/// of an empty path alone, which clients that write URLs anew add (RFC 3986 section 6.2.3).
fn is_same_resource(identifier: &str, resource: &str) -> bool {
    let is_origin = |text: &str| {
        let after_scheme = text.split_once("://").map(|(_, rest)| rest);
        after_scheme.is_some_and(|rest| !rest.contains(['/', '?', '#']))
    };
    let adds_slash = |longer: &str, shorter: &str| {
        longer.strip_suffix('/') == Some(shorter) && is_origin(shorter)
    };
    identifier == resource || adds_slash(resource, identifier) || adds_slash(identifier, resource)
}

/// Whether the client is registered for refresh tokens.
fn may_refresh(client: &Client) -> bool {
    let grants = client.metadata().grant_types();
    grants.contains(GrantType::RefreshToken)
}

fn is_scope(text: &str) -> bool {
    text.is_empty() || text.len() <= MAX_SCOPE_BYTES && text.split(' ').all(is_scope_token)
}

fn is_identity(token: &str) -> bool {
    IDENTITY.contains(&token)
}

fn tokens(scope: &str) -> impl Iterator<Item = &str> {
    scope.split(' ').filter(|token| !token.is_empty())
}
