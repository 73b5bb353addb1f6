//! A settings file, and whether this server can use it.

use std::{path::Path, sync::Arc};

use oauth_dcr::{
    MemoryStore, Registrar, TenantSettings, discovery::MetadataDocument, settings::SettingsDocument,
};

use crate::{discovery, locations::Locations, report, routes, tenant::Tenant, text_file};

/// The result of reading a settings file. Each problem begins with the path of its field.
pub(crate) struct Review {
    /// `None` if the file can't be read, or has an error that the library finds.
    document: Option<SettingsDocument>,
    pub(crate) errors: Vec<String>,
    pub(crate) warnings: Vec<String>,
}

impl Review {
    /// Reads a file and checks it for a server with these locations.
    pub(crate) fn of(file: &Path, locations: &Locations) -> Self {
        let text = match text_file::read(file) {
            Ok(text) => text,
            Err(error) => return Self::unreadable(error),
        };
        let builder = Registrar::builder(MemoryStore::new()).geo(locations.clone());
        let registrar = match builder.build() {
            Ok(registrar) => registrar,
            Err(error) => return Self::unreadable(report::chain(&error)),
        };
        let review = registrar.review_settings(&text);
        let errors = review.errors().iter().map(|error| {
            let chain = report::chain(error);
            match error.path() {
                "" | "." | "?" => format!("{}: {chain}", file.display()),
                _ => chain,
            }
        });
        let tenants = review.tenants().iter().enumerate();
        let of_this_server = tenants.flat_map(|(position, settings)| {
            let errors = issuer_error(settings)
                .into_iter()
                .chain(path_error(settings));
            errors.map(move |error| format!("tenants[{position}].{error}"))
        });
        let errors: Vec<_> = errors.chain(of_this_server).collect();
        let warnings = review.warnings().iter().map(ToString::to_string);
        Self {
            errors,
            warnings: warnings.collect(),
            document: review.into_document(),
        }
    }

    fn unreadable(error: String) -> Self {
        Self {
            document: None,
            errors: vec![error],
            warnings: Vec::new(),
        }
    }

    /// Prints each error after the name of `file`.
    pub(crate) fn report_errors(&self, file: &Path) {
        for error in &self.errors {
            report::error(&with_file(file, error));
        }
    }

    /// Prints each warning after the name of `file`.
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

/// Why clients would not find the metadata of the tenant.
fn issuer_error(settings: &TenantSettings) -> Option<String> {
    let any_host = ["127.0.0.1".to_owned()];
    let hosts = match &*settings.hosts {
        [] => &any_host,
        hosts => hosts,
    };
    let errors = hosts
        .iter()
        .map(|host| issuer_error_at(&host.to_ascii_lowercase(), settings));
    let error = errors.flatten().next()?;
    Some(format!("issuer: {error}"))
}

/// Why clients that know the tenant by this host would not find its metadata.
fn issuer_error_at(host: &str, settings: &TenantSettings) -> Option<String> {
    let Some(tenant) = Tenant::at(host, Arc::new(settings.clone())) else {
        return Some("is required for hosts other than loopback".to_owned());
    };
    // The endpoints stand at the root of the host, so a path would lead clients to documents that are not
    // there (RFC 8414 section 3.1).
    if !tenant.issuer.path().is_empty() {
        return Some("has a path, but this server has its endpoints at the root of the host: remove the path".to_owned());
    }
    let metadata = discovery::metadata(&tenant, MetadataDocument::OAuth);
    metadata.err().map(|error| report::chain(&error))
}

/// Why the registration endpoint can't stand at its path.
fn path_error(settings: &TenantSettings) -> Option<String> {
    let path = settings.registration.path.as_str();
    let fault = "registration.path: this server has another endpoint there: choose another path";
    routes::is_taken(path).then(|| fault.to_owned())
}
