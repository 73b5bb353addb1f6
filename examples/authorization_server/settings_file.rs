//! A settings file: what it says, and whether this server can work with it.

use std::{path::Path, sync::Arc};

use oauth_dcr::{
    MemoryStore, MetadataDocument, Registrar, SettingsDocument, TenantSettings, geoip::Databases,
};

use crate::{discovery, report, tenant::Tenant, text_file};

/// What was found in a settings file. Each problem begins with the path of its field.
pub(crate) struct Review {
    /// `None` if the file can't be read.
    document: Option<SettingsDocument>,
    pub(crate) errors: Vec<String>,
    pub(crate) warnings: Vec<String>,
}

impl Review {
    /// Reads a file and checks it for a server with these databases of locations.
    pub(crate) fn of(file: &Path, databases: &Databases) -> Self {
        match read(file) {
            Err(error) => Self {
                document: None,
                errors: vec![error],
                warnings: Vec::new(),
            },
            Ok(document) => Self {
                errors: errors(&document, databases),
                warnings: document
                    .warnings()
                    .iter()
                    .map(ToString::to_string)
                    .collect(),
                document: Some(document),
            },
        }
    }

    /// Prints each error after the name of `file`.
    pub(crate) fn report_errors(&self, file: &Path) {
        for error in &self.errors {
            report::error(&with_file(file, error));
        }
    }

    /// The same for each warning.
    pub(crate) fn report_warnings(&self, file: &Path) {
        for warning in &self.warnings {
            report::warning(&with_file(file, warning));
        }
    }

    /// The settings, if there is no error.
    pub(crate) fn usable(self) -> Option<SettingsDocument> {
        self.document.filter(|_| self.errors.is_empty())
    }
}

fn with_file(file: &Path, problem: &str) -> String {
    let place = format!("{}: ", file.display());
    if problem.starts_with(&place) {
        problem.to_owned()
    } else {
        format!("{place}{problem}")
    }
}

fn read(file: &Path) -> Result<SettingsDocument, String> {
    let text = text_file::read(file)?;
    SettingsDocument::from_json(&text).map_err(|error| {
        let chain = report::chain(&error);
        match error.path() {
            "" | "." | "?" => format!("{}: {chain}", file.display()),
            _ => chain,
        }
    })
}

/// What the settings themselves do not show: this server has to have metadata to serve for each tenant, and
/// a source of every signal that a rule needs.
fn errors(document: &SettingsDocument, databases: &Databases) -> Vec<String> {
    let builder = Registrar::builder(MemoryStore::new()).geo(databases.clone());
    let registrar = match builder.build() {
        Ok(registrar) => registrar,
        Err(error) => return vec![report::chain(&error)],
    };
    let tenants = document.tenants().iter().enumerate();
    let errors = tenants.flat_map(|(position, settings)| {
        let rules = registrar.check(settings).err();
        let rules = rules.map(|error| format!("{}: {}", error.path(), error.fault()));
        let errors = rules.into_iter().chain(issuer_error(settings));
        errors.map(move |error| format!("tenants[{position}].{error}"))
    });
    errors.collect()
}

/// Why clients would not find the metadata of the tenant.
fn issuer_error(settings: &TenantSettings) -> Option<String> {
    let tenant = Tenant::at("127.0.0.1", Arc::new(settings.clone()))?;
    // The endpoints stand at the root of the host, so a path would lead clients to documents that are not
    // there (RFC 8414 section 3.1).
    if !tenant.issuer.path().is_empty() {
        return Some(
            "issuer: has a path, and this server has no place for one: remove it".to_owned(),
        );
    }
    let metadata = discovery::metadata(&tenant, MetadataDocument::OAuth);
    let error = metadata.err()?;
    Some(format!("issuer: {}", report::chain(&error)))
}
