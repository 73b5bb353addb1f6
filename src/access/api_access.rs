use std::collections::HashSet;

use serde::{Deserialize, Serialize};

use crate::{
    access::{
        AccessError,
        scopes::{OFFLINE_ACCESS, is_identity, is_scope},
    },
    types::{Scope, scope_tokens},
};

/// The access that a client was granted: an API, scopes of this API, and whether a refresh token goes with them.
///
/// Only a check creates this value. It is stored only as a part of the result of the check: a decision, or the
/// binding of a code or token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiAccess {
    pub(super) audience: Option<Box<str>>,
    pub(super) scope: Option<Scope>,
    pub(super) offline_access: bool,
}

/// The form of [`ApiAccess`] within a document in an envelope.
#[derive(Serialize, Deserialize)]
#[serde(remote = "ApiAccess", deny_unknown_fields)]
pub(crate) struct StoredAccess {
    audience: Option<Box<str>>,
    scope: Option<Scope>,
    offline_access: bool,
}

impl ApiAccess {
    /// The API, for the `aud` of an access token. It is `None` only for a permissive client that asks for nothing
    /// but the user's identity.
    pub fn audience(&self) -> Option<&str> {
        self.audience.as_deref()
    }

    /// The scopes, in the order in which they were requested, or `None` if there are none.
    pub const fn scope(&self) -> Option<&Scope> {
        self.scope.as_ref()
    }

    /// The scopes, as separate texts.
    pub fn scopes(&self) -> impl Iterator<Item = &str> {
        self.scope.iter().flat_map(Scope::tokens)
    }

    /// The scopes in groups: first those of the API, then those about the user's identity.
    pub fn by_api(&self) -> Vec<ApiScopes<'_>> {
        let (identity, api): (Vec<_>, Vec<_>) = self.scopes().partition(|scope| is_identity(scope));
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

    /// Whether a refresh token goes with this access.
    ///
    /// The client has to be registered for the grant `refresh_token`. It also has to ask for `offline_access`,
    /// unless the tenant's settings say that registering is enough
    /// ([`RefreshTokenWhen`](crate::settings::RefreshTokenWhen)).
    pub const fn has_offline_access(&self) -> bool {
        self.offline_access
    }

    /// The same access without a refresh token, unless `wanted`.
    pub(crate) fn and_offline_access(mut self, wanted: bool) -> Self {
        if self.offline_access && !wanted {
            self = self.narrowed(|token| token != OFFLINE_ACCESS);
            self.offline_access = false;
        }
        self
    }

    /// The same access, reduced to the scopes in `requested`. Scopes that were not granted are left out.
    ///
    /// A request that names no scope of an API is for all of the access: many clients repeat `openid` and
    /// `offline_access` at every refresh, and do not mean to ask for less.
    pub(crate) fn reduced_to(self, requested: &str) -> Result<Self, AccessError> {
        if !is_scope(requested) {
            return Err(AccessError::MalformedScope);
        }
        let wanted: HashSet<&str> = scope_tokens(requested).collect();
        if wanted.iter().all(|token| is_identity(token)) {
            return Ok(self);
        }
        let reduced = self.narrowed(|token| wanted.contains(token));
        if reduced.scopes().all(is_identity) {
            return Err(AccessError::NotGiven);
        }
        Ok(reduced)
    }

    /// The same access, reduced to the scopes for which `keep` returns true.
    pub(crate) fn narrowed(&self, keep: impl Fn(&str) -> bool) -> Self {
        let remaining = self.scopes().filter(|token| keep(token));
        Self {
            audience: self.audience.clone(),
            scope: Scope::of_tokens(
                remaining,
                self.scope().map_or(0, |scope| scope.as_str().len()),
            ),
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
    /// The scopes. The list may be empty.
    pub scopes: Vec<&'a str>,
}
