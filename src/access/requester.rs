use crate::{
    client::Client,
    settings::{ClientGrant, Grantee, TenantSettings},
    types::{ClientId, GrantType, SecurityMode},
};

/// The client that asks for access: a registered client, or a client that registers now.
#[derive(Clone, Copy)]
pub(super) struct Requester<'a> {
    pub(super) mode: SecurityMode,
    /// `None` for a client that registers now.
    id: Option<&'a ClientId>,
}

impl Requester<'_> {
    /// A client that registers now.
    pub(super) const fn new_client(tenant: &TenantSettings) -> Self {
        Self {
            mode: tenant.registration.security_mode,
            id: None,
        }
    }

    /// Whether `grant` is for this client alone.
    pub(super) fn is_grantee_of(self, grant: &ClientGrant) -> bool {
        matches!(&grant.grantee, Grantee::Client(id) if Some(id) == self.id)
    }
}

impl<'a> From<&'a Client> for Requester<'a> {
    fn from(client: &'a Client) -> Self {
        Self {
            mode: client.security_mode(),
            id: Some(client.id()),
        }
    }
}

/// Whether the client is registered for refresh tokens.
pub(super) fn may_refresh(client: &Client) -> bool {
    let grants = client.metadata().grant_types();
    grants.contains(GrantType::RefreshToken)
}
