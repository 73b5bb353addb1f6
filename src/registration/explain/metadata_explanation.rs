use std::fmt;

use crate::registration::{
    FieldExplanation, FieldOutcome, MetadataError,
    explain::{field_value::FieldValue, place::Place, printed::Printed},
};

/// The most names of ignored members in an explanation.
const MOST_NAMES: usize = 100;

/// The most dropped values of a field.
const MOST_DROPPED: usize = 100;

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

impl MetadataExplanation {
    /// What registration answers; `None` if it accepts the request.
    pub fn error(&self) -> Option<&MetadataError> {
        match &self.fields.first()?.outcome {
            FieldOutcome::Refused(errors) => errors.first(),
            _ => None,
        }
    }

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

    pub(super) fn left_out(&mut self, place: Place) {
        if self.position(&place).is_none() {
            self.push(place, FieldOutcome::LeftOut);
        }
    }

    /// Says how a field that is not refused is registered.
    pub(super) fn judged<'a>(
        &mut self,
        place: Place,
        requested: Option<&FieldValue>,
        registered: Option<FieldValue>,
        errors: impl Iterator<Item = &'a MetadataError>,
    ) {
        if self.position(&place).is_some() {
            return;
        }
        let outcome = match (requested, registered) {
            (None, None) => return,
            (Some(_), None) => FieldOutcome::LeftOut,
            (None, Some(value)) => FieldOutcome::Default {
                value: value.to_json(),
            },
            (Some(requested), Some(value)) if *requested == value => FieldOutcome::Accepted,
            (Some(requested), Some(value)) => {
                let mut dropped = requested.dropped(place.0, errors);
                self.is_complete &= dropped.len() <= MOST_DROPPED;
                dropped.truncate(MOST_DROPPED);
                let value = value.to_json();
                FieldOutcome::AcceptedAs { value, dropped }
            }
        };
        self.push(place, outcome);
    }

    /// Adds the name of a member that is ignored.
    pub(super) fn ignored(&mut self, name: &str) {
        if self.ignored.len() < MOST_NAMES {
            self.ignored.push(name.to_owned());
        } else {
            self.is_complete = false;
        }
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
