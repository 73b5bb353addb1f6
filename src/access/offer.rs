//! What is open to a client that registers now, for all APIs at once.

use std::{collections::HashMap, hash::Hash};

use crate::{
    access::decide::Ceiling,
    settings::{
        ApiSettings, ClientGrant, Grantee, SubjectType, TenantSettings, without_empty_path,
    },
    values::SecurityMode,
};

/// The APIs and default permissions of a tenant, each read once. What it says of one API is what
/// [`TenantSettings::offered_scopes`] says, which reads all of them for that.
pub(crate) struct Offer<'a> {
    mode: SecurityMode,
    apis: Named<&'a str, &'a ApiSettings>,
    apis_but_for_slash: Named<&'a str, &'a ApiSettings>,
    defaults: Named<(&'a str, SubjectType), &'a ClientGrant>,
}

/// What has a name, by that name. Of two that say different things neither is believed.
type Named<K, T> = HashMap<K, Option<T>>;

fn named<K: Eq + Hash, T>(all: impl Iterator<Item = (K, T)>) -> Named<K, T> {
    let mut named = HashMap::new();
    for (name, it) in all {
        let known = named.entry(name).and_modify(|known| *known = None);
        known.or_insert(Some(it));
    }
    named
}

impl TenantSettings {
    pub(crate) fn offer(&self) -> Offer<'_> {
        self.offer_to(self.registration.security_mode)
    }

    /// What is open to clients of `mode` that have no grant of their own.
    pub(super) fn offer_to(&self, mode: SecurityMode) -> Offer<'_> {
        let (apis, grants) = (self.apis.iter(), self.client_grants.iter());
        let defaults = grants.filter(|it| it.grantee == Grantee::ThirdPartyClients);
        Offer {
            mode,
            apis: named(apis.clone().map(|api| (&*api.identifier, api))),
            apis_but_for_slash: named(apis.map(|api| (without_empty_path(&api.identifier), api))),
            defaults: named(defaults.map(|it| ((&*it.audience, it.subject_type), it))),
        }
    }
}

impl<'a> Offer<'a> {
    /// The scopes of all APIs that can be given on behalf of one of `subjects`, sorted, each once.
    pub(crate) fn scopes(&self, subjects: &[SubjectType]) -> Vec<&'a str> {
        let apis = self.apis.values().flatten();
        let ceilings = apis.flat_map(|api| self.ceilings(api, subjects));
        let mut scopes: Vec<_> = ceilings.flat_map(Ceiling::scopes).collect();
        scopes.sort_unstable();
        scopes.dedup();
        scopes
    }

    /// Whether there is a token for any API, on behalf of one of `subjects`.
    pub(crate) fn reaches_any(&self, subjects: &[SubjectType]) -> bool {
        let mut apis = self.apis.values().flatten();
        apis.any(|api| self.ceilings(api, subjects).next().is_some())
    }

    /// Whether there is a token for the API that `resource` names, on behalf of one of `subjects`.
    pub(crate) fn reaches(&self, resource: &str, subjects: &[SubjectType]) -> bool {
        let named = self.apis.get(resource).copied().flatten();
        let but_for_slash = || {
            let resource = without_empty_path(resource);
            self.apis_but_for_slash.get(resource).copied().flatten()
        };
        let api = named.or_else(but_for_slash);
        api.is_some_and(|api| self.ceilings(api, subjects).next().is_some())
    }

    fn ceilings(
        &self,
        api: &'a ApiSettings,
        subjects: &[SubjectType],
    ) -> impl Iterator<Item = Ceiling<'a>> {
        subjects.iter().filter_map(move |&subject| {
            let default = || {
                let default = self.defaults.get(&(&*api.identifier, subject));
                default.copied().flatten()
            };
            Ceiling::of(api, self.mode, subject, default).ok()
        })
    }
}
