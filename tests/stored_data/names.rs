//! Names that depend on the Unicode data of the build.

use std::ops::RangeInclusive;

use oauth_dcr::types::ClientName;

/// The length of the longest name here. The default limit is 128 characters.
const CHARACTERS: usize = 120;

/// The first two planes except large blocks that contain only letters or private-use characters.
/// Each version of Unicode assigns characters in the gaps between them.
const CHARACTERS_TRIED: [RangeInclusive<char>; 4] = [
    '\u{80}'..='\u{33ff}',
    '\u{a000}'..='\u{abff}',
    '\u{f900}'..='\u{16fff}',
    '\u{1b000}'..='\u{1ffff}',
];

/// Names that together contain every character that this build allows in a name, except letters and
/// digits. Each character occurs five times in a row where this is allowed, and in front of the
/// character before it.
///
/// In a build with other data, some of these characters may be unassigned or have other properties,
/// so that the build would refuse the names.
pub(crate) fn all() -> Vec<String> {
    let mut words = Vec::new();
    let mut previous = None;
    let tried = CHARACTERS_TRIED.into_iter().flatten();
    for character in tried.filter(|it| !it.is_alphanumeric()) {
        let row = format!("x{}", character.to_string().repeat(5));
        let once = format!("x{character}");
        let Some(word) = [row, once].into_iter().find(|word| is_accepted(word)) else {
            continue;
        };
        words.push(word);
        if let Some(previous) = previous.replace(character) {
            let swapped = format!("x{character}{previous}");
            words.extend(Some(swapped).filter(|word| is_accepted(word)));
        }
    }
    let most = CHARACTERS / "xccccc".len();
    let names = words.chunks(most).flat_map(|words| {
        let joined = words.concat();
        if is_accepted(&joined) {
            vec![joined]
        } else {
            words.to_vec()
        }
    });
    names.collect()
}

fn is_accepted(name: &str) -> bool {
    ClientName::parse(name, CHARACTERS).is_ok()
}
