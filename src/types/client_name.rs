mod error;

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

pub use self::error::ClientNameError;
use crate::types::text::{
    DirectionMarks, category, check_chars, is_direction_mark, is_printable_ascii,
};

/// The name that a client shows people (RFC 7591 section 2, `client_name`), in Unicode NFC, without
/// white space around it and with single spaces inside.
///
/// People read it on a consent page, so it holds nothing that misleads them there:
///
/// - no control, line end or unassigned code point, and no character that changes the direction of the
///   text around it; U+200E, U+200F and U+061C are allowed in a name that has right-to-left letters;
/// - no character that is invisible, or that is drawn as a blank; joiners, variation selectors and tags
///   are allowed where a script or an emoji needs them;
/// - no private character, and no `<` or `>`;
/// - no more than four combining marks in a row, and no combining mark without a letter before it.
///
/// The name is text, not HTML: escape it. Anyone can choose any name: mark it as unverified.
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

/// The most combining marks in a row: Vietnamese needs two, Hebrew with accents four.
const MAX_MARKS: usize = 4;

/// NFC composes at most four characters into one.
const NFC_SHRINKS_BY: usize = 4;

/// Characters that are drawn as a blank, although Unicode counts them as symbols, letters or marks.
///
/// The Unicode charts name these characters a blank, a filler or a null form, and their glyph is empty.
/// Default-ignorable characters, such as the Hangul fillers, are not listed, because an earlier rule
/// refuses them. Nor are the characters of Zs, which become U+0020. The object replacement character
/// stands for something that is not in the text.
const BLANKS: [char; 6] = [
    '\u{2800}',  // Braille pattern blank
    '\u{fffc}',  // object replacement character
    '\u{13441}', // Egyptian hieroglyph full blank
    '\u{13442}', // Egyptian hieroglyph half blank
    '\u{16fe4}', // Khitan small script filler
    '\u{1d159}', // musical symbol null notehead
];

impl ClientName {
    /// Reads the name in `text`, which has at most `max_chars` characters after NFC. The result is
    /// `None` if `text` is only white space.
    ///
    /// # Errors
    /// [`ClientNameError`] names the first rule that refuses the name.
    pub fn parse(text: &str, max_chars: usize) -> Result<Option<Self>, ClientNameError> {
        let text = text.trim_matches(|c: char| c.is_whitespace() || is_space(c));
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
        // Of printable ASCII, the rules below refuse only angle brackets, so most names skip them.
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

/// Returns `text` with each run of Zs characters replaced by one U+0020.
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

/// Direction marks are allowed in names with right-to-left letters. In any other name they change
/// nothing that a person sees.
fn direction_marks(chars: &[char]) -> DirectionMarks {
    let has_marks = chars.iter().any(|&c| is_direction_mark(c));
    if has_marks && chars.iter().any(|&c| is_right_to_left_letter(c)) {
        DirectionMarks::Allowed
    } else {
        DirectionMarks::Refused
    }
}

/// Checks the rules that names have in addition to the rules for every text that people read.
fn check_for_a_name(chars: &[char]) -> Result<(), ClientNameError> {
    let has = |is: fn(char) -> bool| chars.iter().any(|&character| is(character));
    if has(is_angle_bracket) {
        return Err(ClientNameError::AngleBracket);
    }
    if has(|c| category(c) == GeneralCategory::PrivateUse) {
        return Err(ClientNameError::InvisibleCharacter);
    }
    check_stacks(chars)?;
    if !has(is_visible) {
        return Err(ClientNameError::NothingVisible);
    }
    if has(|c| BLANKS.contains(&c)) {
        return Err(ClientNameError::BlankCharacter);
    }
    check_bases(chars)
}

/// The characters that are drawn. An invisible character separates neither two marks nor a mark and
/// its base.
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

/// Refuses a mark without a base: at the start, a mark is drawn over the text before the name on the
/// page.
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

/// Whether `character` is `<` or `>`, or decomposes to one of them (compatibility or canonical).
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
mod tests;
