use std::fmt;

use crate::registration::{
    FieldExplanation, FieldOutcome, MetadataError,
    explain::{field_value::FieldValue, place::Place, printed::Printed},
};

/// The largest number of ignored members in an explanation.
const MAX_IGNORED: usize = 100;

/// The largest number of dropped values of a field.
const MAX_DROPPED: usize = 100;

/// Explains the outcome of each field of a registration request.
///
/// `Display` prints a line for each field, and a line for each value that is refused or dropped. It contains
/// text from the client, so show it only to the tenant's owner or the developer of the client.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct MetadataExplanation {
    /// The fields that the request has, and the fields with a default value. Refused fields come first, in
    /// the order in which registration would refuse them.
    pub fields: Vec<FieldExplanation>,
    /// The names of members that are ignored (not stored and not returned), at most 100.
    pub ignored: Vec<String>,
    /// Whether the explanation is complete. It is not if there are more than 100 errors, 100 ignored members,
    /// or 100 dropped values of a field.
    pub is_complete: bool,
}

impl MetadataExplanation {
    /// The error that registration would return, or `None` if it accepts the request.
    pub fn error(&self) -> Option<&MetadataError> {
        match &self.fields.first()?.outcome {
            FieldOutcome::Refused(errors) => errors.first(),
            _ => None,
        }
    }

    fn position(&self, place: &Place) -> Option<usize> {
        let is_here =
            |field: &FieldExplanation| (field.field, &field.language) == (place.0, &place.1);
        self.fields.iter().position(is_here)
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
        let field = at.and_then(|at| self.fields.get_mut(at));
        match field.map(|field| &mut field.outcome) {
            Some(FieldOutcome::Refused(errors)) => errors.push(error),
            _ => self.push(place, FieldOutcome::Refused(vec![error])),
        }
    }

    pub(super) fn left_out(&mut self, place: Place) {
        if self.position(&place).is_none() {
            self.push(place, FieldOutcome::LeftOut);
        }
    }

    /// Adds the outcome of a field that is not refused.
    pub(super) fn registered<'a>(
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
                self.is_complete &= dropped.len() <= MAX_DROPPED;
                dropped.truncate(MAX_DROPPED);
                let value = value.to_json();
                FieldOutcome::AcceptedAs { value, dropped }
            }
        };
        self.push(place, outcome);
    }

    /// Adds the name of a member that is ignored.
    pub(super) fn ignored(&mut self, name: &str) {
        if self.ignored.len() < MAX_IGNORED {
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
