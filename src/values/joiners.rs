//! Where invisible characters have a meaning: joiners and variation selectors inside emoji, and in
//! the scripts whose spelling needs them.
//!
//! Anywhere else they change nothing that a person sees, only what a program compares, which is how
//! one name is made to look like another.

use icu_properties::{
    CodePointMapData, CodePointSetData,
    props::{
        CanonicalCombiningClass, Emoji, EmojiModifier, ExtendedPictographic, JoiningType, Script,
    },
};

const ZWNJ: char = '\u{200c}';
const ZWJ: char = '\u{200d}';
const EMOJI_STYLE: char = '\u{fe0f}';
const KEYCAP: char = '\u{20e3}';

/// Whether the invisible character at `at` in `chars` belongs where it stands.
pub(super) fn is_needed(chars: &[char], at: usize) -> bool {
    let (before, after) = (chars.get(..at).unwrap_or_default(), chars.get(at + 1..));
    let (Some(&character), Some(&previous), Some(after)) = (chars.get(at), before.last(), after)
    else {
        return false;
    };
    match character {
        ZWJ => joins_emoji(before, after) || is_virama(previous),
        ZWNJ => is_virama(previous) || breaks_cursive_joining(before, after),
        '\u{fe0e}' | EMOJI_STYLE => styles_emoji(previous, after),
        '\u{fe00}'..='\u{fe02}' => [
            Script::Han,
            Script::Myanmar,
            Script::PhagsPa,
            Script::Manichaean,
        ]
        .contains(&script(previous)),
        '\u{180b}'..='\u{180f}' => script(previous) == Script::Mongolian,
        // Ideographic variation sequences.
        '\u{e0100}'..='\u{e01ef}' => script(previous) == Script::Han,
        _ => false,
    }
}

/// A ZWJ sequence (UTS #51 section 1.4.7): pictograph, its style or skin tone, ZWJ, pictograph.
fn joins_emoji(before: &[char], after: &[char]) -> bool {
    let is_modifier = |&&character: &&char| {
        character == EMOJI_STYLE || CodePointSetData::new::<EmojiModifier>().contains(character)
    };
    let pictographic = CodePointSetData::new::<ExtendedPictographic>();
    let base = before
        .iter()
        .rev()
        .find(|character| !is_modifier(character));
    let is_pictograph =
        |character: Option<&char>| character.is_some_and(|&it| pictographic.contains(it));
    is_pictograph(base) && is_pictograph(after.first())
}

/// A digit takes the emoji style only as a keycap; alone it would look the same without.
fn styles_emoji(previous: char, after: &[char]) -> bool {
    CodePointSetData::new::<Emoji>().contains(previous)
        && (!previous.is_ascii() || after.first() == Some(&KEYCAP))
}

/// RFC 5892 appendices A.1 and A.2: a virama asks for the joiner.
fn is_virama(character: char) -> bool {
    CodePointMapData::<CanonicalCombiningClass>::new().get(character)
        == CanonicalCombiningClass::Virama
}

/// RFC 5892 appendix A.1: the letters on both sides would join without it.
fn breaks_cursive_joining(before: &[char], after: &[char]) -> bool {
    let types = CodePointMapData::<JoiningType>::new();
    let is_seen = |joining: &JoiningType| *joining != JoiningType::Transparent;
    let left = before.iter().rev().map(|&it| types.get(it)).find(is_seen);
    let right = after.iter().map(|&it| types.get(it)).find(is_seen);
    matches!(
        left,
        Some(JoiningType::LeftJoining | JoiningType::DualJoining)
    ) && matches!(
        right,
        Some(JoiningType::RightJoining | JoiningType::DualJoining)
    )
}

fn script(character: char) -> Script {
    CodePointMapData::<Script>::new().get(character)
}
