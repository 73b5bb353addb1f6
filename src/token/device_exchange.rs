use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::{
    access::{ApiAccess, StoredAccess},
    client::Client,
    envelope::{self, Envelope},
    parameters::Parameter,
    token::{
        DeviceFault, GrantFault, Lookup, RefreshFamily, RefreshTokenAction, TokenDecision,
        TokenError as Error, TokenRefusal, lookup::Bound, token_grant::Authenticated,
    },
    types::{ClientId, TenantId, Timestamp},
};

/// An authenticated request to redeem a device code (RFC 8628 section 3.4).
///
/// The pages and the polling of the device flow are the host's. At its device authorization endpoint
/// it asks [`TenantSettings::access`](crate::TenantSettings::access) and keeps a [`DeviceBinding`];
/// here it answers [`refuse`](Self::refuse) until the user has approved, and then
/// [`check`](Self::check)s.
#[derive(Debug)]
pub struct DeviceExchange<'a>(pub(super) Authenticated<'a>);

impl DeviceExchange<'_> {
    /// The device code, as presented. It is secret.
    pub fn device_code(&self) -> &str {
        self.0.value(Parameter::DeviceCode)
    }

    /// Checks the request against what the user has approved. As with a code, mark the device code as
    /// used in one atomic step after that.
    ///
    /// # Errors
    /// [`TokenError::Device`](Error::Device) if the device code has expired;
    /// [`TokenError::InvalidGrant`](Error::InvalidGrant) if it is unknown or another client's, or was
    /// used, or the client may no longer have what it was given;
    /// [`TokenError::Access`](Error::Access) if the request is about another API.
    pub fn check(&self, found: Lookup<'_, DeviceBinding>) -> Result<TokenDecision, TokenRefusal> {
        self.decide(found).map_err(|error| self.0.refuse(error))
    }

    /// The refusal of a device code that the user has not approved.
    pub const fn refuse(&self, fault: DeviceFault) -> TokenRefusal {
        self.0.refuse(Error::Device(fault))
    }

    /// The refusal of a device code that was used between the check and the atomic step.
    pub const fn replayed(&self) -> TokenRefusal {
        self.0.refuse(Error::InvalidGrant(GrantFault::Replayed))
    }

    fn decide(&self, found: Lookup<'_, DeviceBinding>) -> Result<TokenDecision, Error> {
        // RFC 8628 section 3.5 has a code of its own for this.
        let bound = self.0.own(found).map_err(|error| match error {
            Error::InvalidGrant(GrantFault::Expired) => Error::Device(DeviceFault::ExpiredToken),
            error => error,
        });
        let bound = &bound?.0;
        let access = self.0.still(&bound.access)?;
        Ok(TokenDecision {
            tenant: bound.tenant.clone(),
            client_id: bound.client_id.clone(),
            refresh_token: RefreshTokenAction::first(&access),
            access,
            given: bound.access.clone(),
            family: RefreshFamily::unrotated(),
            began_at: self.0.now,
            nonce: None,
        })
    }
}

/// What a device code stands for, once the user has approved. It is kept as a
/// [`CodeBinding`](crate::authorization::CodeBinding) is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct DeviceBinding(#[serde(with = "envelope")] Content);

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Content {
    tenant: TenantId,
    client_id: ClientId,
    #[serde(with = "StoredAccess")]
    access: ApiAccess,
    expires_at: Timestamp,
}

impl DeviceBinding {
    /// What the device code of `client` stands for: `access`, which the client was given, until
    /// `lifetime` after `now`: the `expires_in` that the host has told the device
    /// (RFC 8628 section 3.2).
    pub fn new(client: &Client, access: ApiAccess, now: Timestamp, lifetime: Duration) -> Self {
        Self(Content {
            tenant: client.tenant().clone(),
            client_id: client.id().clone(),
            access,
            expires_at: now.saturating_add(lifetime),
        })
    }

    /// The client that may redeem the device code.
    pub const fn client_id(&self) -> &ClientId {
        &self.0.client_id
    }

    /// What it will be given.
    pub const fn access(&self) -> &ApiAccess {
        &self.0.access
    }

    /// When the device code ends.
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
