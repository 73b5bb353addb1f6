use std::borrow::Cow;

use icu_normalizer::ComposingNormalizerBorrowed;
use icu_properties::{
    CodePointMapData, CodePointSetData,
    props::{
        BidiClass, DefaultIgnorableCodePoint, GeneralCategory, GeneralCategoryGroup,
        VariationSelector,
    },
};
use serde::{Serialize, Serializer};

use crate::types::text::{
    DirectionMarks, TextFault, category, check_chars, is_direction_mark, is_printable_ascii,
};

/// The name that a client shows people (RFC 7591 section 2, `client_name`), in Unicode NFC, without
/// white space around it and with single spaces inside.
///
/// People read it on a consent page, so it holds nothing that misleads them there:
///
/// - no control, line end or unassigned code point, and no character that changes the direction of the
///   text around it; U+200E, U+200F and U+061C stay in a name that has right-to-left letters;
/// - no character that is not seen, or that is drawn as a blank; joiners, variation selectors and tags
///   stay where a script or an emoji needs them;
/// - no private character, and no `<` or `>`;
/// - no stack of combining marks, and none without a letter before it.
///
/// It is text, not HTML, and no proof of who chose it: escape it, and mark it as unverified.
///
/// ```
/// use oauth_dcr::types::{ClientName, ClientNameError};
///
/// let name = ClientName::parse(" Acme  Notes\n", 128)?.expect("a name");
/// assert_eq!(name.as_str(), "Acme Notes");
///
/// let padded = ClientName::parse("Example\u{2800}Bank", 128);
/// assert_eq!(padded, Err(ClientNameError::BlankCharacter));
/// # Ok::<(), ClientNameError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientName(Box<str>);

/// Why a text is refused as a client name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ClientNameError {
    /// More characters than allowed, after NFC.
    #[error("is longer than allowed")]
    TooLong,
    /// A control, a tab or line end inside, or a character that changes the direction of the text
    /// around it.
    #[error("holds a control character, or one that changes the direction of text; remove it")]
    ControlCharacter,
    /// A character that is not seen, or that means nothing outside one program.
    #[error("holds an invisible or private character; remove it")]
    InvisibleCharacter,
    /// A code point that Unicode has not assigned.
    #[error("holds a code point that Unicode has not assigned; remove it")]
    UnassignedCharacter,
    /// `<` or `>`, or a form of them that is folded to them.
    #[error("holds an angle bracket; remove it")]
    AngleBracket,
    /// More than four combining marks in a row.
    #[error("has more than four combining marks in a row; remove some")]
    CombiningMarks,
    /// Nothing in it can be seen.
    #[error("has no visible character; send a name that people can read, or none")]
    NothingVisible,
    /// A character that is drawn as a blank but is no space.
    #[error("holds a character that is drawn as a blank but is no space; use a space")]
    BlankCharacter,
    /// A combining mark at the start or after a space.
    #[error("has a combining mark at the start or after a space; put a letter before it")]
    MarkWithoutBase,
}

impl ClientNameError {
    /// The stable name of the rule that refused, for programs.
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

/// The most combining marks in a row: Vietnamese needs two, Hebrew with accents four.
const MAX_MARKS: usize = 4;

/// NFC makes of up to four characters one, and never more of fewer than that.
const NFC_SHRINKS_BY: usize = 4;

/// What is drawn as a blank although Unicode counts it as a symbol, a letter or a mark.
///
/// These are the characters whose names in the Unicode charts speak of a blank, a filler or a null
/// form and whose glyph is empty, as far as they are not refused before as default-ignorable (such as
/// the Hangul fillers) and not turned into U+0020 (all of Zs). The object replacement character stands
/// for something that is not in the text.
const BLANKS: [char; 6] = [
    '\u{2800}',  // Braille pattern blank
    '\u{fffc}',  // object replacement character
    '\u{13441}', // Egyptian hieroglyph full blank
    '\u{13442}', // Egyptian hieroglyph half blank
    '\u{16fe4}', // Khitan small script filler
    '\u{1d159}', // musical symbol null notehead
];

impl ClientName {
    /// The name that `text` spells, at most `max_chars` characters after NFC; `None` if only white
    /// space is in it.
    ///
    /// # Errors
    /// [`ClientNameError`] names the first rule that refuses it.
    pub fn parse(text: &str, max_chars: usize) -> Result<Option<Self>, ClientNameError> {
        let text = text.trim_matches(|it: char| it.is_whitespace() || is_space(it));
        let max_before_nfc = max_chars.saturating_mul(NFC_SHRINKS_BY);
        let text = single_spaced(text);
        if text.chars().nth(max_before_nfc).is_some() {
            return Err(ClientNameError::TooLong);
        }
        if text.is_empty() {
            return Ok(None);
        }
        let name = ComposingNormalizerBorrowed::new_nfc().normalize(&text);
        if name.chars().nth(max_chars).is_some() {
            return Err(ClientNameError::TooLong);
        }
        // Nothing that the rules below look for is a letter, a digit, a space or the punctuation
        // of ASCII, so the usual name takes the short way.
        if !is_printable_ascii(&name) || name.contains(is_angle_bracket) {
            let chars: Vec<char> = name.chars().collect();
            check_chars(&chars, direction_marks(&chars))?;
            check_for_a_name(&chars)?;
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

/// `text` with each run of Zs as one U+0020.
fn single_spaced(text: &str) -> Cow<'_, str> {
    let is_odd = |character| character != ' ' && is_space(character);
    if !text.contains("  ") && !text.contains(is_odd) {
        return text.into();
    }
    let mut follows_space = false;
    let chars = text.chars().filter_map(|character| {
        let is_space = is_space(character);
        let is_repeated = is_space && follows_space;
        follows_space = is_space;
        (!is_repeated).then_some(if is_space { ' ' } else { character })
    });
    chars.collect()
}

/// A direction mark belongs beside right-to-left letters. In any other name it changes nothing that a
/// person sees.
fn direction_marks(chars: &[char]) -> DirectionMarks {
    let has_marks = chars.iter().any(|&it| is_direction_mark(it));
    if has_marks && chars.iter().any(|&it| is_right_to_left_letter(it)) {
        DirectionMarks::Allowed
    } else {
        DirectionMarks::Refused
    }
}

/// What holds for names beyond the rule for every text that people read.
fn check_for_a_name(chars: &[char]) -> Result<(), ClientNameError> {
    let has = |is: fn(char) -> bool| chars.iter().any(|&character| is(character));
    if has(is_angle_bracket) {
        return Err(ClientNameError::AngleBracket);
    }
    if has(|it| category(it) == GeneralCategory::PrivateUse) {
        return Err(ClientNameError::InvisibleCharacter);
    }
    check_stacks(chars)?;
    if !has(is_visible) {
        return Err(ClientNameError::NothingVisible);
    }
    if has(|it| BLANKS.contains(&it)) {
        return Err(ClientNameError::BlankCharacter);
    }
    check_bases(chars)
}

/// The characters that are drawn: what is not seen parts neither two marks nor a mark from its base.
fn drawn(chars: &[char]) -> impl Iterator<Item = char> {
    let ignorable = CodePointSetData::new::<DefaultIgnorableCodePoint>();
    let drawn = chars.iter().copied();
    drawn.filter(move |&character| !ignorable.contains(character))
}

fn check_stacks(chars: &[char]) -> Result<(), ClientNameError> {
    let mut in_a_row = 0_usize;
    for character in drawn(chars) {
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

/// A mark at the start is drawn over what stands before the name on the page.
fn check_bases(chars: &[char]) -> Result<(), ClientNameError> {
    let mut previous = ' ';
    for character in drawn(chars) {
        if previous == ' ' && is_mark(character) {
            return Err(ClientNameError::MarkWithoutBase);
        }
        previous = character;
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
    let is_blank = matches!(category(character), Kind::SpaceSeparator | Kind::Format)
        || BLANKS.contains(&character);
    !is_blank && !is_mark(character)
}

fn is_mark(character: char) -> bool {
    use GeneralCategory as Kind;
    matches!(
        category(character),
        Kind::NonspacingMark | Kind::SpacingMark | Kind::EnclosingMark
    ) && !CodePointSetData::new::<VariationSelector>().contains(character)
}

fn is_right_to_left_letter(character: char) -> bool {
    let class = CodePointMapData::<BidiClass>::new().get(character);
    GeneralCategoryGroup::Letter.contains(category(character))
        && matches!(class, BidiClass::RightToLeft | BidiClass::ArabicLetter)
}

fn is_space(character: char) -> bool {
    character == ' '
        || (!character.is_ascii() && category(character) == GeneralCategory::SpaceSeparator)
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
            "ABC \u{200f}(\u{5d0}\u{5d1}\u{5d2})",
            "\u{61c}123 \u{645}\u{631}",
            "\u{5d0}\u{200e}!",
            "🏴\u{e0067}\u{e0062}\u{e0065}\u{e006e}\u{e0067}\u{e007f} Pubs",
            "Caber 🏴\u{e0067}\u{e0062}\u{e0073}\u{e0063}\u{e0074}\u{e007f}",
            "🏴\u{e0067}\u{e0062}\u{e0077}\u{e006c}\u{e0073}\u{e007f}",
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
            "🏴\u{e0067}\u{e0062}\u{e0065}\u{e006e}\u{e0067}",
            "🏴\u{e0067}\u{e0062}\u{e006e}\u{e0069}\u{e0072}\u{e007f}",
            "🏴\u{e0067}\u{e0062}\u{e0065}\u{e006e}\u{e0067}\u{e007f}\u{e007f}",
            "🏁\u{e0067}\u{e0062}\u{e0065}\u{e006e}\u{e0067}\u{e007f}",
            "\u{e000}",
            "\u{fffe}",
            "葛\u{fe0f}",
            "a\u{fff9}b",
            "Goo\u{13430}gle",
            "Goo\u{94d}\u{200d}gle",
            "A©\u{200d}©B",
            "ᠮᠣᠩᠭ\u{180b}\u{180b}",
            "ᠮᠣᠩᠭ\u{180e}\u{180c}",
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
            "a\tb",
            "a\r\nb",
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
    fn white_space_around_a_name_is_trimmed() {
        for text in [
            "  My App \u{3000}",
            "My App\n",
            "\tMy App\r\n",
            "\u{2028}My App\u{85}\u{b}",
        ] {
            assert_eq!(parse(text), Ok(Some("My App".to_owned())), "{text:?}");
        }
        for nothing in ["", " \u{a0} ", "\n", "\t\u{2003}\r\n"] {
            assert_eq!(parse(nothing), Ok(None), "{nothing:?}");
        }
    }

    #[test]
    fn each_run_of_spaces_becomes_one() {
        for text in [
            "My  App",
            "My\u{a0}App",
            "My\u{3000} \u{2007}\u{202f}App",
            &format!("My{}App", "\u{2000}".repeat(10_000)),
        ] {
            assert_eq!(parse(text), Ok(Some("My App".to_owned())), "{text:?}");
        }
    }

    #[test]
    fn unassigned_code_points_are_refused() {
        for name in ["Acme \u{378} Notes", "\u{2fe0}", "a\u{50000}"] {
            let unassigned = Err(ClientNameError::UnassignedCharacter);
            assert_eq!(parse(name), unassigned, "{name:?}");
        }
    }

    #[test]
    fn blanks_that_are_no_spaces_are_refused() {
        for blank in BLANKS {
            let name = format!("Example{blank}Bank");
            assert_eq!(parse(&name), Err(ClientNameError::BlankCharacter));
            assert_eq!(
                parse(&blank.to_string()),
                Err(ClientNameError::NothingVisible)
            );
        }
    }

    #[test]
    fn a_mark_needs_a_base() {
        for name in [
            "\u{301}Acme",
            "Acme \u{301}Notes",
            " \u{a0}\u{941}Acme",
            "Acme\u{2003}\u{20dd}",
            "\u{5d0} \u{200f}\u{5b8}",
        ] {
            let without_base = Err(ClientNameError::MarkWithoutBase);
            assert_eq!(parse(name), without_base, "{name:?}");
        }
        assert_eq!(parse("\u{301}"), Err(ClientNameError::NothingVisible));
    }

    /// Every script but the letters of Han and Hangul, which are all alike: before a mark, and between
    /// spaces.
    #[test]
    fn an_accepted_name_is_unchanged_by_a_second_reading() {
        let characters = ('\0'..='\u{33ff}')
            .chain('\u{a000}'..='\u{abff}')
            .chain('\u{f900}'..='\u{16fff}')
            .chain('\u{1b000}'..='\u{1ffff}')
            .chain('\u{e0000}'..='\u{e01ff}');
        let mut accepted = 0;
        for character in characters {
            for (before, after) in [("a", "\u{301}"), (" ", "  \u{5d0}")] {
                let text = format!("{before}{character}{after}");
                if let Ok(Some(name)) = parse(&text) {
                    accepted += 1;
                    assert_eq!(parse(&name), Ok(Some(name.clone())), "{text:?}");
                }
            }
        }
        assert!(accepted > 70_000, "{accepted}");
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
