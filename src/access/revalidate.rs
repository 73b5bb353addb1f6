//! Checks access that was granted earlier: which part of it is still allowed, and whether a request is about it.

use crate::{
    access::{
        AccessError, ApiAccess, requester::may_refresh, scopes::is_identity,
        tenant_apis::TenantApis,
    },
    client::Client,
    settings::{SubjectType, TenantSettings},
    types::SecurityMode,
};

impl ApiAccess {
    /// The part of this access that `client` may still have: a grant may have been withdrawn or reduced since.
    pub(crate) fn revalidate(
        &self,
        tenant: &TenantSettings,
        client: &Client,
    ) -> Result<Self, AccessError> {
        let is_strict = client.security_mode() == SecurityMode::Strict;
        let limit = match self.audience() {
            Some(audience) => {
                let apis = TenantApis::of(tenant);
                let api = apis.named(audience).ok_or(AccessError::UnknownApi)?;
                Some(apis.limit(client.into(), api, SubjectType::User)?)
            }
            None if is_strict => return Err(AccessError::ApiRequired),
            None => None,
        };
        let remaining = self.narrowed(|token| {
            if is_identity(token) {
                !is_strict
            } else {
                limit.is_some_and(|limit| limit.covers(token))
            }
        });
        if remaining.scope.is_none() && self.scope.is_some() {
            return Err(AccessError::NothingLeft);
        }
        Ok(remaining.and_offline_access(may_refresh(client)))
    }

    /// Checks that these parameters of a request name the API of this access, if they name an API
    /// (RFC 8707 section 2.2).
    pub(crate) fn check_same_api(
        &self,
        tenant: &TenantSettings,
        audience: Option<&str>,
        resource: Option<&str>,
    ) -> Result<(), AccessError> {
        let granted = self.audience();
        let is_same_audience = audience.is_none_or(|audience| granted == Some(audience));
        let is_same_resource = resource.is_none_or(|resource| {
            let api = TenantApis::of(tenant).at(resource);
            let named = api.map(|api| api.identifier.as_str());
            named.is_some() && named == granted
        });
        if is_same_audience && is_same_resource {
            Ok(())
        } else {
            Err(AccessError::OtherApi)
        }
    }
}
