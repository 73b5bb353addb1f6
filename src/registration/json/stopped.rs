use crate::registration::{BodyPosition, DecodeError, Field};

/// Why reading stopped, although the JSON is well-formed.
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
