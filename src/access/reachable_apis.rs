use crate::{
    access::{grant_limit::GrantLimit, requester::Requester},
    settings::{
        ApiSettings, ClientGrant, Grantee, SubjectType, TenantSettings, Unique, unique,
        without_empty_path,
    },
    types::SecurityMode,
};

/// All APIs of a tenant and the grants that count for a requester, each read once. For one API it gives
/// the same as [`TenantApis`](super::tenant_apis::TenantApis), which reads all of them to find it.
#[derive(Clone, Debug)]
pub(super) struct ReachableApis<'a> {
    mode: SecurityMode,
    apis: Unique<&'a str, &'a ApiSettings>,
    apis_but_for_slash: Unique<&'a str, &'a ApiSettings>,
    /// Grants for the requester alone.
    grants: Grants<'a>,
    default_grants: Grants<'a>,
}

type Grants<'a> = Unique<(&'a str, SubjectType), &'a ClientGrant>;

fn grants_by_api<'a>(grants: impl Iterator<Item = &'a ClientGrant>) -> Grants<'a> {
    unique(grants.map(|grant| ((&*grant.audience, grant.subject_type), grant)))
}

impl<'a> ReachableApis<'a> {
    pub(super) fn of(tenant: &'a TenantSettings, requester: Requester<'_>) -> Self {
        let (apis, grants) = (tenant.apis.iter(), tenant.client_grants.iter());
        let own_grants = grants.clone().filter(|it| requester.is_grantee_of(it));
        let default_grants = grants.filter(|it| it.grantee == Grantee::ThirdPartyClients);
        Self {
            mode: requester.mode,
            apis: unique(apis.clone().map(|api| (&*api.identifier, api))),
            apis_but_for_slash: unique(apis.map(|api| (without_empty_path(&api.identifier), api))),
            grants: grants_by_api(own_grants),
            default_grants: grants_by_api(default_grants),
        }
    }

    /// The APIs, in no particular order.
    pub(super) fn apis(&self) -> impl Iterator<Item = &'a ApiSettings> {
        self.apis.values().flatten().copied()
    }

    /// The API that `resource` names.
    pub(super) fn at(&self, resource: &str) -> Option<&'a ApiSettings> {
        let named = self.apis.get(resource).copied().flatten();
        named.or_else(|| {
            let resource = without_empty_path(resource);
            self.apis_but_for_slash.get(resource).copied().flatten()
        })
    }

    /// The most that the requester can have of `api`, on behalf of each of `subjects` for whom there is
    /// a token.
    pub(super) fn limits(
        &self,
        api: &'a ApiSettings,
        subjects: &[SubjectType],
    ) -> impl Iterator<Item = GrantLimit<'a>> {
        subjects.iter().filter_map(move |&subject| {
            // A grant for this client alone replaces the default grant.
            let grant = || {
                let key = (&*api.identifier, subject);
                let found = self.grants.get(&key);
                let found = found.or_else(|| self.default_grants.get(&key));
                found.copied().flatten()
            };
            GrantLimit::of(api, self.mode, subject, grant).ok()
        })
    }

    /// Whether there is a token for `api`, on behalf of one of `subjects`.
    pub(super) fn reaches(&self, api: &'a ApiSettings, subjects: &[SubjectType]) -> bool {
        self.limits(api, subjects).next().is_some()
    }
}
