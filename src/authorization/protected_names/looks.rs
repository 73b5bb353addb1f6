use std::{borrow::Cow, collections::HashMap};

use icu_properties::{CodePointMapData, props::GeneralCategory, props::GeneralCategoryGroup};
use unicode_security::confusable_detection::skeleton;

/// A skeleton has at most this many characters for each character of its name.
const MOST_FOR_EACH: usize = 4;

/// Replaces the end of a character's expansion if the expansion is cut. It is neither a letter nor a digit, so it
/// can't be confused with them.
const REST: char = '\u{fffc}';

/// What a name looks like to a reader, whatever its letter case, script, accents and punctuation: the words of its
/// skeleton (Unicode Technical Standard 39 section 4).
///
/// The skeleton is made from the shapes of letters, and the shape of a letter depends on its case. So there are two
/// skeletons: of the name as it is written, and of the name in lower case.
#[derive(Clone, Debug)]
pub(super) struct Looks([Words; 2]);

/// The looks of a protected name without the spaces, which is the form for comparing.
#[derive(Clone, Debug)]
pub(super) struct ProtectedLooks([Box<str>; 2]);

impl Looks {
    pub(super) fn of(name: &str) -> Self {
        let most = name.chars().count().saturating_mul(MOST_FOR_EACH);
        let mut known = Expansions::default();
        Self(in_both_cases(name).map(|name| Words::bounded(&name, most, &mut known)))
    }

    pub(super) fn resemble(&self, protected: &ProtectedLooks) -> bool {
        let mut pairs = self.0.iter().zip(&protected.0);
        pairs.any(|(words, protected)| words.contain(protected))
    }
}

impl ProtectedLooks {
    /// The looks of `name`. `None` if it has neither a letter nor a digit. The skeleton is not bounded, because the
    /// host chose the name.
    pub(super) fn of(name: &str) -> Option<Self> {
        let mut known = Expansions::default();
        let [as_written, in_lower_case] = in_both_cases(name);
        let as_written = Words::whole(&as_written, usize::MAX, &mut known)?.letters;
        let in_lower_case = Words::whole(&in_lower_case, usize::MAX, &mut known)?.letters;
        let is_blank = as_written.is_empty() || in_lower_case.is_empty();
        (!is_blank).then(|| Self([as_written.into(), in_lower_case.into()]))
    }
}

fn in_both_cases(name: &str) -> [String; 2] {
    let name = spaced(name);
    let in_lower_case = name.to_lowercase();
    [name, in_lower_case]
}

/// Adds a space between a lower-case letter and an upper-case letter: `PayPalHelp` is three words to a reader.
fn spaced(name: &str) -> String {
    let mut spaced = String::with_capacity(name.len());
    let mut after_lower = false;
    for letter in name.chars() {
        if after_lower && letter.is_uppercase() {
            spaced.push(' ');
        }
        after_lower = letter.is_lowercase();
        spaced.push(letter);
    }
    spaced
}

/// The letters and digits of a skeleton in lower case, without accents, and the bounds of its words. All other
/// characters separate words.
#[derive(Clone, Debug)]
struct Words {
    letters: String,
    /// The offsets in `letters` where a word begins or ends, from 0 to its length, without duplicates.
    bounds: Vec<usize>,
}

impl Words {
    /// The words of the skeleton, which is at most `most` characters long: [`MOST_FOR_EACH`] times the length of
    /// the name.
    ///
    /// If the skeleton is longer, the expansion of each character is cut separately. The end of the skeleton is not
    /// cut off: otherwise a name could be padded until its last words are not compared. The part that is cut matches
    /// every text, so it hides nothing either.
    ///
    /// This can cause a warning about a harmless name, but no ordinary name is cut. To be cut, the characters of a
    /// name have to expand to more than four characters on average. Only signs for whole phrases (U+FDFA) and the
    /// rarest Korean syllables do. The only protected name that is not found is a name that begins within the cut
    /// part of a sign, and nobody reads a name from the middle of a sign.
    fn bounded(name: &str, most: usize, known: &mut Expansions) -> Self {
        if let Some(words) = Self::whole(name, most, known) {
            return words;
        }
        let mut words = Self::new();
        for character in name.chars() {
            words.add(&known.of(character).cut);
        }
        words.ended()
    }

    /// The words of the whole skeleton. `None` if it is longer than `most` characters.
    fn whole(name: &str, most: usize, known: &mut Expansions) -> Option<Self> {
        let mut words = Self::new();
        let mut remaining = most;
        for character in name.chars() {
            let expanded = known.of(character);
            remaining = remaining.checked_sub(expanded.length)?;
            words.add(&expanded.whole);
        }
        Some(words.ended())
    }

    fn new() -> Self {
        Self {
            letters: String::new(),
            bounds: vec![0],
        }
    }

    /// Adds the expansion of one character of the name.
    fn add(&mut self, sign: &Sign) {
        for word in &sign.words {
            if sign.is_apart {
                self.bound();
            }
            self.letters.push_str(word);
        }
        if sign.is_apart {
            self.bound();
        }
    }

    fn ended(mut self) -> Self {
        self.bound();
        self
    }

    fn bound(&mut self) {
        let here = self.letters.len();
        if self.bounds.last() != Some(&here) {
            self.bounds.push(here);
        }
    }

    /// Whether some consecutive words, written without spaces, are `protected`. The number of steps is at most the
    /// number of words times the length of `protected`.
    fn contain(&self, protected: &str) -> bool {
        let starts = self.bounds.iter();
        let mut rests = starts.filter_map(|start| self.letters.get(*start..));
        rests.any(|rest| self.begin(rest, protected))
    }

    fn begin(&self, rest: &str, protected: &str) -> bool {
        let mut letters = rest.chars();
        for wanted in protected.chars() {
            match letters.next() {
                Some(REST) => return true,
                Some(letter) if letter == wanted => {}
                _ => return false,
            }
        }
        let rest = letters.as_str();
        let end = self.letters.len().saturating_sub(rest.len());
        rest.starts_with(REST) || self.bounds.binary_search(&end).is_ok()
    }
}

/// The expansions of the characters of a name. Each is computed once, because computing them is most of the work.
#[derive(Debug, Default)]
struct Expansions(HashMap<char, Expansion>);

/// The text that a character stands for.
#[derive(Debug)]
struct Expansion {
    /// The length in characters.
    length: usize,
    whole: Sign,
    cut: Sign,
}

/// The part of a skeleton that comes from one character of the name.
///
/// A character that stands for several words looks like a separate sign to a reader. So does a character whose
/// expansion was cut, because it may stand for several words. The letters beside such a sign begin and end words.
#[derive(Debug)]
struct Sign {
    words: Vec<Box<str>>,
    is_apart: bool,
}

impl Expansions {
    fn of(&mut self, character: char) -> &Expansion {
        self.0.entry(character).or_insert_with(|| {
            let whole = expanded(character);
            Expansion {
                length: whole.chars().count(),
                cut: Sign::new(&cut(&whole)),
                whole: Sign::new(&whole),
            }
        })
    }
}

impl Sign {
    fn new(expanded: &str) -> Self {
        Self {
            words: expanded.split(is_between_words).map(Into::into).collect(),
            is_apart: expanded.contains(is_between_words) || expanded.ends_with(REST),
        }
    }
}

/// The skeleton of one character, in lower case, without accents.
fn expanded(character: char) -> String {
    let categories = CodePointMapData::<GeneralCategory>::new();
    let is_mark = |letter: &char| GeneralCategoryGroup::Mark.contains(categories.get(*letter));
    skeleton(character.encode_utf8(&mut [0; 4]))
        .filter(|letter| !is_mark(letter))
        .flat_map(char::to_lowercase)
        .map(|letter| if letter == REST { ' ' } else { letter })
        .collect()
}

/// At most [`MOST_FOR_EACH`] characters of `expanded`. [`REST`] replaces the part that is cut. It directly follows a
/// letter, because it is the rest of a word.
fn cut(expanded: &str) -> Cow<'_, str> {
    if expanded.chars().nth(MOST_FOR_EACH).is_none() {
        return expanded.into();
    }
    let taken: String = expanded.chars().take(MOST_FOR_EACH - 1).collect();
    let mut taken = taken.trim_end_matches(is_between_words).to_owned();
    taken.push(REST);
    taken.into()
}

fn is_between_words(character: char) -> bool {
    !character.is_alphanumeric() && character != REST
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Stands for 18 characters, more than any other character.
    const PHRASE: &str = "\u{fdfa}";

    fn lengths(name: &str) -> [usize; 2] {
        Looks::of(name).0.map(|words| words.letters.chars().count())
    }

    fn whole(name: &str) -> Words {
        Words::whole(name, usize::MAX, &mut Expansions::default()).unwrap()
    }

    fn looks_like(name: &str, protected: &str) -> bool {
        Looks::of(name).resemble(&ProtectedLooks::of(protected).unwrap())
    }

    #[test]
    fn skeletons_of_a_hundred_names_are_bounded() {
        let name = PHRASE.repeat(128);
        let whole = whole(&name);
        assert_eq!(whole.letters.chars().count(), 128 * 15);
        let names = (0..100).map(|_| Looks::of(&name));
        let letters = names.flat_map(|looks| looks.0.map(|words| words.letters.chars().count()));
        assert!(letters.sum::<usize>() <= 2 * 100 * 128 * MOST_FOR_EACH);
    }

    /// The characters that stand for more than two characters, in either case. They all come before the end of the
    /// planes of ideographs.
    fn characters_to_cut() -> impl Iterator<Item = char> {
        ('\0'..'\u{30000}').filter(|character| expanded(*character).chars().nth(2).is_some())
    }

    #[test]
    fn a_skeleton_is_at_most_four_times_its_name() {
        for character in characters_to_cut().chain(['\u{130}', 'a']) {
            for name in [
                String::from(character),
                format!("{character}{PHRASE}"),
                format!("a{character}Aa{character}{character}"),
            ] {
                let most = name.chars().count() * MOST_FOR_EACH;
                assert!(
                    lengths(&name).iter().all(|length| *length <= most),
                    "{name:?}"
                );
            }
        }
    }

    #[test]
    fn every_cut_leaves_a_letter_before_the_rest() {
        let mut count = 0;
        for whole in characters_to_cut().map(expanded) {
            let cut = cut(&whole);
            assert!(cut.chars().count() <= MOST_FOR_EACH, "{cut}");
            let Some(begin) = cut.strip_suffix(REST) else {
                assert_eq!(cut, whole);
                continue;
            };
            assert!(whole.starts_with(begin), "{cut}");
            assert!(begin.ends_with(char::is_alphanumeric), "{cut}");
            count += 1;
        }
        assert!(count > 4_000, "{count}");
    }

    #[test]
    fn a_padded_disguise_is_recognized_and_bounded() {
        for count in [1, 2, 7, 60, 122] {
            let padding = PHRASE.repeat(count);
            for name in [
                format!("{padding}PayPal"),
                format!("{padding} PаyPаl"),
                format!("PayPal{padding}"),
                format!("{padding}PayPal{padding}"),
                format!("Pay{padding} {padding}x PayPal"),
            ] {
                assert!(looks_like(&name, "PayPal"), "{count}: {name}");
                let most = name.chars().count() * MOST_FOR_EACH;
                assert!(
                    lengths(&name).iter().all(|length| *length <= most),
                    "{name}"
                );
            }
            let other = format!("{padding}Honest Notes{padding}");
            assert!(!looks_like(&other, "PayPal"), "{count}");
        }
    }

    /// Some syllables stand for up to seven strokes, so they are cut in a padded name.
    #[test]
    fn a_padded_korean_name_is_recognized() {
        for protected in ["웹툰", "네이버웹", "훿훿훿", "웹"] {
            for count in [0, 1, 5, 100] {
                let padding = PHRASE.repeat(count);
                for name in [
                    format!("{padding}{protected}"),
                    format!("{padding}{protected}{padding}"),
                    format!("{padding} {protected} App"),
                ] {
                    assert!(looks_like(&name, protected), "{name}");
                }
            }
        }
        assert!(!looks_like("웹 게임", "웰컴"));
        assert!(!looks_like(&format!("{PHRASE}한국"), "웰컴"));
    }

    #[test]
    fn a_bounded_skeleton_finds_what_the_whole_finds() {
        let parts = [PHRASE, "\u{fdfb}", "웹", "훿", "툰", "a", "P", " "];
        let mut found = 0;
        for (first, second, third) in parts.iter().flat_map(|first| {
            let pairs = parts
                .iter()
                .flat_map(|second| parts.map(|third| (second, third)));
            pairs.map(move |(second, third)| (first, second, third))
        }) {
            let protected =
                [first, second, &&*format!("{first}{second}")].map(|name| ProtectedLooks::of(name));
            for padding in [0, 1, 9].map(|count| PHRASE.repeat(count)) {
                let name = format!("{padding}{first}{second}{third}{padding}");
                let whole = in_both_cases(&name).map(|name| whole(&name));
                let (whole, bounded) = (Looks(whole), Looks::of(&name));
                for protected in protected
                    .iter()
                    .flatten()
                    .filter(|looks| whole.resemble(looks))
                {
                    assert!(bounded.resemble(protected), "{name:?} {protected:?}");
                    found += 1;
                }
            }
        }
        assert!(found > 1_000, "{found}");
    }

    #[test]
    fn letters_spelled_apart_look_like_the_syllable() {
        let spelled: String = expanded('훿');
        assert!(looks_like(&spelled, "훿"));
        assert!(looks_like(&format!("{}{spelled}", PHRASE.repeat(9)), "훿"));
    }

    #[test]
    fn a_name_with_a_phrase_sign_is_compared_whole() {
        let written_out: String = expanded('\u{fdfa}');
        assert!(looks_like("Quran Reader \u{fdfa}", &written_out));
        assert!(looks_like(&format!("Quran Reader {written_out}"), PHRASE));
    }

    #[test]
    fn the_rest_mark_in_a_name_is_not_a_letter() {
        assert!(!looks_like("Pa\u{fffc}", "PayPal"));
        assert!(looks_like("x\u{fffc}PayPal", "PayPal"));
        assert!(ProtectedLooks::of("\u{fffc}").is_none());
    }
}
