use std::{fmt, time::Duration};

use crate::{
    access::{ApiAccess, OFFLINE_ACCESS},
    token::{RefreshBinding, RefreshFamily, refresh_binding},
    types::{ClientId, TenantId, Timestamp},
};

/// The tokens that the host has to issue for a token request. The host stored the user beside the code or the refresh
/// token.
#[derive(Clone, PartialEq, Eq)]
pub struct TokenDecision {
    pub(super) tenant: TenantId,
    pub(super) client_id: ClientId,
    /// The access of the access token.
    pub(super) access: ApiAccess,
    /// The access of the refresh token. It stays the same when a client refreshes with fewer scopes
    /// (RFC 6749 section 6).
    pub(super) granted: ApiAccess,
    pub(super) refresh_token: RefreshTokenAction,
    /// The state after the decision.
    pub(super) family: RefreshFamily,
    /// When the family of refresh tokens began.
    pub(super) began_at: Timestamp,
    pub(super) nonce: Option<Box<str>>,
}

/// Whether the client gets a new refresh token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RefreshTokenAction {
    /// The client gets no refresh token.
    None,
    /// The client gets a new refresh token. If it presented one, this is a rotation (RFC 9700 section 4.14.2), and
    /// [`TokenDecision::refresh_family`] decides how long the old token stays valid.
    Issue,
    /// The refresh token that the client presented stays valid, because it is bound to the client's secret. The host
    /// may also issue another one.
    Keep,
}

impl RefreshTokenAction {
    /// The action when a code or device code is exchanged.
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

    /// The access of the access token: its audience and its scopes. It may be less than the client requested. For
    /// the `scope` of the response, use [`scope`](Self::scope).
    pub const fn access(&self) -> &ApiAccess {
        &self.access
    }

    /// The member `scope` of the response. Send it in every response, unchanged (RFC 6749 section 5.1).
    ///
    /// It contains the scopes of the access token, and `offline_access` if the client has a refresh token from now
    /// on. A confidential client keeps the refresh token that it presented, so its responses contain
    /// `offline_access` without a new token. If no scope was granted, the text is empty. Send it all the same: a
    /// response without `scope` would tell the client that it got everything that it asked for.
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

    /// Whether the client gets a new refresh token.
    pub const fn refresh_token(&self) -> RefreshTokenAction {
        self.refresh_token
    }

    /// The parameter `nonce` of the authorization request, for an ID token.
    pub fn nonce(&self) -> Option<&str> {
        self.nonce.as_deref()
    }

    /// The family of the client's refresh token from now on.
    ///
    /// Store it in the same transaction as the new tokens. For a code, store it as a new family. For a refresh token,
    /// replace the state that was checked, but only if that state has not changed
    /// ([`RefreshExchange`](crate::token::RefreshExchange) shows how).
    ///
    /// The result is `None` if the client gets no refresh token.
    pub fn refresh_family(&self) -> Option<RefreshFamily> {
        (self.refresh_token != RefreshTokenAction::None).then_some(self.family)
    }

    /// The binding to store beside a refresh token that expires `lifetime` after `now`.
    ///
    /// A `lifetime` of more than [`RefreshBinding::MAX_LIFETIME`] is reduced to it, so every token expires. A host
    /// that ends a family after a fixed time uses [`RefreshBinding::began_at`].
    ///
    /// The result is `None` if the client gets no refresh token.
    pub fn refresh_binding(&self, now: Timestamp, lifetime: Duration) -> Option<RefreshBinding> {
        match self.refresh_token {
            RefreshTokenAction::None => None,
            RefreshTokenAction::Issue | RefreshTokenAction::Keep => {
                Some(RefreshBinding::new(refresh_binding::Content {
                    tenant: self.tenant.clone(),
                    client_id: self.client_id.clone(),
                    access: self.granted.clone(),
                    began_at: self.began_at,
                    expires_at: now.saturating_add(lifetime.min(RefreshBinding::MAX_LIFETIME)),
                    generation: self.family.generation(),
                }))
            }
        }
    }
}

/// Leaves out the nonce, which is the client's secret.
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
