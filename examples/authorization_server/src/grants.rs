//! What users have consented to.

use std::sync::{Mutex, MutexGuard, PoisonError};

use oauth_dcr::{Client, ClientId, TenantId, token::RefreshFamily};

use crate::demonstration::User;

/// The consent of a user, or the access of a client for itself. All codes and tokens from a grant share the
/// grant, so that they end together.
pub(crate) struct Grant {
    tenant: TenantId,
    client_id: ClientId,
    pub(crate) user: Option<&'static User>,
    /// The state of the refresh tokens. The grant ends with this family, even if it has no refresh token.
    family: Mutex<RefreshFamily>,
}

impl Grant {
    pub(crate) const fn new(
        tenant: TenantId,
        client_id: ClientId,
        user: Option<&'static User>,
    ) -> Self {
        Self {
            tenant,
            client_id,
            user,
            family: Mutex::new(RefreshFamily::unrotated()),
        }
    }

    pub(crate) const fn tenant(&self) -> &TenantId {
        &self.tenant
    }

    pub(crate) const fn client_id(&self) -> &ClientId {
        &self.client_id
    }

    pub(crate) fn is_of(&self, client: &Client) -> bool {
        self.is_of_id(client.tenant(), client.id())
    }

    pub(crate) fn is_of_id(&self, tenant: &TenantId, client_id: &ClientId) -> bool {
        self.tenant == *tenant && self.client_id == *client_id
    }

    /// The family, locked: a request that reads it changes it before another request can read it.
    pub(crate) fn family(&self) -> MutexGuard<'_, RefreshFamily> {
        self.family.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn is_revoked(&self) -> bool {
        self.family().is_ended()
    }

    pub(crate) fn revoke(&self) {
        let mut family = self.family();
        *family = family.ended();
    }
}
