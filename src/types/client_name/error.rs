use crate::types::text::TextFault;

/// Why a text is refused as a client name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ClientNameError {
    /// The name has more characters than allowed, after NFC.
    #[error("is longer than allowed")]
    TooLong,
    /// A control character, a tab or line end inside the name, or a character that changes the direction
    /// of the text around it.
    #[error(
        "contains a control character, or a character that changes the direction of text; remove it"
    )]
    ControlCharacter,
    /// A character that is invisible, or that means nothing outside one program.
    #[error("contains an invisible or private character; remove it")]
    InvisibleCharacter,
    /// A code point that Unicode has not assigned.
    #[error("contains a code point that Unicode has not assigned; remove it")]
    UnassignedCharacter,
    /// `<` or `>`, or a character that decomposes to one of them.
    #[error("contains an angle bracket; remove it")]
    AngleBracket,
    /// More than four combining marks in a row.
    #[error("has more than four combining marks in a row; remove some")]
    CombiningMarks,
    /// The name has no visible character.
    #[error("has no visible character; send a name that people can read, or none")]
    NothingVisible,
    /// A character that is drawn as a blank but is not a space.
    #[error("contains a character that is drawn as a blank but is not a space; use a space")]
    BlankCharacter,
    /// A combining mark at the start or after a space.
    #[error("has a combining mark at the start or after a space; put a letter before it")]
    MarkWithoutBase,
}

impl ClientNameError {
    /// The stable name of the rule that refused the name, for programs.
    pub const fn rule(self) -> &'static str {
        match self {
            Self::TooLong => "too_long",
            Self::ControlCharacter => "control_character",
            Self::InvisibleCharacter => "invisible_character",
            Self::UnassignedCharacter => "unassigned_character",
            Self::AngleBracket => "angle_bracket",
            Self::CombiningMarks => "too_many_combining_marks",
            Self::NothingVisible => "nothing_visible",
            Self::BlankCharacter => "blank_character",
            Self::MarkWithoutBase => "mark_without_base",
        }
    }
}

impl From<TextFault> for ClientNameError {
    fn from(fault: TextFault) -> Self {
        match fault {
            TextFault::Control => Self::ControlCharacter,
            TextFault::Invisible => Self::InvisibleCharacter,
            TextFault::Unassigned => Self::UnassignedCharacter,
        }
    }
}
