use std::fmt;

use crate::registration::{Field, MetadataError, MetadataFault, explain::printed::Printed};

/// Explains the outcome of one field.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct FieldExplanation {
    /// The field.
    pub field: Field,
    /// The language tag after the `#`, as the client wrote it.
    pub language: Option<String>,
    /// The outcome of the field.
    pub outcome: FieldOutcome,
}

/// The outcome of a field of a registration request.
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
        /// The values of a list that are dropped, at most 100.
        dropped: Vec<DroppedValue>,
    },
    /// The request does not have the field, which gets a default value.
    Default {
        /// The value, as JSON.
        value: String,
    },
    /// The value is empty or `null`, and counts as absent.
    LeftOut,
}

/// A value of a list that is not registered.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct DroppedValue {
    /// The position of the value in the list, from 0.
    pub index: usize,
    /// The fault of the value, or `None` if it is a duplicate of an earlier value.
    pub fault: Option<MetadataFault>,
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
                dropped.iter().try_for_each(|value| match &value.fault {
                    Some(fault) => {
                        let rule = fault.rule();
                        writeln!(f, "    {} is dropped: {rule}: {fault}", value.index)
                    }
                    None => writeln!(
                        f,
                        "    {} is dropped: duplicate of an earlier value",
                        value.index
                    ),
                })
            }
            FieldOutcome::Default { value } => {
                writeln!(f, "  {name}: not sent, default {value}")
            }
            FieldOutcome::LeftOut => writeln!(f, "  {name}: empty, counts as absent"),
        }
    }
}
