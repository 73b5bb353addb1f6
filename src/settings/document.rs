use std::collections::HashSet;

use serde::{Deserialize, Deserializer, Serialize};

use crate::{
    acl::EdgeSignal,
    settings::{
        Issuer, SettingsError, SettingsFault, TenantSettings, check,
        present_members::PresentMembers,
    },
    types::TenantId,
};

/// The settings of all tenants of a host, as one JSON document: `{"tenants": [ ... ]}`.
///
/// ```
/// use oauth_dcr::settings::SettingsDocument;
///
/// let document = SettingsDocument::from_json(
///     r#"{ "tenants": [ { "id": "acme", "registration": { "enabled": true } } ] }"#,
/// )?;
/// assert!(document.tenants()[0].registration.enabled);
/// # Ok::<(), oauth_dcr::settings::SettingsError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SettingsDocument {
    tenants: Vec<TenantSettings>,
}

/// A document before its tenants are checked. They are checked later, so that errors can name their positions
/// in the document.
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
    /// A document with these tenants.
    ///
    /// # Errors
    /// [`SettingsError`] if there is no tenant, if two tenants have the same id, host or issuer, if one of
    /// several tenants has no host, or if the settings of a tenant can't work ([`TenantSettings::check`]).
    pub fn new(tenants: Vec<TenantSettings>) -> Result<Self, SettingsError> {
        check::first(errors(&tenants, check::may_be_provided))?;
        Ok(Self { tenants })
    }

    /// A document with tenants that are already checked together.
    pub(super) const fn checked(tenants: Vec<TenantSettings>) -> Self {
        Self { tenants }
    }

    /// Reads a document from JSON. A byte order mark at the start is skipped.
    ///
    /// # Errors
    /// [`SettingsFault::Unreadable`] for an unknown field, a wrong type or a value that is out of range. Its
    /// source has the line and column. Other errors are the same as for [`SettingsDocument::new`].
    pub fn from_json(json: &str) -> Result<Self, SettingsError> {
        Self::new(read(json)?)
    }

    /// Writes the document as JSON with every field.
    ///
    /// # Errors
    /// [`SettingsFault::Unreadable`] if the JSON writer fails, which is not expected.
    pub fn to_json(&self) -> Result<String, SettingsError> {
        serde_json::to_string_pretty(self).map_err(|error| unreadable(String::new(), error))
    }

    /// The tenants, in the order of the document.
    pub fn tenants(&self) -> &[TenantSettings] {
        &self.tenants
    }

    /// Returns the tenants, and consumes the document.
    pub fn into_tenants(self) -> Vec<TenantSettings> {
        self.tenants
    }
}

/// Reads the tenants of a document without checking them.
pub(super) fn read(json: &str) -> Result<Vec<TenantSettings>, SettingsError> {
    let json = json.strip_prefix('\u{feff}').unwrap_or(json);
    let mut reader = serde_json::Deserializer::from_str(json);
    // The recorded members are not used, because a preset belongs to a tenant, not to the document. But this
    // reader accepts only objects as objects, unlike serde.
    let present = PresentMembers::default();
    let read: Result<Unchecked, _> =
        serde_path_to_error::deserialize(present.recording(&mut reader));
    let Unchecked { tenants } = read.map_err(|error| {
        let path = error.path().to_string();
        unreadable(path, error.into_inner())
    })?;
    reader
        .end()
        .map_err(|error| unreadable(String::new(), error))?;
    Ok(tenants
        .into_iter()
        .map(|UncheckedTenant(tenant)| tenant)
        .collect())
}

/// All errors of the tenants of one document.
pub(super) fn errors(
    tenants: &[TenantSettings],
    is_provided: impl Fn(EdgeSignal) -> bool,
) -> Vec<SettingsError> {
    if tenants.is_empty() {
        return vec![SettingsError::new("tenants", SettingsFault::NoTenant)];
    }
    let is_one_of_several = tenants.len() > 1;
    let mut seen = Seen::default();
    let mut errors = Vec::new();
    for (at, tenant) in tenants.iter().enumerate() {
        let mut found = seen.errors(tenant, is_one_of_several);
        found.extend(tenant.errors(&is_provided));
        errors.extend(found.into_iter().map(|error| error.of_tenant(at)));
    }
    errors
}

fn unreadable(path: String, error: serde_json::Error) -> SettingsError {
    SettingsError::new(path, SettingsFault::Unreadable(error.into()))
}

/// The ids, hosts and issuers of the tenants that were checked so far.
#[derive(Default)]
struct Seen<'a> {
    ids: HashSet<&'a TenantId>,
    hosts: HashSet<String>,
    issuers: HashSet<String>,
}

impl<'a> Seen<'a> {
    /// The errors of `tenant` that involve other tenants: it duplicates an earlier tenant's id, host or
    /// issuer, or lacks a host.
    fn errors(
        &mut self,
        tenant: &'a TenantSettings,
        is_one_of_several: bool,
    ) -> Vec<SettingsError> {
        let mut errors = Vec::new();
        let mut refuse = |path: String, fault| errors.push(SettingsError::new(path, fault));
        if !self.ids.insert(&tenant.id) {
            refuse("id".to_owned(), SettingsFault::Duplicate);
        }
        if tenant.hosts.is_empty() && is_one_of_several {
            refuse("hosts".to_owned(), SettingsFault::NoHost);
        }
        let hosts = tenant.hosts.iter().map(|host| host.to_ascii_lowercase());
        let hosts: Vec<String> = hosts.collect();
        for (at, host) in hosts.iter().enumerate() {
            if self.hosts.contains(host) {
                refuse(format!("hosts[{at}]"), SettingsFault::Duplicate);
            }
        }
        self.hosts.extend(hosts);
        let issuer = tenant.issuer.as_ref().map(Issuer::normalized);
        if issuer.is_some_and(|issuer| !self.issuers.insert(issuer)) {
            refuse("issuer".to_owned(), SettingsFault::Duplicate);
        }
        errors
    }
}
