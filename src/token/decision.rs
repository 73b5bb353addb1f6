use std::{fmt, time::Duration};

use crate::{
    access::ApiAccess,
    client::Client,
    token::{RefreshBinding, refresh},
    values::{ClientId, TenantId, Timestamp},
};

/// What a token request is given. The user whom it is about is whoever the host has kept beside the
/// code or the refresh token.
#[derive(Clone, PartialEq, Eq)]
pub struct TokenDecision {
    pub(super) tenant: TenantId,
    pub(super) client_id: ClientId,
    /// For the access token.
    pub(super) access: ApiAccess,
    /// For the refresh token, which stays good for all of it (RFC 6749 section 6).
    pub(super) given: ApiAccess,
    pub(super) refresh_token: RefreshTokenAction,
    /// When the family of refresh tokens began.
    pub(super) began_at: Timestamp,
    pub(super) nonce: Option<Box<str>>,
}

/// What becomes of the refresh token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RefreshTokenAction {
    /// The client gets none.
    None,
    /// The client gets a new one; one that it presented is good no longer: rotation
    /// (RFC 9700 section 4.14.2).
    Issue,
    /// The one that it presented stays good: it is bound to the client's secret. Replacing it is
    /// allowed.
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

    /// With each that follows.
    pub(super) const fn next(client: &Client) -> Self {
        if client.is_public() {
            Self::Issue
        } else {
            Self::Keep
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

    /// What the access token is good for: its audience, and its `scope`, which the answer has to
    /// repeat (RFC 6749 section 5.1). That may be less than was requested.
    pub const fn access(&self) -> &ApiAccess {
        &self.access
    }

    /// What becomes of the refresh token.
    pub const fn refresh_token(&self) -> RefreshTokenAction {
        self.refresh_token
    }

    /// `nonce` of the authorization request, for an ID token.
    pub fn nonce(&self) -> Option<&str> {
        self.nonce.as_deref()
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
                Some(RefreshBinding::new(refresh::Content {
                    tenant: self.tenant.clone(),
                    client_id: self.client_id.clone(),
                    access: self.given.clone(),
                    began_at: self.began_at,
                    expires_at: now.saturating_add(lifetime.min(RefreshBinding::MAX_LIFETIME)),
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
