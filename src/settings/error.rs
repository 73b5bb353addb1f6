use std::{error::Error, fmt};

use crate::{settings::SettingsFault, types::TenantId};

/// An error in settings, with the field and its fault.
///
/// `Display` names the field by its path, such as `tenants[0].client_grants[1].audience`, and says what
/// to change. If the JSON can't be read, the source says why.
#[derive(Debug)]
pub struct SettingsError {
    tenant: Option<TenantId>,
    path: String,
    fault: SettingsFault,
}

impl SettingsError {
    pub(crate) fn new(path: impl Into<String>, fault: SettingsFault) -> Self {
        Self {
            tenant: None,
            path: path.into(),
            fault,
        }
    }

    /// The same fault in the tenant at this position of a document.
    pub(super) fn of_tenant(self, position: usize) -> Self {
        let path = format!("tenants[{position}].{}", self.path);
        Self { path, ..self }
    }

    /// The same fault in the settings of this tenant, which are not part of a document.
    pub(crate) fn of(self, tenant: &TenantId) -> Self {
        Self {
            tenant: Some(tenant.clone()),
            ..self
        }
    }

    /// The tenant, if the settings are not part of a document.
    pub const fn tenant(&self) -> Option<&TenantId> {
        self.tenant.as_ref()
    }

    /// The path of the field: from the document, such as `tenants[0].default_audience`, or from the
    /// settings of one tenant, such as `default_audience`.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The fault of the field.
    pub const fn fault(&self) -> &SettingsFault {
        &self.fault
    }
}

impl fmt::Display for SettingsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(tenant) = &self.tenant {
            write!(f, "tenant `{tenant}`: ")?;
        }
        match self.path.as_str() {
            "" | "." | "?" => write!(f, "the settings: {}", self.fault),
            path => write!(f, "{path}: {}", self.fault),
        }
    }
}

impl Error for SettingsError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.fault.source()
    }
}
