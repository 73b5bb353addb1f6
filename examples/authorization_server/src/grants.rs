//! What users have consented to.

use std::sync::{Mutex, MutexGuard, PoisonError};

use oauth_dcr::{Client, ClientId, TenantId, token::RefreshFamily};

use crate::demonstration::User;

/// What one user has consented to, or what one client has obtained for itself. Everything that came of it
/// shares it, so that all of it ends at once.
pub(crate) struct Grant {
    tenant: TenantId,
    client_id: ClientId,
    pub(crate) user: Option<&'static User>,
    /// The state of its refresh tokens. The grant ends with its family, also if it has no such token.
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
