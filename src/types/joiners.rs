//! The places where invisible characters have a meaning: joiners, variation selectors and tags inside
//! emoji, and joiners and variation selectors in the scripts whose spelling needs them.
//!
//! In any other place they are refused. A person does not see them there but a program compares them, so
//! an attacker could use them to make one name look like another.

use icu_properties::{
    CodePointMapData, CodePointSetData,
    props::{
        CanonicalCombiningClass, Emoji, EmojiModifier, EmojiPresentation, ExtendedPictographic,
        JoiningType, Script,
    },
};

const ZWNJ: char = '\u{200c}';
const ZWJ: char = '\u{200d}';
const EMOJI_STYLE: char = '\u{fe0f}';

/// Free variation selectors and the vowel separator: at most one of them follows a letter.
const MONGOLIAN_FIRST: char = '\u{180b}';
const MONGOLIAN_LAST: char = '\u{180f}';

const KEYCAP: char = '\u{20e3}';
const BLACK_FLAG: char = '\u{1f3f4}';

/// The tags of the subdivision flags that are recommended for interchange (UTS #51 annex B): England,
/// Scotland and Wales, each with the cancel tag at its end.
const SUBDIVISIONS: [[char; 6]; 3] = [
    [
        '\u{e0067}',
        '\u{e0062}',
        '\u{e0065}',
        '\u{e006e}',
        '\u{e0067}',
        '\u{e007f}',
    ],
    [
        '\u{e0067}',
        '\u{e0062}',
        '\u{e0073}',
        '\u{e0063}',
        '\u{e0074}',
        '\u{e007f}',
    ],
    [
        '\u{e0067}',
        '\u{e0062}',
        '\u{e0077}',
        '\u{e006c}',
        '\u{e0073}',
        '\u{e007f}',
    ],
];

/// Whether the invisible character at index `at` in `chars` has a meaning in this place.
pub(super) fn is_needed(chars: &[char], at: usize) -> bool {
    let (before, after) = (
        chars.get(..at).unwrap_or_default(),
        chars.get(at.saturating_add(1)..),
    );
    let (Some(&character), Some(&previous), Some(after)) = (chars.get(at), before.last(), after)
    else {
        return false;
    };
    match character {
        ZWJ => {
            joins_emoji(before, after)
                || meets_virama(before, after)
                || joins(before) != is_joined(after)
        }
        ZWNJ => ends_in_virama(before) || (joins(before) && is_joined(after)),
        '\u{fe0e}' | EMOJI_STYLE => styles_emoji(previous, after),
        '\u{fe00}'..='\u{fe02}' => [
            Script::Han,
            Script::Myanmar,
            Script::PhagsPa,
            Script::Manichaean,
        ]
        .contains(&script(previous)),
        MONGOLIAN_FIRST..=MONGOLIAN_LAST => {
            let is_selected = (MONGOLIAN_FIRST..=MONGOLIAN_LAST).contains(&previous);
            script(previous) == Script::Mongolian && !is_selected
        }
        // Ideographic variation sequences.
        '\u{e0100}'..='\u{e01ef}' => script(previous) == Script::Han,
        '\u{e0020}'..='\u{e007f}' => is_in_subdivision_flag(chars, at),
        _ => false,
    }
}

/// Whether a ZWJ joins two emoji (UTS #51 section 1.4.7): an emoji, its style or skin tone, ZWJ, an emoji.
fn joins_emoji(before: &[char], after: &[char]) -> bool {
    let is_modifier = |&&character: &&char| {
        character == EMOJI_STYLE || CodePointSetData::new::<EmojiModifier>().contains(character)
    };
    let base = before
        .iter()
        .rev()
        .position(|character| !is_modifier(&character));
    let left =
        base.and_then(|from_end| before.get(before.len().checked_sub(from_end)?.checked_sub(1)?..));
    left.is_some_and(begins_with_emoji) && begins_with_emoji(after)
}

/// Whether `chars` begins with a pictograph that is drawn as an emoji, by itself or because a selector
/// follows it. Any other pictograph, such as a copyright sign, looks the same with and without a joiner.
fn begins_with_emoji(chars: &[char]) -> bool {
    let Some(&first) = chars.first() else {
        return false;
    };
    CodePointSetData::new::<ExtendedPictographic>().contains(first)
        && (CodePointSetData::new::<EmojiPresentation>().contains(first)
            || chars.get(1) == Some(&EMOJI_STYLE))
}

/// Whether a style selector changes how `previous` looks. A digit changes only as a part of a keycap.
fn styles_emoji(previous: char, after: &[char]) -> bool {
    CodePointSetData::new::<Emoji>().contains(previous)
        && (!previous.is_ascii() || after.first() == Some(&KEYCAP))
}

/// Whether the tag at index `at` is part of a subdivision's flag: a black flag and all of its tags
/// (UTS #51 section 1.4.6).
fn is_in_subdivision_flag(chars: &[char], at: usize) -> bool {
    let longest = SUBDIVISIONS.first().map_or(0, |tags| tags.len());
    let before = chars.get(at.saturating_sub(longest)..at);
    let from_end = before.and_then(|before| before.iter().rev().position(|&c| c == BLACK_FLAG));
    let after_flag = from_end.and_then(|from_end| chars.get(at.saturating_sub(from_end)..));
    after_flag.is_some_and(|tags| SUBDIVISIONS.iter().any(|flag| tags.starts_with(flag)))
}

/// Whether a joiner follows a virama (RFC 5892 appendix A.2). In Bengali and Kannada the virama may also
/// come after the joiner.
fn meets_virama(before: &[char], after: &[char]) -> bool {
    let follows = after.first().is_some_and(|&next| {
        is_virama(next)
            && before
                .last()
                .is_some_and(|&letter| script(letter) == script(next))
    });
    follows || ends_in_virama(before)
}

/// Whether `before` ends in a letter and a virama of its script. Marks between the two are allowed.
fn ends_in_virama(before: &[char]) -> bool {
    let Some((&last, rest)) = before.split_last() else {
        return false;
    };
    let letter = rest.iter().rev().find(|&&c| script(c) != Script::Inherited);
    is_virama(last) && letter.is_some_and(|&letter| script(letter) == script(last))
}

fn is_virama(character: char) -> bool {
    CodePointMapData::<CanonicalCombiningClass>::new().get(character)
        == CanonicalCombiningClass::Virama
}

/// Whether the last letter of `before` joins to what follows (RFC 5892 appendix A.1).
fn joins(before: &[char]) -> bool {
    let left = joining_types(before.iter().rev()).next();
    matches!(
        left,
        Some(JoiningType::LeftJoining | JoiningType::DualJoining)
    )
}

/// Whether the first letter of `after` joins to the letter before it.
fn is_joined(after: &[char]) -> bool {
    let right = joining_types(after.iter()).next();
    matches!(
        right,
        Some(JoiningType::RightJoining | JoiningType::DualJoining)
    )
}

/// The joining types of the characters that affect joining.
fn joining_types<'a>(chars: impl Iterator<Item = &'a char>) -> impl Iterator<Item = JoiningType> {
    chars
        .map(|&character| CodePointMapData::<JoiningType>::new().get(character))
        .filter(|joining| *joining != JoiningType::Transparent)
}

fn script(character: char) -> Script {
    CodePointMapData::<Script>::new().get(character)
}
