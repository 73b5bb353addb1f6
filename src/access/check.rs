//! The rules: which API a request is about, and what its client may have of it.

use std::collections::HashSet;

use crate::{
    access::{
        AccessError, AccessRequest, ApiAccess,
        scopes::{OFFLINE_ACCESS, is_identity, is_scope},
    },
    client::Client,
    settings::{
        ApiPolicy, ApiSettings, ClientGrant, GrantedScope, Grantee, RefreshTokenWhen,
        ScopeWhenNoneRequested, SubjectType, TenantSettings, without_empty_path,
    },
    types::{ClientId, GrantType, Scope, SecurityMode, scope_tokens},
};

/// Whose access it is: a client's, or that of one that has yet to register.
#[derive(Clone, Copy)]
pub(super) struct Asker<'a> {
    pub(super) mode: SecurityMode,
    pub(super) id: Option<&'a ClientId>,
}

impl Asker<'_> {
    /// Whether `grant` is the client's own.
    pub(super) fn owns(self, grant: &ClientGrant) -> bool {
        matches!(&grant.grantee, Grantee::Client(own) if Some(own) == self.id)
    }
}

impl<'a> From<&'a Client> for Asker<'a> {
    fn from(client: &'a Client) -> Self {
        Self {
            mode: client.security_mode(),
            id: Some(client.id()),
        }
    }
}

/// The most that a client may have of an API: scopes that its grant covers and the API knows.
#[derive(Clone, Copy)]
pub(super) struct Ceiling<'a> {
    api: &'a ApiSettings,
    /// What the grant lists; `None` covers all.
    listed: Option<&'a [String]>,
}

impl<'a> Ceiling<'a> {
    /// What the mode of a client and the policy of `api` leave of it. `grant` finds the client grant
    /// that counts, where there has to be one.
    pub(super) fn of(
        api: &'a ApiSettings,
        mode: SecurityMode,
        subject_type: SubjectType,
        grant: impl FnOnce() -> Option<&'a ClientGrant>,
    ) -> Result<Self, AccessError> {
        let is_strict = mode == SecurityMode::Strict;
        // A strict client acts for users only (RFC 6749 section 4.4 is not for it).
        if is_strict && (api.system || subject_type == SubjectType::Client) {
            return Err(AccessError::Closed);
        }
        // The policy is about users; a client on its own behalf always needs a grant.
        match (subject_type, api.policy) {
            (SubjectType::User, ApiPolicy::Deny) => return Err(AccessError::Closed),
            (SubjectType::User, ApiPolicy::AllowAll) if !is_strict => {
                return Ok(Self { api, listed: None });
            }
            _ => {}
        }
        let listed = match &grant().ok_or(AccessError::NoGrant)?.scope {
            GrantedScope::All => None,
            GrantedScope::Listed(scopes) => Some(scopes.as_slice()),
        };
        Ok(Self { api, listed })
    }

    fn covers(self, scope: &str) -> bool {
        let is_it = |known: &String| known == scope;
        self.api.scopes.iter().any(is_it)
            && self.listed.is_none_or(|listed| listed.iter().any(is_it))
    }

    pub(super) fn scopes(self) -> impl Iterator<Item = &'a str> {
        let listed = self.listed.map(|listed| listed.iter().collect());
        let listed: Option<HashSet<&String>> = listed;
        let known = self.api.scopes.iter();
        known
            .filter(move |scope| listed.as_ref().is_none_or(|it| it.contains(scope)))
            .map(String::as_str)
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
    /// # use oauth_dcr::{access::{AccessError, AccessRequest}, Client, TenantSettings};
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
        if client.tenant() != &self.id || client.is_blocked() {
            return Err(AccessError::NotForClient);
        }
        let requested = request.scope.unwrap_or_default();
        if !is_scope(requested) {
            return Err(AccessError::MalformedScope);
        }
        let offline_access = self.gives_refresh_token(client, request.subject_type, requested);
        let ceiling = match self.named_api(client, request)? {
            Some(api) => Some(self.ceiling(client.into(), api, request.subject_type)?),
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
        let is_strict = client.security_mode() == SecurityMode::Strict;
        let ceiling = match given.audience() {
            Some(audience) => {
                let api = self.api(audience).ok_or(AccessError::UnknownApi)?;
                Some(self.ceiling(client.into(), api, SubjectType::User)?)
            }
            None if is_strict => return Err(AccessError::ApiRequired),
            None => None,
        };
        let left = given.narrowed(|token| {
            if is_identity(token) {
                !is_strict
            } else {
                ceiling.is_some_and(|ceiling| ceiling.covers(token))
            }
        });
        if left.scope.is_none() && given.scope.is_some() {
            return Err(AccessError::NothingLeft);
        }
        Ok(left.and_offline_access(may_refresh(client)))
    }

    /// Whether a request that names an API by these parameters is about what was `given`
    /// (RFC 8707 section 2.2).
    pub(crate) fn check_same_api(
        &self,
        given: &ApiAccess,
        audience: Option<&str>,
        resource: Option<&str>,
    ) -> Result<(), AccessError> {
        let own = given.audience();
        let same_audience = audience.is_none_or(|it| own == Some(it));
        let same_resource = resource.is_none_or(|it| {
            let api = self.api_at(it).map(|api| api.identifier.as_str());
            api.is_some() && api == own
        });
        if same_audience && same_resource {
            Ok(())
        } else {
            Err(AccessError::OtherApi)
        }
    }

    /// The scopes of the API that `resource` names which a client can be given that registers now and
    /// asks on behalf of a user. `None` if there is no such API, or such a client gets no token for it
    /// at all.
    ///
    /// An API can say so of itself (`scopes_supported`, RFC 9728 section 2): clients ask for what is
    /// listed there.
    ///
    /// ```
    /// use oauth_dcr::{
    ///     settings::{ApiSettings, ClientGrant, GrantedScope, Grantee},
    ///     TenantSettings,
    /// };
    ///
    /// let mut api = ApiSettings::new("https://api.acme.example");
    /// api.scopes = vec!["read:items".into(), "write:items".into()];
    /// let scope = GrantedScope::Listed(vec!["read:items".into()]);
    /// let grant = ClientGrant::new(Grantee::ThirdPartyClients, &*api.identifier, scope);
    /// let mut tenant = TenantSettings::new();
    /// tenant.apis.push(api);
    /// assert_eq!(tenant.offered_scopes("https://api.acme.example"), None);
    /// tenant.client_grants.push(grant);
    /// let offered = tenant.offered_scopes("https://api.acme.example");
    /// assert_eq!(offered, Some(vec!["read:items"]));
    /// ```
    pub fn offered_scopes(&self, resource: &str) -> Option<Vec<&str>> {
        let api = self.api_at(resource)?;
        let ceiling = self.ceiling(self.newcomer(), api, SubjectType::User).ok()?;
        Some(ceiling.scopes().collect())
    }

    /// Whether a refresh token goes with what `client` is given. A client that acts for itself gets none
    /// (RFC 6749 section 4.4.3).
    fn gives_refresh_token(
        &self,
        client: &Client,
        subject_type: SubjectType,
        requested: &str,
    ) -> bool {
        let is_wanted = match self.refresh_token_when {
            RefreshTokenWhen::OfflineAccessRequested => {
                scope_tokens(requested).any(|token| token == OFFLINE_ACCESS)
            }
            RefreshTokenWhen::Registered => true,
        };
        is_wanted && subject_type == SubjectType::User && may_refresh(client)
    }

    /// The connections that the client may use: those promoted to the domain level.
    pub(crate) fn domain_connections(&self) -> impl Iterator<Item = &str> {
        self.connections
            .iter()
            .filter(|connection| connection.is_domain_connection)
            .map(|connection| connection.name.as_str())
    }

    fn api(&self, identifier: &str) -> Option<&ApiSettings> {
        only(self.apis.iter().filter(|api| api.identifier == identifier))
    }

    /// The API that `resource` names: by the same text or, where there is none, by one that differs
    /// by the slash of an empty path alone, which clients that write URLs anew add
    /// (RFC 3986 section 6.2.3).
    fn api_at(&self, resource: &str) -> Option<&ApiSettings> {
        let wanted = without_empty_path(resource);
        let but_for_slash = |api: &&ApiSettings| without_empty_path(&api.identifier) == wanted;
        self.api(resource)
            .or_else(|| only(self.apis.iter().filter(but_for_slash)))
    }

    /// The API that `request` is about; a permissive client may ask for none.
    fn named_api(
        &self,
        client: &Client,
        request: AccessRequest<'_>,
    ) -> Result<Option<&ApiSettings>, AccessError> {
        let may_ask_for_identity_alone = client.security_mode() == SecurityMode::Permissive
            && request.subject_type == SubjectType::User;
        let by_audience = request.audience.map(|audience| self.api(audience));
        let by_resource = request.resource.map(|resource| self.api_at(resource));
        let found = match (by_audience, by_resource) {
            (Some(one), Some(other)) => {
                if one.map(|api| &api.identifier) != other.map(|api| &api.identifier) {
                    return Err(AccessError::ApisDiffer);
                }
                one
            }
            (Some(named), None) | (None, Some(named)) => named,
            (None, None) => match &self.default_audience {
                Some(audience) => self.api(audience),
                None if may_ask_for_identity_alone => return Ok(None),
                None if self.opens_any(client, request.subject_type) => {
                    return Err(AccessError::ApiRequired);
                }
                None => return Err(AccessError::NothingOpen),
            },
        };
        found.map(Some).ok_or(AccessError::UnknownApi)
    }

    /// A client that registers now.
    pub(super) const fn newcomer(&self) -> Asker<'_> {
        Asker {
            mode: self.registration.security_mode,
            id: None,
        }
    }

    /// Whether there is an API that `client` can reach.
    fn opens_any(&self, client: &Client, subject_type: SubjectType) -> bool {
        self.offer_to(client.into()).reaches_any(&[subject_type])
    }

    fn ceiling<'a>(
        &'a self,
        asker: Asker<'_>,
        api: &'a ApiSettings,
        subject_type: SubjectType,
    ) -> Result<Ceiling<'a>, AccessError> {
        Ceiling::of(api, asker.mode, subject_type, || {
            self.grant(asker, api, subject_type)
        })
    }

    /// The client grant that counts: the client's own replaces the default one; it does not add to it.
    fn grant(
        &self,
        asker: Asker<'_>,
        api: &ApiSettings,
        subject_type: SubjectType,
    ) -> Option<&ClientGrant> {
        let grants = || {
            let all = self.client_grants.iter();
            all.filter(|it| it.audience == api.identifier && it.subject_type == subject_type)
        };
        if grants().any(|it| asker.owns(it)) {
            only(grants().filter(|it| asker.owns(it)))
        } else {
            only(grants().filter(|it| it.grantee == Grantee::ThirdPartyClients))
        }
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
        let of_api = || scope_tokens(requested).filter(|token| !is_identity(token));
        let asks_for_api = of_api().next().is_some();
        if asks_for_api && !of_api().any(|token| passes(&token)) {
            return Err(AccessError::NothingLeft);
        }
        let wants_whole =
            !asks_for_api && self.scope_when_none_requested == ScopeWhenNoneRequested::WholeGrant;
        let unasked = ceiling.into_iter().filter(|_| wants_whole);
        let given = scope_tokens(requested)
            .filter(passes)
            .chain(unasked.flat_map(Ceiling::scopes));
        Ok(Scope::of_tokens(given, requested.len()))
    }
}

/// The one that there is. Of two that say different things neither is believed.
fn only<T>(mut found: impl Iterator<Item = T>) -> Option<T> {
    let first = found.next()?;
    found.next().is_none().then_some(first)
}

/// Whether the client is registered for refresh tokens.
fn may_refresh(client: &Client) -> bool {
    let grants = client.metadata().grant_types();
    grants.contains(GrantType::RefreshToken)
}
