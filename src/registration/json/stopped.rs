use crate::registration::{BodyPosition, DecodeError, Field};

/// Why reading stopped where that is no fault of the JSON's grammar.
#[derive(Debug, Clone, Copy)]
pub(super) enum Stopped {
    Duplicate(Option<Field>),
    TooDeep,
}

impl Stopped {
    pub(super) const fn at(self, at: BodyPosition) -> DecodeError {
        match self {
            Self::Duplicate(field) => DecodeError::DuplicateMember { field, at },
            Self::TooDeep => DecodeError::TooDeep { at },
        }
    }
}
