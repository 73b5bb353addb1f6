use crate::{
    access::{grant_limit::GrantLimit, reachable_apis::ReachableApis, requester::Requester},
    settings::{SubjectType, TenantSettings},
};

/// The access to a tenant's APIs that a client can get if it registers now.
///
/// An API can list these scopes in its metadata (`scopes_supported`, RFC 9728 section 2): clients ask for the
/// scopes that are listed there.
///
/// ```
/// use oauth_dcr::{
///     access::NewClientAccess,
///     settings::{ApiSettings, ClientGrant, GrantedScope, Grantee},
///     TenantSettings,
/// };
///
/// let mut api = ApiSettings::new("https://api.acme.example");
/// api.scopes = vec!["read:items".into(), "write:items".into()];
/// let scope = GrantedScope::Listed(vec!["read:items".into()]);
/// let grant = ClientGrant::new(Grantee::ThirdPartyClients, &*api.identifier, scope);
/// let mut tenant = TenantSettings::new();
/// tenant.apis.push(api);
/// assert_eq!(NewClientAccess::of(&tenant).scopes("https://api.acme.example"), None);
/// tenant.client_grants.push(grant);
/// let scopes = NewClientAccess::of(&tenant).scopes("https://api.acme.example");
/// assert_eq!(scopes, Some(vec!["read:items"]));
/// ```
#[derive(Clone, Debug)]
pub struct NewClientAccess<'a>(ReachableApis<'a>);

impl<'a> NewClientAccess<'a> {
    /// Reads the tenant's APIs and client grants.
    pub fn of(tenant: &'a TenantSettings) -> Self {
        Self(ReachableApis::of(tenant, Requester::new_client(tenant)))
    }

    /// The scopes of the API that `resource` names, for a client that acts on behalf of a user. `None` if there is
    /// no such API, or if a new client gets no token for it.
    pub fn scopes(&self, resource: &str) -> Option<Vec<&'a str>> {
        let api = self.0.at(resource)?;
        let limit = self.0.limits(api, &[SubjectType::User]).next()?;
        Some(limit.scopes().collect())
    }

    /// The scopes of all APIs, on behalf of any of `subjects`, sorted and without duplicates.
    pub(crate) fn all_scopes(&self, subjects: &[SubjectType]) -> Vec<&'a str> {
        let limits = self.0.apis().flat_map(|api| self.0.limits(api, subjects));
        let mut scopes: Vec<_> = limits.flat_map(GrantLimit::scopes).collect();
        scopes.sort_unstable();
        scopes.dedup();
        scopes
    }

    /// Whether a new client can get a token for the API that `resource` names, on behalf of any of `subjects`.
    pub(crate) fn reaches(&self, resource: &str, subjects: &[SubjectType]) -> bool {
        let api = self.0.at(resource);
        api.is_some_and(|api| self.0.reaches(api, subjects))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        settings::{
            ApiPolicy, ApiSettings, ClientGrant, GrantedScope, Grantee, SettingsWarning,
            SettingsWarningKind,
        },
        types::SecurityMode,
    };

    const API: &str = "https://api.acme.example";

    /// Tenants with one API and at most one grant for it, in every combination.
    fn tenants() -> Vec<TenantSettings> {
        let mut tenants = Vec::new();
        for mode in [SecurityMode::Strict, SecurityMode::Permissive] {
            for policy in [
                ApiPolicy::AllowAll,
                ApiPolicy::Deny,
                ApiPolicy::RequireClientGrant,
            ] {
                for system in [false, true] {
                    for subject in [None, Some(SubjectType::User), Some(SubjectType::Client)] {
                        let mut api = ApiSettings::new(API);
                        (api.policy, api.system) = (policy, system);
                        let mut tenant = TenantSettings::new().enabled();
                        tenant.registration.security_mode = mode;
                        tenant.apis.push(api);
                        tenant.client_grants.extend(subject.map(|subject| {
                            let grantee = Grantee::ThirdPartyClients;
                            let mut grant = ClientGrant::new(grantee, API, GrantedScope::All);
                            grant.subject_type = subject;
                            grant
                        }));
                        tenants.push(tenant);
                    }
                }
            }
        }
        tenants
    }

    #[test]
    fn settings_warn_if_no_api_is_reachable() {
        let mut reachable = 0;
        for tenant in tenants() {
            let subjects = [SubjectType::User, SubjectType::Client];
            let is_reachable = NewClientAccess::of(&tenant).reaches(API, &subjects);
            let warnings = tenant.warnings();
            let mut kinds = warnings.iter().map(SettingsWarning::kind);
            let is_warned = kinds.any(|kind| kind == SettingsWarningKind::NoReachableApi);
            assert_ne!(is_reachable, is_warned, "{tenant:?}");
            reachable += usize::from(is_reachable);
        }
        assert!(reachable > 5, "{reachable}");
    }
}
