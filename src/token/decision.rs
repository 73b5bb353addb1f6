use std::{fmt, time::Duration};

use crate::{
    access::{ApiAccess, OFFLINE_ACCESS},
    token::{RefreshBinding, RefreshFamily, refresh_binding},
    types::{ClientId, TenantId, Timestamp},
};

/// What a token request is given. The host has stored the user of the request beside the code or the
/// refresh token.
#[derive(Clone, PartialEq, Eq)]
pub struct TokenDecision {
    pub(super) tenant: TenantId,
    pub(super) client_id: ClientId,
    /// For the access token.
    pub(super) access: ApiAccess,
    /// For the refresh token, which stays good for all of it (RFC 6749 section 6).
    pub(super) given: ApiAccess,
    pub(super) refresh_token: RefreshTokenAction,
    /// After the decision.
    pub(super) family: RefreshFamily,
    /// When the family of refresh tokens began.
    pub(super) began_at: Timestamp,
    pub(super) nonce: Option<Box<str>>,
}

/// What becomes of the refresh token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RefreshTokenAction {
    /// The client gets none.
    None,
    /// The client gets a new one. Where it presented one, [`TokenDecision::refresh_family`] says how
    /// long that one stays good: rotation (RFC 9700 section 4.14.2).
    Issue,
    /// The one that it presented stays good: it is bound to the client's secret. Issuing another one
    /// beside it is allowed.
    Keep,
}

impl RefreshTokenAction {
    /// With the first access token.
    pub(super) const fn first(access: &ApiAccess) -> Self {
        if access.has_offline_access() {
            Self::Issue
        } else {
            Self::None
        }
    }
}

impl TokenDecision {
    /// The tenant.
    pub const fn tenant(&self) -> &TenantId {
        &self.tenant
    }

    /// The client.
    pub const fn client_id(&self) -> &ClientId {
        &self.client_id
    }

    /// What the access token is good for: its audience and its scopes. That may be less than was
    /// requested. For the `scope` of the answer, use [`scope`](Self::scope).
    pub const fn access(&self) -> &ApiAccess {
        &self.access
    }

    /// The member `scope` of the answer: send it in every answer, as it is (RFC 6749 section 5.1).
    ///
    /// It names the scopes of the access token, and `offline_access` if the client has a refresh token
    /// from now on. A confidential client keeps the refresh token that it presented, so its answers name
    /// `offline_access` without a new token. If nothing was given, it is empty: an answer without `scope`
    /// would tell the client that it was given all that it asked for.
    pub fn scope(&self) -> String {
        let of_access = self
            .access
            .scopes()
            .filter(|scope| *scope != OFFLINE_ACCESS);
        let has_refresh_token = self.refresh_token != RefreshTokenAction::None;
        let offline_access = has_refresh_token.then_some(OFFLINE_ACCESS);
        let scopes: Vec<&str> = of_access.chain(offline_access).collect();
        scopes.join(" ")
    }

    /// What becomes of the refresh token.
    pub const fn refresh_token(&self) -> RefreshTokenAction {
        self.refresh_token
    }

    /// `nonce` of the authorization request, for an ID token.
    pub fn nonce(&self) -> Option<&str> {
        self.nonce.as_deref()
    }

    /// The family of the client's refresh token from now on. Store it in the same transaction as the new
    /// tokens: for a code, as a new family; for a refresh token, in the place of the state that was
    /// checked, and only if that is still there ([`RefreshExchange`](crate::token::RefreshExchange) shows how).
    ///
    /// `None` if the client gets no refresh token.
    pub fn refresh_family(&self) -> Option<RefreshFamily> {
        (self.refresh_token != RefreshTokenAction::None).then_some(self.family)
    }

    /// What to keep with a refresh token that ends `lifetime` after `now`; more than
    /// [`RefreshBinding::MAX_LIFETIME`] counts as that: there is none without an end. A host that
    /// lets a family end for good looks at [`RefreshBinding::began_at`].
    ///
    /// `None` if the client gets none.
    pub fn refresh_binding(&self, now: Timestamp, lifetime: Duration) -> Option<RefreshBinding> {
        match self.refresh_token {
            RefreshTokenAction::None => None,
            RefreshTokenAction::Issue | RefreshTokenAction::Keep => {
                Some(RefreshBinding::new(refresh_binding::Content {
                    tenant: self.tenant.clone(),
                    client_id: self.client_id.clone(),
                    access: self.given.clone(),
                    began_at: self.began_at,
                    expires_at: now.saturating_add(lifetime.min(RefreshBinding::MAX_LIFETIME)),
                    generation: self.family.generation(),
                }))
            }
        }
    }
}

/// Without the nonce, which is the client's secret.
impl fmt::Debug for TokenDecision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenDecision")
            .field("tenant", &self.tenant)
            .field("client_id", &self.client_id)
            .field("access", &self.access)
            .field("refresh_token", &self.refresh_token)
            .finish_non_exhaustive()
    }
}
