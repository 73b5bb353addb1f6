use std::collections::HashSet;

use serde::{Deserialize, Serialize};

use crate::{
    settings::TenantSettings,
    values::{TenantId, is_host},
};

/// The settings of all tenants of a host, as one JSON document: `{"tenants": [ ... ]}`.
///
/// ```
/// use oauth_dcr::SettingsDocument;
///
/// let document = SettingsDocument::from_json(
///     r#"{ "tenants": [ { "id": "acme", "registration": { "enabled": true } } ] }"#,
/// )?;
/// assert!(document.tenants()[0].registration.enabled);
/// # Ok::<(), oauth_dcr::SettingsError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SettingsDocument {
    tenants: Vec<TenantSettings>,
}

/// Settings can't be used as they are.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SettingsError {
    /// The text is not JSON, or not of the shape of the settings; the source says where.
    #[error("the settings can't be read")]
    Unreadable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// There is no tenant.
    #[error("the settings name no tenant")]
    NoTenant,
    /// Two tenants have the same id.
    #[error("tenant `{0}` is there twice")]
    DuplicateTenant(TenantId),
    /// Two tenants share a host, so that a request could mean either.
    #[error("tenant `{0}` has a host that another one has")]
    DuplicateHost(TenantId),
    /// A host is not a name or an address alone, so that no request could match it.
    #[error("tenant `{0}` has a host that is none; leave out scheme, port and path")]
    InvalidHost(TenantId),
    /// An entry of a list says what an earlier one says, so that either could be meant: an API of the
    /// same identifier (the slash of an empty path aside), a connection of the same name, or a client
    /// grant for the same client, API and subject type.
    #[error("tenant `{tenant}`: {list}[{index}] is there twice")]
    Duplicate {
        /// The tenant.
        tenant: TenantId,
        /// `apis`, `client_grants` or `connections`.
        list: &'static str,
        /// The place of the second one, from 0.
        index: usize,
    },
    /// A scope of an API or a client grant is no scope token (RFC 6749 section 3.3), so that no
    /// client could ask for it.
    #[error("tenant `{tenant}`: {list}[{index}] has a scope that is no scope token")]
    InvalidScope {
        /// The tenant.
        tenant: TenantId,
        /// `apis` or `client_grants`.
        list: &'static str,
        /// The place of the API or client grant, from 0.
        index: usize,
    },
    /// There are several tenants, and one has no host that leads to it.
    #[error("tenant `{0}` has no host")]
    NoHost(TenantId),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Unchecked {
    tenants: Vec<TenantSettings>,
}

impl SettingsDocument {
    /// The document of these tenants.
    ///
    /// # Errors
    /// [`SettingsError`] if a request could lead to two tenants, or to none.
    pub fn new(tenants: Vec<TenantSettings>) -> Result<Self, SettingsError> {
        let (mut ids, mut hosts) = (HashSet::new(), HashSet::new());
        for tenant in &tenants {
            if !ids.insert(&tenant.id) {
                return Err(SettingsError::DuplicateTenant(tenant.id.clone()));
            }
            if !tenant.hosts.iter().all(|host| is_host(host)) {
                return Err(SettingsError::InvalidHost(tenant.id.clone()));
            }
            if tenant.hosts.is_empty() && tenants.len() > 1 {
                return Err(SettingsError::NoHost(tenant.id.clone()));
            }
            if !tenant
                .hosts
                .iter()
                .all(|host| hosts.insert(host.to_ascii_lowercase()))
            {
                return Err(SettingsError::DuplicateHost(tenant.id.clone()));
            }
            tenant.check()?;
        }
        if tenants.is_empty() {
            return Err(SettingsError::NoTenant);
        }
        Ok(Self { tenants })
    }

    /// Reads a document from JSON.
    ///
    /// # Errors
    /// [`SettingsError::Unreadable`] with line and column for an unknown field, a wrong type, a value
    /// out of range or a list that contradicts itself; otherwise as [`SettingsDocument::new`].
    pub fn from_json(json: &str) -> Result<Self, SettingsError> {
        let Unchecked { tenants } =
            serde_json::from_str(json).map_err(|error| SettingsError::Unreadable(error.into()))?;
        Self::new(tenants)
    }

    /// Writes the document as JSON, every field spelled out.
    ///
    /// # Errors
    /// [`SettingsError::Unreadable`] if the writer refuses, which it has no reason to.
    pub fn to_json(&self) -> Result<String, SettingsError> {
        serde_json::to_string_pretty(self).map_err(|error| SettingsError::Unreadable(error.into()))
    }

    /// The tenants, in the order of the document.
    pub fn tenants(&self) -> &[TenantSettings] {
        &self.tenants
    }

    /// The tenants themselves.
    pub fn into_tenants(self) -> Vec<TenantSettings> {
        self.tenants
    }
}
