//! What becomes of each field of a request, for people who ask why it is refused.
//!
//! No rule is written here. [`RegistrationRequest::apply`] is asked: what it refuses is noted and taken
//! out of the request, until it accepts the rest. So an explanation says what registration does.

mod field_explanation;
mod field_value;
mod metadata_explanation;
mod peeling;
mod place;
mod printed;

pub use field_explanation::{DroppedValue, FieldExplanation, FieldOutcome};
pub use metadata_explanation::MetadataExplanation;
use peeling::{Peeling, alone};
use place::field_named;

use crate::{
    registration::{DecodeError, RegistrationRequest},
    settings::RegistrationSettings,
};

impl RegistrationRequest {
    /// Says what [`apply`](Self::apply) does with each field of the request, and finds all that is wrong with
    /// it instead of the first fault.
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
        Peeling::new(self.clone()).explain(settings)
    }

    /// The same for the JSON of a request. Unlike [`explain`](Self::explain) it names the members that are
    /// ignored, and finds every member of the wrong type. The length of `body` is not checked.
    ///
    /// # Errors
    /// [`DecodeError`] if `body` is not one JSON object without duplicate members.
    pub fn explain_json(
        body: &[u8],
        settings: &RegistrationSettings,
    ) -> Result<MetadataExplanation, DecodeError> {
        let (peeling, members) = Peeling::of_json(body)?;
        let mut explanation = peeling.explain(settings);
        for (name, value) in &members {
            let is_ignored = Self::from_json(&alone(name, value)) == Ok(Self::default());
            match field_named(name) {
                Some(place) if is_ignored && value.is_null() => explanation.left_out(place),
                _ if is_ignored => explanation.ignored(name),
                _ => {}
            }
        }
        Ok(explanation)
    }
}
