use crate::{
    access::{AccessError, grant_limit::GrantLimit, requester::Requester},
    settings::{
        ApiSettings, ClientGrant, Grantee, SubjectType, TenantSettings, without_empty_path,
    },
};

/// The APIs of a tenant and the client grants for them, for looking up a single API.
#[derive(Clone, Copy)]
pub(super) struct TenantApis<'a> {
    apis: &'a [ApiSettings],
    grants: &'a [ClientGrant],
}

impl<'a> TenantApis<'a> {
    pub(super) fn of(tenant: &'a TenantSettings) -> Self {
        Self {
            apis: &tenant.apis,
            grants: &tenant.client_grants,
        }
    }

    /// The API with this identifier.
    pub(super) fn named(self, identifier: &str) -> Option<&'a ApiSettings> {
        only(self.apis.iter().filter(|api| api.identifier == identifier))
    }

    /// The API that `resource` names. If no identifier is exactly this text, an identifier matches that differs
    /// only by the slash of an empty path: clients that normalise URLs add this slash
    /// (RFC 3986 section 6.2.3).
    pub(super) fn at(self, resource: &str) -> Option<&'a ApiSettings> {
        let wanted = without_empty_path(resource);
        let but_for_slash = |api: &&ApiSettings| without_empty_path(&api.identifier) == wanted;
        self.named(resource)
            .or_else(|| only(self.apis.iter().filter(but_for_slash)))
    }

    /// The greatest access to `api` that the requester can have.
    pub(super) fn limit(
        self,
        requester: Requester<'_>,
        api: &'a ApiSettings,
        subject_type: SubjectType,
    ) -> Result<GrantLimit<'a>, AccessError> {
        GrantLimit::of(api, requester.mode, subject_type, || {
            self.grant(requester, api, subject_type)
        })
    }

    /// The client grant that applies. A grant for this client alone replaces the default grant. It does not add to
    /// the default grant.
    fn grant(
        self,
        requester: Requester<'_>,
        api: &ApiSettings,
        subject_type: SubjectType,
    ) -> Option<&'a ClientGrant> {
        let grants = || {
            let all = self.grants.iter();
            all.filter(|grant| {
                grant.audience == api.identifier && grant.subject_type == subject_type
            })
        };
        if grants().any(|grant| requester.is_grantee_of(grant)) {
            only(grants().filter(|grant| requester.is_grantee_of(grant)))
        } else {
            only(grants().filter(|grant| grant.grantee == Grantee::ThirdPartyClients))
        }
    }
}

/// The only entry. If there are two entries, neither is used, because they may contradict each other.
fn only<T>(mut found: impl Iterator<Item = T>) -> Option<T> {
    let first = found.next()?;
    found.next().is_none().then_some(first)
}
