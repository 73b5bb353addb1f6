use crate::{
    acl::EdgeSignal,
    settings::{
        SettingsDocument, SettingsError, SettingsWarning, TenantSettings, check,
        document::{errors, read},
        warnings::warnings,
    },
};

/// A settings document with all its errors and warnings.
///
/// If the text can't be read, the review has one error and no tenants.
#[derive(Debug)]
pub struct SettingsReview {
    tenants: Vec<TenantSettings>,
    errors: Vec<SettingsError>,
    warnings: Vec<SettingsWarning>,
}

impl SettingsDocument {
    /// Reads a document from JSON and lists all its errors and warnings, for a tool that shows them to a
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
        SettingsReview::of_json(json, check::may_be_provided)
    }
}

impl SettingsReview {
    /// The review of `json`. `is_provided` says which signals are provided by something other than the
    /// settings.
    pub(crate) fn of_json(json: &str, is_provided: impl Fn(EdgeSignal) -> bool) -> Self {
        match read(json) {
            Ok(tenants) => Self {
                errors: errors(&tenants, is_provided),
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

    /// The tenants, in the order of the document. A tenant with errors can't be used.
    pub fn tenants(&self) -> &[TenantSettings] {
        &self.tenants
    }

    /// All errors of all tenants. [`SettingsDocument::new`] would return only the first.
    pub fn errors(&self) -> &[SettingsError] {
        &self.errors
    }

    /// All warnings of all tenants, the same as in [`SettingsDocument::warnings`].
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
