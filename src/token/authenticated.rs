use std::fmt;

use crate::{
    access::ApiAccess,
    client::Client,
    parameters::{Parameter, Parameters},
    settings::TenantSettings,
    token::{GrantFault, Lookup, TokenError as Error, TokenRefusal, lookup::Bound},
    types::{GrantType, Timestamp},
};

/// A request and the client that sent it.
pub(super) struct Authenticated<'a> {
    pub(super) parameters: Parameters<'a>,
    pub(super) used_authorization_header: bool,
    pub(super) tenant: &'a TenantSettings,
    pub(super) client: &'a Client,
    /// The time of the whole decision.
    pub(super) now: Timestamp,
}

impl Authenticated<'_> {
    pub(super) fn grant_type(&self) -> Result<GrantType, TokenRefusal> {
        let name = self.value(Parameter::GrantType);
        let mut possible = GrantType::allowed_in(self.client.security_mode()).iter();
        let grant_type = possible
            .find(|known| known.as_str() == name)
            .ok_or(self.refuse(Error::UnsupportedGrantType))?;
        if self.client.metadata().grant_types().contains(*grant_type) {
            Ok(*grant_type)
        } else {
            Err(self.refuse(Error::GrantNotRegistered))
        }
    }

    pub(super) fn require(&self, parameter: Parameter) -> Result<(), TokenRefusal> {
        match self.parameters.get(parameter) {
            Some(_) => Ok(()),
            None => Err(self.refuse(Error::missing(parameter))),
        }
    }

    pub(super) fn value(&self, parameter: Parameter) -> &str {
        self.parameters.get(parameter).unwrap_or_default()
    }

    pub(super) const fn refuse(&self, error: Error) -> TokenRefusal {
        TokenRefusal {
            error,
            used_authorization_header: self.used_authorization_header,
            methods: self.tenant.registration.token_endpoint_auth_methods,
        }
    }

    /// The binding that was found, if it belongs to this client and is still valid. The owner is checked first, so
    /// another client learns nothing about the code, and revokes nothing by a replay.
    pub(super) fn verify<'b, B: Bound>(&self, found: Lookup<'b, B>) -> Result<&'b B, Error> {
        let (bound, is_used) = match found {
            Lookup::NotFound => return Err(Error::InvalidGrant(GrantFault::Unknown)),
            Lookup::Active(bound) => (bound, false),
            Lookup::Consumed(bound) => (bound, true),
        };
        self.check_owner(bound)?;
        if is_used {
            return Err(Error::InvalidGrant(GrantFault::Replayed));
        }
        self.check_not_expired(bound)?;
        Ok(bound)
    }

    pub(super) fn check_owner(&self, bound: &impl Bound) -> Result<(), Error> {
        if self.client.tenant() == bound.tenant() && self.client.id() == bound.client_id() {
            Ok(())
        } else {
            Err(Error::InvalidGrant(GrantFault::OtherClient))
        }
    }

    pub(super) fn check_not_expired(&self, bound: &impl Bound) -> Result<(), Error> {
        if self.now < bound.expires_at() {
            Ok(())
        } else {
            Err(Error::InvalidGrant(GrantFault::Expired))
        }
    }

    /// The part of the `granted` access that the client may still have, if the request is about the same API.
    pub(super) fn revalidate(&self, granted: &ApiAccess) -> Result<ApiAccess, Error> {
        let get = |parameter| self.parameters.get(parameter);
        let (audience, resource) = (get(Parameter::Audience), get(Parameter::Resource));
        granted.check_same_api(self.tenant, audience, resource)?;
        granted
            .revalidate(self.tenant, self.client)
            .map_err(|_| Error::InvalidGrant(GrantFault::Withdrawn))
    }
}

/// Shows no parameters: most are secret.
impl fmt::Debug for Authenticated<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Authenticated")
            .field("client_id", self.client.id())
            .finish_non_exhaustive()
    }
}
