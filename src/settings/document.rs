use std::collections::HashSet;

use serde::{Deserialize, Deserializer, Serialize};

use crate::{
    settings::{SettingsError, SettingsFault, TenantSettings},
    values::TenantId,
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

/// Each tenant is checked once it is known which one of the document it is.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Unchecked {
    tenants: Vec<UncheckedTenant>,
}

struct UncheckedTenant(TenantSettings);

impl<'de> Deserialize<'de> for UncheckedTenant {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        TenantSettings::read(deserializer).map(Self)
    }
}

impl SettingsDocument {
    /// The document of these tenants.
    ///
    /// # Errors
    /// [`SettingsError`] if a request could lead to two tenants or to none, or if the settings of a
    /// tenant can't work ([`TenantSettings::check`]).
    pub fn new(tenants: Vec<TenantSettings>) -> Result<Self, SettingsError> {
        let is_one_of_several = tenants.len() > 1;
        let mut seen = Seen::default();
        for (at, tenant) in tenants.iter().enumerate() {
            seen.check(tenant, is_one_of_several)
                .and_then(|()| tenant.check())
                .map_err(|error| error.of_tenant(at))?;
        }
        if tenants.is_empty() {
            return Err(SettingsError::new("tenants", SettingsFault::NoTenant));
        }
        Ok(Self { tenants })
    }

    /// Reads a document from JSON. A byte order mark before it is skipped.
    ///
    /// # Errors
    /// [`SettingsFault::Unreadable`] for an unknown field, a wrong type or a value that is out of range;
    /// its source has line and column. Otherwise as [`SettingsDocument::new`].
    pub fn from_json(json: &str) -> Result<Self, SettingsError> {
        let json = json.strip_prefix('\u{feff}').unwrap_or(json);
        let mut reader = serde_json::Deserializer::from_str(json);
        let read: Result<Unchecked, _> = serde_path_to_error::deserialize(&mut reader);
        let Unchecked { tenants } = read.map_err(|error| {
            let path = error.path().to_string();
            unreadable(path, error.into_inner())
        })?;
        reader
            .end()
            .map_err(|error| unreadable(String::new(), error))?;
        Self::new(tenants.into_iter().map(|UncheckedTenant(it)| it).collect())
    }

    /// Writes the document as JSON, every field spelled out.
    ///
    /// # Errors
    /// [`SettingsFault::Unreadable`] if the writer refuses, which it has no reason to.
    pub fn to_json(&self) -> Result<String, SettingsError> {
        serde_json::to_string_pretty(self).map_err(|error| unreadable(String::new(), error))
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

fn unreadable(path: String, error: serde_json::Error) -> SettingsError {
    SettingsError::new(path, SettingsFault::Unreadable(error.into()))
}

/// What the tenants of a document before the next one have.
#[derive(Default)]
struct Seen<'a> {
    ids: HashSet<&'a TenantId>,
    hosts: HashSet<String>,
    issuers: HashSet<String>,
}

impl<'a> Seen<'a> {
    fn check(
        &mut self,
        tenant: &'a TenantSettings,
        is_one_of_several: bool,
    ) -> Result<(), SettingsError> {
        if !self.ids.insert(&tenant.id) {
            return Err(SettingsError::new("id", SettingsFault::Duplicate));
        }
        if tenant.hosts.is_empty() && is_one_of_several {
            return Err(SettingsError::new("hosts", SettingsFault::NoHost));
        }
        for (at, host) in tenant.hosts.iter().enumerate() {
            if !self.hosts.insert(host.to_ascii_lowercase()) {
                let path = format!("hosts[{at}]");
                return Err(SettingsError::new(path, SettingsFault::Duplicate));
            }
        }
        match &tenant.issuer {
            Some(issuer) if !self.issuers.insert(issuer.normalized()) => {
                Err(SettingsError::new("issuer", SettingsFault::Duplicate))
            }
            _ => Ok(()),
        }
    }
}
