//! The rules that decide which API a request is about, and which access to it the client gets.

use crate::{
    access::{
        AccessError, AccessRequest, ApiAccess,
        grant_limit::GrantLimit,
        reachable_apis::ReachableApis,
        requester::may_refresh,
        scopes::{OFFLINE_ACCESS, is_identity, is_scope},
        tenant_apis::TenantApis,
    },
    client::Client,
    settings::{
        ApiSettings, RefreshTokenWhen, ScopeWhenNoneRequested, SubjectType, TenantSettings,
    },
    types::{Scope, SecurityMode, scope_tokens},
};

impl AccessRequest<'_> {
    /// Decides which of the requested scopes `client` gets: the scopes that its grant covers and the API knows.
    ///
    /// A strict client always needs a grant: its own or, if it has none, the default for third-party
    /// clients. Whether a permissive client needs a grant depends on the policy of the API.
    ///
    /// ```
    /// # use oauth_dcr::{access::{AccessError, AccessRequest}, Client, TenantSettings};
    /// # fn demo(tenant: &TenantSettings, client: &Client) -> Result<(), AccessError> {
    /// let request = AccessRequest::to("https://api.acme.example").scope("read:items");
    /// let access = request.check(tenant, client)?;
    /// assert!(access.scopes().all(|scope| scope == "read:items"));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`AccessError`] says why the client gets nothing.
    pub fn check(self, tenant: &TenantSettings, client: &Client) -> Result<ApiAccess, AccessError> {
        if client.tenant() != &tenant.id || client.is_blocked() {
            return Err(AccessError::NotForClient);
        }
        if !is_scope(self.requested()) {
            return Err(AccessError::MalformedScope);
        }
        let offline_access = self.gives_refresh_token(tenant, client);
        let limit = match self.named_api(tenant, client)? {
            Some(api) => {
                let apis = TenantApis::of(tenant);
                Some(apis.limit(client.into(), api, self.subject_type)?)
            }
            None => None,
        };
        Ok(ApiAccess {
            audience: limit.map(|limit| limit.api().identifier.as_str().into()),
            scope: self.granted_scope(tenant, client, limit, offline_access)?,
            offline_access,
        })
    }

    fn requested(&self) -> &str {
        self.scope.unwrap_or_default()
    }

    /// Whether `client` gets a refresh token. A client that acts on its own behalf gets none
    /// (RFC 6749 section 4.4.3).
    fn gives_refresh_token(&self, tenant: &TenantSettings, client: &Client) -> bool {
        let is_wanted = match tenant.refresh_token_when {
            RefreshTokenWhen::OfflineAccessRequested => {
                scope_tokens(self.requested()).any(|token| token == OFFLINE_ACCESS)
            }
            RefreshTokenWhen::Registered => true,
        };
        is_wanted && self.subject_type == SubjectType::User && may_refresh(client)
    }

    /// The API that the request is about. A permissive client may ask for no API.
    fn named_api<'t>(
        &self,
        tenant: &'t TenantSettings,
        client: &Client,
    ) -> Result<Option<&'t ApiSettings>, AccessError> {
        let apis = TenantApis::of(tenant);
        let may_ask_for_identity_alone = client.security_mode() == SecurityMode::Permissive
            && self.subject_type == SubjectType::User;
        let by_audience = self.audience.map(|audience| apis.named(audience));
        let by_resource = self.resource.map(|resource| apis.at(resource));
        let found = match (by_audience, by_resource) {
            (Some(first), Some(second)) => {
                if first.map(|api| &api.identifier) != second.map(|api| &api.identifier) {
                    return Err(AccessError::ApisDiffer);
                }
                first
            }
            (Some(named), None) | (None, Some(named)) => named,
            (None, None) => match &tenant.default_audience {
                Some(audience) => apis.named(audience),
                None if may_ask_for_identity_alone => return Ok(None),
                None if reaches_any(tenant, client, self.subject_type) => {
                    return Err(AccessError::ApiRequired);
                }
                None => return Err(AccessError::NothingOpen),
            },
        };
        found.map(Some).ok_or(AccessError::UnknownApi)
    }

    /// The requested scopes that are granted. Only permissive clients get identity scopes.
    fn granted_scope(
        &self,
        tenant: &TenantSettings,
        client: &Client,
        limit: Option<GrantLimit<'_>>,
        offline_access: bool,
    ) -> Result<Option<Scope>, AccessError> {
        let requested = self.requested();
        let keeps_identity = client.security_mode() == SecurityMode::Permissive;
        let passes = |token: &&str| match *token {
            OFFLINE_ACCESS => keeps_identity && offline_access,
            token if is_identity(token) => keeps_identity,
            token => limit.is_some_and(|limit| limit.covers(token)),
        };
        let of_api = || scope_tokens(requested).filter(|token| !is_identity(token));
        let asks_for_api = of_api().next().is_some();
        if asks_for_api && !of_api().any(|token| passes(&token)) {
            return Err(AccessError::NothingLeft);
        }
        let wants_whole =
            !asks_for_api && tenant.scope_when_none_requested == ScopeWhenNoneRequested::WholeGrant;
        let unrequested = limit.into_iter().filter(|_| wants_whole);
        let granted = scope_tokens(requested)
            .filter(passes)
            .chain(unrequested.flat_map(GrantLimit::scopes));
        Ok(Scope::of_tokens(granted, requested.len()))
    }
}

/// Whether `client` can reach any API of the tenant.
fn reaches_any(tenant: &TenantSettings, client: &Client, subject_type: SubjectType) -> bool {
    let reachable = ReachableApis::of(tenant, client.into());
    let mut apis = reachable.apis();
    apis.any(|api| reachable.reaches(api, &[subject_type]))
}
