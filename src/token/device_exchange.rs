use crate::{
    parameters::Parameter,
    token::{
        DeviceBinding, DeviceFault, GrantFault, Lookup, RefreshFamily, RefreshTokenAction,
        TokenDecision, TokenError as Error, TokenRefusal, authenticated::Authenticated,
    },
};

/// An authenticated request to redeem a device code (RFC 8628 section 3.4).
///
/// The host implements the pages and the polling of the device flow. At its device authorization endpoint, it calls
/// [`AccessRequest::check`](crate::access::AccessRequest::check) and stores a [`DeviceBinding`]. At the token
/// endpoint, it answers [`refuse`](Self::refuse) until the user has approved, and then calls [`check`](Self::check).
#[derive(Debug)]
pub struct DeviceExchange<'a>(pub(super) Authenticated<'a>);

impl DeviceExchange<'_> {
    /// The device code, as presented. It is secret.
    pub fn device_code(&self) -> &str {
        self.0.value(Parameter::DeviceCode)
    }

    /// Checks the request against the access that the user has approved. Then mark the device code as used in one
    /// atomic step, as with an authorization code.
    ///
    /// # Errors
    /// [`TokenError::Device`](Error::Device) if the device code has expired.
    /// [`TokenError::InvalidGrant`](Error::InvalidGrant) if the device code is unknown, belongs to another client or
    /// was used, or if the client may no longer have the access that it was granted.
    /// [`TokenError::Access`](Error::Access) if the request is about another API.
    pub fn check(&self, found: Lookup<'_, DeviceBinding>) -> Result<TokenDecision, TokenRefusal> {
        self.decide(found).map_err(|error| self.0.refuse(error))
    }

    /// The refusal of a device code that the user has not approved.
    pub const fn refuse(&self, fault: DeviceFault) -> TokenRefusal {
        self.0.refuse(Error::Device(fault))
    }

    /// The refusal of a device code that another request used between the check and the atomic step.
    pub const fn replayed(&self) -> TokenRefusal {
        self.0.refuse(Error::InvalidGrant(GrantFault::Replayed))
    }

    fn decide(&self, found: Lookup<'_, DeviceBinding>) -> Result<TokenDecision, Error> {
        // RFC 8628 section 3.5 has a separate error code for an expired device code.
        let bound = self.0.verify(found).map_err(|error| match error {
            Error::InvalidGrant(GrantFault::Expired) => Error::Device(DeviceFault::ExpiredToken),
            error => error,
        });
        let bound = bound?.content();
        let access = self.0.revalidate(&bound.access)?;
        Ok(TokenDecision {
            tenant: bound.tenant.clone(),
            client_id: bound.client_id.clone(),
            refresh_token: RefreshTokenAction::first(&access),
            access,
            granted: bound.access.clone(),
            family: RefreshFamily::unrotated(),
            began_at: self.0.now,
            nonce: None,
        })
    }
}
