use crate::{
    acl::EdgeSignal,
    settings::{
        SettingsDocument, SettingsError, SettingsWarning, TenantSettings, check,
        document::{errors, read},
        warnings::warnings,
    },
};

/// A settings document as far as it can be read, and everything that is wrong with it.
///
/// Text that can't be read at all has one error and no tenant.
#[derive(Debug)]
pub struct SettingsReview {
    tenants: Vec<TenantSettings>,
    errors: Vec<SettingsError>,
    warnings: Vec<SettingsWarning>,
}

impl SettingsDocument {
    /// Reads a document from JSON and lists everything that is wrong with it, for a tool that shows it to a
    /// person. [`Registrar::review_settings`](crate::Registrar::review_settings) also knows the registrar's
    /// source of locations.
    ///
    /// ```
    /// use oauth_dcr::settings::SettingsDocument;
    ///
    /// let json = r#"{ "tenants": [ { "id": "acme", "hosts": ["a/b"], "default_audience": "api" } ] }"#;
    /// let review = SettingsDocument::review_json(json);
    /// let paths: Vec<&str> = review.errors().iter().map(|error| error.path()).collect();
    /// assert_eq!(paths, ["tenants[0].hosts[0]", "tenants[0].default_audience"]);
    /// assert!(review.into_document().is_none());
    /// ```
    pub fn review_json(json: &str) -> SettingsReview {
        SettingsReview::of_json(json, check::may_be_told)
    }
}

impl SettingsReview {
    /// The review of `json`, where `is_told` says which signals something else than the settings provides.
    pub(crate) fn of_json(json: &str, is_told: impl Fn(EdgeSignal) -> bool) -> Self {
        match read(json) {
            Ok(tenants) => Self {
                errors: errors(&tenants, is_told),
                warnings: warnings(&tenants),
                tenants,
            },
            Err(error) => Self {
                tenants: Vec::new(),
                errors: vec![error],
                warnings: Vec::new(),
            },
        }
    }

    /// The tenants, in the order of the document. Those with errors can't be used.
    pub fn tenants(&self) -> &[TenantSettings] {
        &self.tenants
    }

    /// All errors of all tenants, as [`SettingsDocument::new`] would give them one at a time.
    pub fn errors(&self) -> &[SettingsError] {
        &self.errors
    }

    /// All warnings of all tenants, as [`SettingsDocument::warnings`] gives them.
    pub fn warnings(&self) -> &[SettingsWarning] {
        &self.warnings
    }

    /// The document, if it has no error.
    pub fn into_document(self) -> Option<SettingsDocument> {
        let tenants = self.tenants;
        self.errors
            .is_empty()
            .then_some(SettingsDocument::checked(tenants))
    }
}
