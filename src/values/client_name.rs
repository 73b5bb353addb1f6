use icu_normalizer::ComposingNormalizerBorrowed;
use icu_properties::{
    CodePointMapData, CodePointSetData,
    props::{
        BidiControl, DefaultIgnorableCodePoint, GeneralCategory, NoncharacterCodePoint,
        PrependedConcatenationMark, VariationSelector,
    },
};
use serde::{Serialize, Serializer};

use crate::values::joiners;

/// The name that a client shows people (RFC 7591 section 2, `client_name`), in Unicode NFC, without
/// surrounding space.
///
/// People read it on a consent page, so it holds nothing that makes the page lie: no control or
/// bidirectional control, no character that can't be seen (apart from joiners and variation
/// selectors where a script or an emoji needs them), no stack of combining marks, no `<` or `>`.
/// It is text, not HTML, and no proof of who chose it: escape it, and mark it as unverified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientName(Box<str>);

/// Why a text is refused as a client name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ClientNameError {
    /// More characters than allowed, after NFC.
    #[error("longer than allowed")]
    TooLong,
    /// A control, a line break, or a character that turns the direction of the text around it.
    #[error("holds a control character")]
    ControlCharacter,
    /// A character that is not seen, or that means nothing outside one program.
    #[error("holds an invisible or private character")]
    InvisibleCharacter,
    /// `<` or `>`, or a form of them that is folded to them.
    #[error("holds an angle bracket")]
    AngleBracket,
    /// More than four combining marks in a row.
    #[error("has more than four combining marks in a row")]
    CombiningMarks,
    /// Nothing in it can be seen.
    #[error("has no visible character")]
    NothingVisible,
}

impl ClientNameError {
    /// The stable name of the rule that refused, for programs.
    pub const fn rule(self) -> &'static str {
        match self {
            Self::TooLong => "too_long",
            Self::ControlCharacter => "control_character",
            Self::InvisibleCharacter => "invisible_character",
            Self::AngleBracket => "angle_bracket",
            Self::CombiningMarks => "too_many_combining_marks",
            Self::NothingVisible => "nothing_visible",
        }
    }
}

/// The most combining marks in a row: Vietnamese needs two, Hebrew with accents four.
const MAX_MARKS: usize = 4;

/// NFC makes of up to four characters one, and never more of fewer than that.
const NFC_SHRINKS_BY: usize = 4;

impl ClientName {
    /// The name that `text` spells, at most `max_chars` characters after NFC; `None` if only
    /// spaces are in it.
    ///
    /// # Errors
    /// [`ClientNameError`] names the first rule that refuses it.
    pub fn parse(text: &str, max_chars: usize) -> Result<Option<Self>, ClientNameError> {
        let text = text.trim_matches(is_space);
        if text
            .chars()
            .nth(max_chars.saturating_mul(NFC_SHRINKS_BY))
            .is_some()
        {
            return Err(ClientNameError::TooLong);
        }
        if text.is_empty() {
            return Ok(None);
        }
        let name = ComposingNormalizerBorrowed::new_nfc().normalize(text);
        if name.chars().nth(max_chars).is_some() {
            return Err(ClientNameError::TooLong);
        }
        // Nothing that the rules below look for is a letter, a digit, a space or the punctuation
        // of ASCII, so the usual name takes the short way.
        if name
            .bytes()
            .all(|byte| matches!(byte, b' '..=b'~') && !matches!(byte, b'<' | b'>'))
        {
            return Ok(Some(Self(name.into())));
        }
        let chars: Vec<char> = name.chars().collect();
        check_each(&chars)?;
        check_marks(&chars)?;
        if !chars.iter().any(|&character| is_visible(character)) {
            return Err(ClientNameError::NothingVisible);
        }
        Ok(Some(Self(name.into())))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Serialize for ClientName {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

fn check_each(chars: &[char]) -> Result<(), ClientNameError> {
    for (at, &character) in chars.iter().enumerate() {
        let kind = category(character);
        let is_break = matches!(
            kind,
            GeneralCategory::Control
                | GeneralCategory::LineSeparator
                | GeneralCategory::ParagraphSeparator
        );
        if is_break || CodePointSetData::new::<BidiControl>().contains(character) {
            return Err(ClientNameError::ControlCharacter);
        }
        if is_angle_bracket(character) {
            return Err(ClientNameError::AngleBracket);
        }
        let is_private = kind == GeneralCategory::PrivateUse
            || CodePointSetData::new::<NoncharacterCodePoint>().contains(character);
        if is_private || (is_invisible(character) && !joiners::is_needed(chars, at)) {
            return Err(ClientNameError::InvisibleCharacter);
        }
    }
    Ok(())
}

fn check_marks(chars: &[char]) -> Result<(), ClientNameError> {
    let ignorable = CodePointSetData::new::<DefaultIgnorableCodePoint>();
    let mut in_a_row = 0_usize;
    // What is not seen between two marks does not part them.
    for &character in chars
        .iter()
        .filter(|&&character| !ignorable.contains(character))
    {
        in_a_row = if is_mark(character) {
            in_a_row.saturating_add(1)
        } else {
            0
        };
        if in_a_row > MAX_MARKS {
            return Err(ClientNameError::CombiningMarks);
        }
    }
    Ok(())
}

/// `<` and `>`, and what compatibility or canonical decomposition makes of other characters.
fn is_angle_bracket(character: char) -> bool {
    matches!(
        character,
        '<' | '>' | '\u{226e}' | '\u{226f}' | '\u{fe64}' | '\u{fe65}' | '\u{ff1c}' | '\u{ff1e}'
    )
}

fn is_visible(character: char) -> bool {
    use GeneralCategory as Kind;
    let blank = matches!(
        category(character),
        Kind::SpaceSeparator | Kind::Format | Kind::Unassigned | Kind::Surrogate
    );
    // Letters and symbols by category that draw nothing: a Braille pattern without dots, blanks of
    // Egyptian hieroglyphs, a note without a head.
    let empty = matches!(
        character,
        '\u{2800}' | '\u{13441}' | '\u{13442}' | '\u{1d159}'
    );
    !blank && !empty && !is_mark(character)
}

fn is_mark(character: char) -> bool {
    use GeneralCategory as Kind;
    matches!(
        category(character),
        Kind::NonspacingMark | Kind::SpacingMark | Kind::EnclosingMark
    ) && !CodePointSetData::new::<VariationSelector>().contains(character)
}

/// Never drawn: what renderers ignore, and controls of the layout other than the marks that are
/// drawn around the digits after them.
fn is_invisible(character: char) -> bool {
    let is_drawn = CodePointSetData::new::<PrependedConcatenationMark>().contains(character);
    CodePointSetData::new::<DefaultIgnorableCodePoint>().contains(character)
        || (category(character) == GeneralCategory::Format && !is_drawn)
}

fn is_space(character: char) -> bool {
    category(character) == GeneralCategory::SpaceSeparator
}

fn category(character: char) -> GeneralCategory {
    CodePointMapData::<GeneralCategory>::new().get(character)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Option<String>, ClientNameError> {
        ClientName::parse(text, 128).map(|name| name.map(|name| name.as_str().to_owned()))
    }

    #[test]
    fn ordinary_names_of_many_scripts_pass() {
        for name in [
            "My Dynamic Application",
            "O'Reilly & Sons - Notes (beta)",
            "天気アプリ",
            "Gоogle",
            "می\u{200c}خواهم",
            "ക്\u{200d}",
            "क्\u{200d}ष",
            "র\u{200d}\u{9cd}যাম",
            "ರ\u{200d}\u{ccd}ಯಾಂಕ್",
            "ه\u{200d}.ق",
            "\u{600}123",
            "👩\u{200d}💻 Tools",
            "👩\u{200d}⚕\u{fe0f}",
            "👩🏽\u{200d}🚀",
            "❤\u{fe0f} App",
            "🏳\u{fe0f}\u{200d}🌈",
            "1\u{fe0f}\u{20e3} Password",
            "葛\u{e0100}城",
            "ᠮᠣᠩᠭ\u{180b}",
            "Tiếng Việt",
            "שָׁלוֹם",
        ] {
            assert_eq!(parse(name), Ok(Some(name.to_owned())), "{name}");
        }
    }

    #[test]
    fn invisible_characters_are_refused_where_no_script_needs_them() {
        for name in [
            "Goo\u{200b}gle",
            "Goo\u{200c}gle",
            "Goo\u{200d}gle",
            "\u{feff}Google",
            "Goo\u{ad}gle",
            "Goog\u{fe0f}le",
            "App 1\u{fe0f}",
            "\u{200d}👩",
            "👩\u{200d}",
            "👩\u{200d}x",
            "می\u{200c}",
            "\u{3164}",
            "a\u{115f}b",
            "Goo\u{2060}gle",
            "Goo\u{34f}gle",
            "\u{e0041}",
            "\u{e000}",
            "\u{fffe}",
            "葛\u{fe0f}",
            "a\u{fff9}b",
            "Goo\u{13430}gle",
            "Goo\u{94d}\u{200d}gle",
            "A©\u{200d}©B",
            "©\u{200d}™",
            "می\u{200d}خواهم",
        ] {
            assert_eq!(
                parse(name),
                Err(ClientNameError::InvisibleCharacter),
                "{name:?}"
            );
        }
    }

    #[test]
    fn controls_and_direction_changes_are_refused() {
        for name in [
            "a\u{7}b",
            "a\nb",
            "\tApp",
            "a\0b",
            "a\u{85}b",
            "a\u{2028}b",
            "Corpus \u{202e}elgooG",
            "a\u{2066}b",
            "a\u{200f}b",
            "a\u{61c}b",
        ] {
            assert_eq!(
                parse(name),
                Err(ClientNameError::ControlCharacter),
                "{name:?}"
            );
        }
    }

    #[test]
    fn angle_brackets_in_any_form_are_refused() {
        for name in [
            "<b>",
            "a>b",
            "\u{ff1c}script\u{ff1e}",
            "\u{fe64}b",
            "a<\u{338}b",
            "天<",
        ] {
            assert_eq!(parse(name), Err(ClientNameError::AngleBracket), "{name:?}");
        }
    }

    #[test]
    fn space_around_a_name_is_trimmed_and_nothing_else() {
        assert_eq!(parse("  My App \u{3000}"), Ok(Some("My App".to_owned())));
        assert_eq!(parse(""), Ok(None));
        assert_eq!(parse(" \u{a0} "), Ok(None));
        assert_eq!(
            parse("\u{2800}\u{2800}"),
            Err(ClientNameError::NothingVisible)
        );
        assert_eq!(parse("\u{301}"), Err(ClientNameError::NothingVisible));
    }

    #[test]
    fn length_counts_characters_after_nfc() {
        assert!(parse(&"N".repeat(128)).is_ok());
        assert_eq!(parse(&"N".repeat(129)), Err(ClientNameError::TooLong));
        assert_eq!(parse(&"e\u{301}".repeat(128)), Ok(Some("é".repeat(128))));
        assert_eq!(parse(&"N".repeat(1_000_000)), Err(ClientNameError::TooLong));
    }

    #[test]
    fn a_stack_of_marks_ends_at_four() {
        for hidden in [
            "G\u{941}\u{941}\u{941}\u{94d}\u{200d}\u{941}",
            "ᠮ\u{18a9}\u{18a9}\u{18a9}\u{18a9}\u{180b}\u{18a9}",
        ] {
            assert!(parse(hidden).is_err(), "{hidden:?}");
        }
        assert!(parse(&format!("x{}", "\u{323}".repeat(4))).is_ok());
        assert_eq!(
            parse(&format!("x{}", "\u{323}".repeat(5))),
            Err(ClientNameError::CombiningMarks)
        );
    }
}
