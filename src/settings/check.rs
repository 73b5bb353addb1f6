//! What no entry of a list shows alone: that the list contradicts itself.

use std::{collections::HashSet, fmt, hash::Hash};

use serde::{Deserialize, Deserializer, de::Error as _};

use crate::{
    settings::{
        ApiSettings, ClientGrant, Connection, GrantedScope, SettingsError, TenantSettings,
        without_empty_path,
    },
    values::is_scope_token,
};

impl TenantSettings {
    /// Checks what no single entry shows: that no list says two things of one API, client grant or
    /// connection, and that every scope is one. Reading settings by serde does it; call it for those
    /// that are put together in Rust.
    ///
    /// # Errors
    /// [`SettingsError::Duplicate`] or [`SettingsError::InvalidScope`], with list and place.
    pub fn check(&self) -> Result<(), SettingsError> {
        check_apis(&self.apis)
            .and_then(|()| check_client_grants(&self.client_grants))
            .and_then(|()| check_connections(&self.connections))
            .map_err(|fault| fault.of(self))
    }
}

pub(super) fn apis<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Vec<ApiSettings>, D::Error> {
    let apis: Vec<ApiSettings> = Vec::deserialize(deserializer)?;
    check_apis(&apis).map_err(D::Error::custom)?;
    Ok(apis)
}

pub(super) fn client_grants<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Vec<ClientGrant>, D::Error> {
    let grants: Vec<ClientGrant> = Vec::deserialize(deserializer)?;
    check_client_grants(&grants).map_err(D::Error::custom)?;
    Ok(grants)
}

pub(super) fn connections<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Vec<Connection>, D::Error> {
    let connections: Vec<Connection> = Vec::deserialize(deserializer)?;
    check_connections(&connections).map_err(D::Error::custom)?;
    Ok(connections)
}

fn check_apis(apis: &[ApiSettings]) -> Result<(), ListFault> {
    let names = apis.iter().map(|it| without_empty_path(&it.identifier));
    let with_wrong_scope = apis.iter().position(|it| !are_scopes(&it.scopes));
    ListFault::of_list("apis", second(names), with_wrong_scope)
}

fn check_client_grants(grants: &[ClientGrant]) -> Result<(), ListFault> {
    let names = grants
        .iter()
        .map(|it| (&it.grantee, &it.audience, it.subject_type));
    let with_wrong_scope = grants.iter().position(|it| match &it.scope {
        GrantedScope::Listed(scopes) => !are_scopes(scopes),
        GrantedScope::All => false,
    });
    ListFault::of_list("client_grants", second(names), with_wrong_scope)
}

fn check_connections(connections: &[Connection]) -> Result<(), ListFault> {
    let names = connections.iter().map(|it| &it.name);
    ListFault::of_list("connections", second(names), None)
}

/// The place of the first name that is there already.
fn second<K: Eq + Hash>(mut names: impl Iterator<Item = K>) -> Option<usize> {
    let mut seen = HashSet::new();
    names.position(|name| !seen.insert(name))
}

fn are_scopes(scopes: &[String]) -> bool {
    scopes.iter().all(|scope| is_scope_token(scope))
}

/// What is wrong with which entry of which list.
struct ListFault {
    list: &'static str,
    index: usize,
    is_duplicate: bool,
}

impl ListFault {
    fn of_list(
        list: &'static str,
        duplicate: Option<usize>,
        with_wrong_scope: Option<usize>,
    ) -> Result<(), Self> {
        let fault = |is_duplicate, index| Self {
            list,
            index,
            is_duplicate,
        };
        match (duplicate, with_wrong_scope) {
            (Some(index), _) => Err(fault(true, index)),
            (None, Some(index)) => Err(fault(false, index)),
            (None, None) => Ok(()),
        }
    }

    fn of(self, settings: &TenantSettings) -> SettingsError {
        let Self { list, index, .. } = self;
        let tenant = settings.id.clone();
        if self.is_duplicate {
            SettingsError::Duplicate {
                tenant,
                list,
                index,
            }
        } else {
            SettingsError::InvalidScope {
                tenant,
                list,
                index,
            }
        }
    }
}

impl fmt::Display for ListFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let fault = if self.is_duplicate {
            "is there twice"
        } else {
            "has a scope that is no scope token"
        };
        write!(f, "{}[{}] {fault}", self.list, self.index)
    }
}
