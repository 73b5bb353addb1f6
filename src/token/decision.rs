use crate::{
    access::ApiAccess,
    token::{RefreshBinding, refresh},
    values::{ClientId, TenantId, Timestamp},
};

/// What a token request is given. The user whom it is about is whoever the host has kept beside the
/// code or the refresh token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenDecision {
    pub(super) tenant: TenantId,
    pub(super) client_id: ClientId,
    /// For the access token.
    pub(super) access: ApiAccess,
    /// For the refresh token, which stays good for all of it (RFC 6749 section 6).
    pub(super) given: ApiAccess,
    pub(super) refresh_token: RefreshTokenRule,
    pub(super) nonce: Option<Box<str>>,
}

/// What becomes of the refresh token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RefreshTokenRule {
    /// The client gets none.
    None,
    /// The client gets a new one; one that it presented is good no longer (RFC 9700 section 4.14.2).
    New,
    /// The one that it presented stays good: it is bound to the client's secret. Replacing it is
    /// allowed.
    Keep,
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
    pub const fn refresh_token(&self) -> RefreshTokenRule {
        self.refresh_token
    }

    /// `nonce` of the authorization request, for the ID token of a permissive client.
    pub fn nonce(&self) -> Option<&str> {
        self.nonce.as_deref()
    }

    /// What to keep with a refresh token, which ends at `expires_at`: there is none without an end.
    /// `None` if the client gets none.
    pub fn refresh_binding(&self, expires_at: Timestamp) -> Option<RefreshBinding> {
        match self.refresh_token {
            RefreshTokenRule::None => None,
            RefreshTokenRule::New | RefreshTokenRule::Keep => {
                Some(RefreshBinding::new(refresh::Content {
                    tenant: self.tenant.clone(),
                    client_id: self.client_id.clone(),
                    access: self.given.clone(),
                    expires_at,
                }))
            }
        }
    }
}
