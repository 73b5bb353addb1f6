//! What no field shows alone: lists that contradict themselves.

use std::{collections::HashSet, hash::Hash};

use crate::{
    settings::{GrantedScope, SettingsError, TenantSettings, without_empty_path},
    values::is_scope_token,
};

impl TenantSettings {
    /// Checks what no single field shows: that no list says two things of one API, client grant or
    /// connection, and that every scope is one. Reading settings by serde does it; call it for those
    /// that are put together in Rust.
    ///
    /// # Errors
    /// [`SettingsError::Duplicate`] or [`SettingsError::InvalidScope`], with list and place.
    pub fn check(&self) -> Result<(), SettingsError> {
        check_duplicates(self)?;
        check_scopes(self)
    }
}

fn check_duplicates(tenant: &TenantSettings) -> Result<(), SettingsError> {
    let grants = tenant.client_grants.iter();
    let grants = grants.map(|it| (&it.grantee, &it.audience, it.subject_type));
    let found = [
        (
            "apis",
            second(
                tenant
                    .apis
                    .iter()
                    .map(|it| without_empty_path(&it.identifier)),
            ),
        ),
        ("client_grants", second(grants)),
        (
            "connections",
            second(tenant.connections.iter().map(|it| &it.name)),
        ),
    ];
    match found.iter().find_map(|(list, at)| Some((list, (*at)?))) {
        None => Ok(()),
        Some((list, index)) => Err(SettingsError::Duplicate {
            tenant: tenant.id.clone(),
            list,
            index,
        }),
    }
}

/// The place of the first key that is there already.
fn second<K: Eq + Hash>(mut keys: impl Iterator<Item = K>) -> Option<usize> {
    let mut seen = HashSet::new();
    keys.position(|key| !seen.insert(key))
}

fn check_scopes(tenant: &TenantSettings) -> Result<(), SettingsError> {
    let is_wrong = |scopes: &[String]| !scopes.iter().all(|scope| is_scope_token(scope));
    let of_api = tenant.apis.iter().position(|it| is_wrong(&it.scopes));
    let of_grant = tenant.client_grants.iter().position(|it| match &it.scope {
        GrantedScope::Listed(scopes) => is_wrong(scopes),
        GrantedScope::All => false,
    });
    let found = [("apis", of_api), ("client_grants", of_grant)];
    match found.iter().find_map(|(list, at)| Some((list, (*at)?))) {
        None => Ok(()),
        Some((list, index)) => Err(SettingsError::InvalidScope {
            tenant: tenant.id.clone(),
            list,
            index,
        }),
    }
}
