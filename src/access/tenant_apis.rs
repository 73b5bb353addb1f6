use crate::{
    access::{AccessError, grant_limit::GrantLimit, requester::Requester},
    settings::{
        ApiSettings, ClientGrant, Grantee, SubjectType, TenantSettings, without_empty_path,
    },
};

/// The APIs of a tenant and the client grants for them, to look up one API.
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

    /// The API that `resource` names. If no identifier is the same text, one that differs only by the
    /// slash of an empty path counts: clients that write URLs anew add that slash
    /// (RFC 3986 section 6.2.3).
    pub(super) fn at(self, resource: &str) -> Option<&'a ApiSettings> {
        let wanted = without_empty_path(resource);
        let but_for_slash = |api: &&ApiSettings| without_empty_path(&api.identifier) == wanted;
        self.named(resource)
            .or_else(|| only(self.apis.iter().filter(but_for_slash)))
    }

    /// The most that the requester can have of `api`.
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

    /// The client grant that counts. A grant for this client alone replaces the default grant; it does
    /// not add to it.
    fn grant(
        self,
        requester: Requester<'_>,
        api: &ApiSettings,
        subject_type: SubjectType,
    ) -> Option<&'a ClientGrant> {
        let grants = || {
            let all = self.grants.iter();
            all.filter(|it| it.audience == api.identifier && it.subject_type == subject_type)
        };
        if grants().any(|it| requester.is_grantee_of(it)) {
            only(grants().filter(|it| requester.is_grantee_of(it)))
        } else {
            only(grants().filter(|it| it.grantee == Grantee::ThirdPartyClients))
        }
    }
}

/// The only entry. Of two entries that say different things, neither is believed.
fn only<T>(mut found: impl Iterator<Item = T>) -> Option<T> {
    let first = found.next()?;
    found.next().is_none().then_some(first)
}
