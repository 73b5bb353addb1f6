//! The characters that are allowed in a text that people read: one rule for client names, contacts, and
//! the names and versions of software.

use icu_properties::{
    CodePointMapData, CodePointSetData,
    props::{
        BidiControl, DefaultIgnorableCodePoint, GeneralCategory, NoncharacterCodePoint,
        PrependedConcatenationMark,
    },
};

use crate::types::joiners;

/// Why a character is refused in a text that people read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TextFault {
    /// A control, a line end, or a character that changes the direction of the text around it.
    Control,
    /// A character that is never drawn, in a place where no emoji and no script needs it.
    Invisible,
    /// A code point that Unicode has not assigned. Nobody knows how it will look.
    Unassigned,
}

/// Whether U+200E, U+200F and U+061C are allowed. Each has a direction but does not change the letters
/// around it, unlike the other bidirectional controls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum DirectionMarks {
    Allowed,
    Refused,
}

/// Checks a text that is stored as it was sent.
///
/// # Errors
/// [`TextFault`] names the first rule that a character breaks.
pub(crate) fn check(text: &str) -> Result<(), TextFault> {
    if is_printable_ascii(text) {
        return Ok(());
    }
    let chars: Vec<char> = text.chars().collect();
    check_chars(&chars, DirectionMarks::Refused)
}

/// Checks each character in the context of its neighbours.
pub(super) fn check_chars(chars: &[char], marks: DirectionMarks) -> Result<(), TextFault> {
    let allows_marks = marks == DirectionMarks::Allowed;
    for (at, &character) in chars.iter().enumerate() {
        if allows_marks && is_direction_mark(character) {
            continue;
        }
        if is_control(character) {
            return Err(TextFault::Control);
        }
        if is_invisible(character) && !joiners::is_needed(chars, at) {
            return Err(TextFault::Invisible);
        }
        if category(character) == GeneralCategory::Unassigned {
            return Err(TextFault::Unassigned);
        }
    }
    Ok(())
}

/// Whether `text` is ASCII without control characters. Such a text breaks no rule of this module.
pub(super) fn is_printable_ascii(text: &str) -> bool {
    text.bytes().all(|byte| matches!(byte, b' '..=b'~'))
}

pub(super) fn is_direction_mark(character: char) -> bool {
    matches!(character, '\u{61c}' | '\u{200e}' | '\u{200f}')
}

pub(super) fn category(character: char) -> GeneralCategory {
    CodePointMapData::<GeneralCategory>::new().get(character)
}

fn is_control(character: char) -> bool {
    use GeneralCategory as Kind;
    matches!(
        category(character),
        Kind::Control | Kind::LineSeparator | Kind::ParagraphSeparator
    ) || CodePointSetData::new::<BidiControl>().contains(character)
}

/// Whether `character` is never drawn: default-ignorable characters, noncharacters, and format
/// characters, except for those that are drawn around the digits after them.
fn is_invisible(character: char) -> bool {
    let is_drawn = CodePointSetData::new::<PrependedConcatenationMark>().contains(character);
    CodePointSetData::new::<DefaultIgnorableCodePoint>().contains(character)
        || CodePointSetData::new::<NoncharacterCodePoint>().contains(character)
        || (category(character) == GeneralCategory::Format && !is_drawn)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_of_character_has_its_rule() {
        use TextFault::{Control, Invisible, Unassigned};
        for (fault, texts) in [
            (
                Control,
                [
                    "a\nb",
                    "a\u{7f}",
                    "a\u{2029}",
                    "\u{202e}moc.elpmaxe@spo",
                    "\u{5d0}\u{200f}",
                ],
            ),
            (
                Invisible,
                [
                    "a\u{200b}b",
                    "a\u{ad}b",
                    "\u{feff}a",
                    "a\u{fffe}",
                    "a\u{e0041}",
                ],
            ),
            (
                Unassigned,
                [
                    "a\u{378}",
                    "\u{530}",
                    "\u{2fe0}b",
                    "a\u{10ffd}",
                    "\u{e07f}\u{50000}",
                ],
            ),
        ] {
            for text in texts {
                assert_eq!(check(text), Err(fault), "{text:?}");
            }
        }
    }

    #[test]
    fn text_in_any_script_passes() {
        for text in [
            "",
            "ops@example.com",
            "  two  spaces\u{a0}",
            "Équipe <ops@example.com>",
            "می\u{200c}خواهم",
            "👩\u{200d}💻 1.0",
            "e\u{301}",
            "\u{e000}\u{2800}",
        ] {
            assert_eq!(check(text), Ok(()), "{text:?}");
        }
    }
}
