//! What becomes of each field of a request, for people who ask why it is refused.
//!
//! No rule is written here. [`RegistrationSettings::apply`] is asked: what it refuses is noted and taken
//! out of the request, until it accepts the rest. So an explanation says what registration does.

mod peeling;
mod values;

use std::fmt;

use peeling::{Peeling, Place, alone, field_named};
use values::Given;

use crate::{
    registration::{DecodeError, Field, MetadataError, MetadataFault, RegistrationRequest},
    settings::RegistrationSettings,
};

/// The most names of ignored members in an explanation.
const MOST_NAMES: usize = 100;

/// The most dropped values of a field.
const MOST_DROPPED: usize = 100;

/// The most characters of a name that are printed.
const MOST_CHARACTERS: usize = 64;

/// What becomes of each field of a registration request. `Display` prints a line for each, and one for
/// each value that is refused or dropped.
///
/// It holds values and names of the client's own: show it to the tenant's owner, or to the developer of the
/// client.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct MetadataExplanation {
    /// The fields that the request has, and those that have a default. Refused ones come first, in the order
    /// in which registration would refuse them.
    pub fields: Vec<FieldExplanation>,
    /// The names of members that are ignored: not stored, not returned. 100 at the most.
    pub ignored: Vec<String>,
    /// Whether everything is said: there are at most 100 errors, 100 names of ignored members, and 100
    /// dropped values of each field.
    pub is_complete: bool,
}

/// What becomes of one field.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct FieldExplanation {
    /// The field.
    pub field: Field,
    /// The language tag after the `#`, as the client wrote it.
    pub language: Option<String>,
    /// What becomes of it.
    pub outcome: FieldOutcome,
}

/// What becomes of a field of a registration request.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FieldOutcome {
    /// The request is refused, for each of these reasons.
    Refused(Vec<MetadataError>),
    /// The field is registered as it was sent.
    Accepted,
    /// The field is registered with another value.
    AcceptedAs {
        /// The value, as JSON.
        value: String,
        /// The values of a list that are dropped. 100 at the most.
        dropped: Vec<DroppedValue>,
    },
    /// The request does not have the field, which gets a default.
    Default {
        /// The value, as JSON.
        value: String,
    },
    /// The value is empty or `null`, and counts as left out.
    LeftOut,
}

/// A value of a list that is not registered.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct DroppedValue {
    /// Its position in the list, from 0.
    pub index: usize,
    /// What is wrong with it; `None` if an earlier value is the same.
    pub fault: Option<MetadataFault>,
}

impl MetadataExplanation {
    /// What registration answers; `None` if it accepts the request.
    pub fn error(&self) -> Option<&MetadataError> {
        match &self.fields.first()?.outcome {
            FieldOutcome::Refused(errors) => errors.first(),
            _ => None,
        }
    }
}

impl RegistrationSettings {
    /// Says what [`apply`](Self::apply) does with each field of `request`, and finds all that is wrong with
    /// it instead of the first fault.
    ///
    /// ```
    /// use oauth_dcr::{settings::RegistrationSettings, RegistrationRequest};
    ///
    /// let request = RegistrationRequest::new(["http://app.example.com/cb", "file:///etc/passwd"])
    ///     .grant_types(["authorization_code", "password"]);
    /// let explanation = RegistrationSettings::default().explain(&request);
    /// assert_eq!(explanation.error().unwrap().index(), Some(0));
    /// let text = explanation.to_string();
    /// assert!(text.contains("redirect_uris: refused: scheme_not_allowed at 1"), "{text}");
    /// assert!(text.contains(r#"grant_types: accepted as ["authorization_code"]"#), "{text}");
    /// ```
    pub fn explain(&self, request: &RegistrationRequest) -> MetadataExplanation {
        Peeling::new(request.clone()).explain(self)
    }

    /// The same for the JSON of a request. Unlike [`explain`](Self::explain) it names the members that are
    /// ignored, and finds every member of the wrong type. The length of `body` is not checked.
    ///
    /// # Errors
    /// [`DecodeError`] if `body` is not one JSON object without duplicate members.
    pub fn explain_json(&self, body: &[u8]) -> Result<MetadataExplanation, DecodeError> {
        let (peeling, members) = Peeling::of_json(body)?;
        let mut explanation = peeling.explain(self);
        for (name, value) in &members {
            let is_ignored = RegistrationRequest::from_json(&alone(name, value))
                == Ok(RegistrationRequest::default());
            match field_named(name) {
                Some(place) if is_ignored && value.is_null() => explanation.left_out(place),
                _ if !is_ignored => {}
                _ if explanation.ignored.len() < MOST_NAMES => {
                    explanation.ignored.push(name.clone());
                }
                _ => explanation.is_complete = false,
            }
        }
        Ok(explanation)
    }
}

impl MetadataExplanation {
    fn position(&self, place: &Place) -> Option<usize> {
        let is_it = |it: &FieldExplanation| (it.field, &it.language) == (place.0, &place.1);
        self.fields.iter().position(is_it)
    }

    fn push(&mut self, (field, language): Place, outcome: FieldOutcome) {
        self.fields.push(FieldExplanation {
            field,
            language,
            outcome,
        });
    }

    pub(super) fn refused(&mut self, place: Place, error: MetadataError) {
        let at = self.position(&place);
        let outcome = at.and_then(|at| self.fields.get_mut(at));
        match outcome.map(|it| &mut it.outcome) {
            Some(FieldOutcome::Refused(errors)) => errors.push(error),
            _ => self.push(place, FieldOutcome::Refused(vec![error])),
        }
    }

    fn left_out(&mut self, place: Place) {
        if self.position(&place).is_none() {
            self.push(place, FieldOutcome::LeftOut);
        }
    }

    /// Says how a field that is not refused is registered.
    fn judged<'a>(
        &mut self,
        place: Place,
        given: Option<&Given>,
        registered: Option<Given>,
        errors: impl Iterator<Item = &'a MetadataError>,
    ) {
        if self.position(&place).is_some() {
            return;
        }
        let outcome = match (given, registered) {
            (None, None) => return,
            (Some(_), None) => FieldOutcome::LeftOut,
            (None, Some(value)) => FieldOutcome::Default {
                value: value.to_json(),
            },
            (Some(given), Some(value)) if *given == value => FieldOutcome::Accepted,
            (Some(given), Some(value)) => {
                let mut dropped = given.dropped(place.0, errors);
                self.is_complete &= dropped.len() <= MOST_DROPPED;
                dropped.truncate(MOST_DROPPED);
                let value = value.to_json();
                FieldOutcome::AcceptedAs { value, dropped }
            }
        };
        self.push(place, outcome);
    }
}

impl fmt::Display for MetadataExplanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.fields.iter().try_for_each(|field| field.fmt(f))?;
        for name in &self.ignored {
            writeln!(f, "  {}: ignored, not stored", Printed(name))?;
        }
        if !self.is_complete {
            writeln!(f, "  and more")?;
        }
        Ok(())
    }
}

impl fmt::Display for FieldExplanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut name = self.field.to_string();
        if let Some(language) = &self.language {
            name = format!("{name}#{}", Printed(language));
        }
        match &self.outcome {
            FieldOutcome::Refused(errors) => errors.iter().try_for_each(|error| {
                let (rule, fault) = (error.fault().rule(), error.fault());
                match error.index() {
                    Some(index) => writeln!(f, "  {name}: refused: {rule} at {index}: {fault}"),
                    None => writeln!(f, "  {name}: refused: {rule}: {fault}"),
                }
            }),
            FieldOutcome::Accepted => writeln!(f, "  {name}: accepted"),
            FieldOutcome::AcceptedAs { value, dropped } => {
                writeln!(f, "  {name}: accepted as {value}")?;
                dropped.iter().try_for_each(|it| match &it.fault {
                    Some(fault) => {
                        writeln!(f, "    {} is dropped: {}: {fault}", it.index, fault.rule())
                    }
                    None => writeln!(
                        f,
                        "    {} is dropped: an earlier value is the same",
                        it.index
                    ),
                })
            }
            FieldOutcome::Default { value } => {
                writeln!(f, "  {name}: not given, by default {value}")
            }
            FieldOutcome::LeftOut => writeln!(f, "  {name}: empty, counts as left out"),
        }
    }
}

/// A name that the client chose: shortened, and without characters that a terminal would obey.
struct Printed<'a>(&'a str);

impl fmt::Display for Printed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut characters = self.0.chars();
        for character in characters.by_ref().take(MOST_CHARACTERS) {
            write!(f, "{}", character.escape_debug())?;
        }
        f.write_str(if characters.next().is_some() {
            "…"
        } else {
            ""
        })
    }
}
