use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::{
    access::{ApiAccess, StoredAccess},
    client::Client,
    envelope::{self, Envelope},
    token::lookup::Bound,
    types::{ClientId, TenantId, Timestamp},
};

/// What a device code stands for once the user has approved the request. The host stores it in the same way as a
/// [`CodeBinding`](crate::authorization::CodeBinding).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct DeviceBinding(#[serde(with = "envelope")] Content);

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Content {
    pub(super) tenant: TenantId,
    pub(super) client_id: ClientId,
    #[serde(with = "StoredAccess")]
    pub(super) access: ApiAccess,
    expires_at: Timestamp,
}

impl DeviceBinding {
    /// Binds a device code to `client` and to `access`, which the client was granted. The code is valid until
    /// `lifetime` after `now`. `lifetime` is the `expires_in` that the host sent to the device
    /// (RFC 8628 section 3.2).
    pub fn new(client: &Client, access: ApiAccess, now: Timestamp, lifetime: Duration) -> Self {
        Self(Content {
            tenant: client.tenant().clone(),
            client_id: client.id().clone(),
            access,
            expires_at: now.saturating_add(lifetime),
        })
    }

    pub(super) const fn content(&self) -> &Content {
        &self.0
    }

    /// The client that may redeem the device code.
    pub const fn client_id(&self) -> &ClientId {
        &self.0.client_id
    }

    /// The access that the client will get.
    pub const fn access(&self) -> &ApiAccess {
        &self.0.access
    }

    /// When the device code expires.
    pub const fn expires_at(&self) -> Timestamp {
        self.0.expires_at
    }
}

impl Bound for DeviceBinding {
    fn tenant(&self) -> &TenantId {
        &self.0.tenant
    }

    fn client_id(&self) -> &ClientId {
        Self::client_id(self)
    }

    fn expires_at(&self) -> Timestamp {
        Self::expires_at(self)
    }
}

impl Envelope for Content {
    const KIND: &'static str = "device_binding";
}
