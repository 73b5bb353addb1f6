use crate::{
    access::{grant_limit::GrantLimit, requester::Requester},
    settings::{
        ApiSettings, ClientGrant, Grantee, SubjectType, TenantSettings, Unique, unique,
        without_empty_path,
    },
    types::SecurityMode,
};

/// All APIs of a tenant and the grants that apply to a requester, indexed.
///
/// The results are the same as those of [`TenantApis`](super::tenant_apis::TenantApis), which searches all APIs
/// for each look-up.
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
        let requester_grants = grants
            .clone()
            .filter(|grant| requester.is_grantee_of(grant));
        let default_grants = grants.filter(|grant| grant.grantee == Grantee::ThirdPartyClients);
        Self {
            mode: requester.mode,
            apis: unique(apis.clone().map(|api| (&*api.identifier, api))),
            apis_but_for_slash: unique(apis.map(|api| (without_empty_path(&api.identifier), api))),
            grants: grants_by_api(requester_grants),
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

    /// The greatest access to `api` that the requester can have, on behalf of each of `subjects` for which it can
    /// get a token.
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

    /// Whether the requester can get a token for `api`, on behalf of any of `subjects`.
    pub(super) fn reaches(&self, api: &'a ApiSettings, subjects: &[SubjectType]) -> bool {
        self.limits(api, subjects).next().is_some()
    }
}
