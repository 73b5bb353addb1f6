//! Explains the outcome of each field of a request, for people who want to know why it is refused.
//!
//! This module has no rules of its own. It calls [`RegistrationRequest::apply`], and notes and removes what is
//! refused, until the rest is accepted. So an explanation always agrees with registration.

mod fault_finder;
mod field_explanation;
mod field_value;
mod metadata_explanation;
mod place;
mod printed;

use fault_finder::{FaultFinder, single_member};
pub use field_explanation::{DroppedValue, FieldExplanation, FieldOutcome};
pub use metadata_explanation::MetadataExplanation;
use place::field_named;

use crate::{
    registration::{DecodeError, RegistrationRequest},
    settings::RegistrationSettings,
};

impl RegistrationRequest {
    /// Explains what [`apply`](Self::apply) does with each field of the request. It finds all faults, instead
    /// of only the first.
    ///
    /// ```
    /// use oauth_dcr::{settings::RegistrationSettings, RegistrationRequest};
    ///
    /// let request = RegistrationRequest::new(["http://app.example.com/cb", "file:///etc/passwd"])
    ///     .grant_types(["authorization_code", "password"]);
    /// let explanation = request.explain(&RegistrationSettings::default());
    /// assert_eq!(explanation.error().unwrap().index(), Some(0));
    /// let text = explanation.to_string();
    /// assert!(text.contains("redirect_uris: refused: scheme_not_allowed at 1"), "{text}");
    /// assert!(text.contains(r#"grant_types: accepted as ["authorization_code"]"#), "{text}");
    /// ```
    pub fn explain(&self, settings: &RegistrationSettings) -> MetadataExplanation {
        FaultFinder::new(self.clone()).explain(settings)
    }

    /// Explains the JSON of a request. Unlike [`explain`](Self::explain), it also names the members that are
    /// ignored, and finds every member of the wrong type. The length of `body` is not checked.
    ///
    /// # Errors
    /// [`DecodeError`] if `body` is not one JSON object without duplicate members.
    pub fn explain_json(
        body: &[u8],
        settings: &RegistrationSettings,
    ) -> Result<MetadataExplanation, DecodeError> {
        let (finder, members) = FaultFinder::of_json(body)?;
        let mut explanation = finder.explain(settings);
        for (name, value) in &members {
            let is_ignored = Self::from_json(&single_member(name, value)) == Ok(Self::default());
            match field_named(name) {
                Some(place) if is_ignored && value.is_null() => explanation.left_out(place),
                _ if is_ignored => explanation.ignored(name),
                _ => {}
            }
        }
        Ok(explanation)
    }
}
