//! What is open to a client, for all APIs at once.

use std::{collections::HashMap, hash::Hash};

use crate::{
    access::check::{Asker, Ceiling},
    settings::{
        ApiSettings, ClientGrant, Grantee, SubjectType, TenantSettings, without_empty_path,
    },
    types::SecurityMode,
};

/// The APIs of a tenant and the grants that count for one asker, each read once. What it says of one
/// API is what [`TenantSettings::offered_scopes`] and [`TenantSettings::access`] say, which read all
/// of them for that.
pub(crate) struct Offer<'a> {
    mode: SecurityMode,
    apis: Named<&'a str, &'a ApiSettings>,
    apis_but_for_slash: Named<&'a str, &'a ApiSettings>,
    own: Grants<'a>,
    defaults: Grants<'a>,
}

/// What has a name, by that name. Of two that say different things neither is believed.
type Named<K, T> = HashMap<K, Option<T>>;

type Grants<'a> = Named<(&'a str, SubjectType), &'a ClientGrant>;

fn named<K: Eq + Hash, T>(all: impl Iterator<Item = (K, T)>) -> Named<K, T> {
    let mut named = HashMap::new();
    for (name, it) in all {
        let known = named.entry(name).and_modify(|known| *known = None);
        known.or_insert(Some(it));
    }
    named
}

fn with_api(grant: &ClientGrant) -> ((&str, SubjectType), &ClientGrant) {
    ((&*grant.audience, grant.subject_type), grant)
}

impl TenantSettings {
    /// What is open to a client that registers now.
    pub(crate) fn offer(&self) -> Offer<'_> {
        self.offer_to(self.newcomer())
    }

    pub(super) fn offer_to(&self, asker: Asker<'_>) -> Offer<'_> {
        let (apis, grants) = (self.apis.iter(), self.client_grants.iter());
        let own = grants.clone().filter(|it| asker.owns(it));
        let defaults = grants.filter(|it| it.grantee == Grantee::ThirdPartyClients);
        Offer {
            mode: asker.mode,
            apis: named(apis.clone().map(|api| (&*api.identifier, api))),
            apis_but_for_slash: named(apis.map(|api| (without_empty_path(&api.identifier), api))),
            own: named(own.map(with_api)),
            defaults: named(defaults.map(with_api)),
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
            // A grant of the client's own replaces the default one.
            let grant = || {
                let of = (&*api.identifier, subject);
                let found = self.own.get(&of).or_else(|| self.defaults.get(&of));
                found.copied().flatten()
            };
            Ceiling::of(api, self.mode, subject, grant).ok()
        })
    }
}
