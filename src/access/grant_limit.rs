use std::collections::HashSet;

use crate::{
    access::AccessError,
    settings::{ApiAvailability, ApiSettings, ClientGrant, GrantedScope, SubjectType},
    types::SecurityMode,
};

/// The greatest access to an API that a client can have: the scopes that its grant covers and the API knows.
#[derive(Clone, Copy)]
pub(super) struct GrantLimit<'a> {
    api: &'a ApiSettings,
    /// The scopes that the grant lists. `None`: the grant covers all scopes.
    listed: Option<&'a [String]>,
}

impl<'a> GrantLimit<'a> {
    /// The limit for clients of `mode`. `grant` finds the client grant that applies. It is called only if the API
    /// requires a grant.
    pub(super) fn of(
        api: &'a ApiSettings,
        mode: SecurityMode,
        subject_type: SubjectType,
        grant: impl FnOnce() -> Option<&'a ClientGrant>,
    ) -> Result<Self, AccessError> {
        let listed = match api.availability(mode, subject_type) {
            ApiAvailability::Closed => return Err(AccessError::Closed),
            ApiAvailability::Open => None,
            ApiAvailability::WithGrant => match &grant().ok_or(AccessError::NoGrant)?.scope {
                GrantedScope::All => None,
                GrantedScope::Listed(scopes) => Some(scopes.as_slice()),
            },
        };
        Ok(Self { api, listed })
    }

    pub(super) const fn api(self) -> &'a ApiSettings {
        self.api
    }

    pub(super) fn covers(self, scope: &str) -> bool {
        let is_same = |known: &String| known == scope;
        self.api.scopes.iter().any(is_same)
            && self.listed.is_none_or(|listed| listed.iter().any(is_same))
    }

    pub(super) fn scopes(self) -> impl Iterator<Item = &'a str> {
        let listed = self.listed.map(|listed| listed.iter().collect());
        let listed: Option<HashSet<&String>> = listed;
        let known = self.api.scopes.iter();
        known
            .filter(move |scope| listed.as_ref().is_none_or(|it| it.contains(scope)))
            .map(String::as_str)
    }
}
