use std::{borrow::Cow, collections::HashMap};

use icu_properties::{CodePointMapData, props::GeneralCategory, props::GeneralCategoryGroup};
use unicode_security::confusable_detection::skeleton;

/// A skeleton has at most this many times the characters of its name.
const MOST_FOR_EACH: usize = 4;

/// Stands in a skeleton for the rest of what a character stands for. It is neither letter nor digit,
/// so it can't be one of them.
const REST: char = '\u{fffc}';

/// What a reader takes a name for, whatever its letter case, script, accents and punctuation:
/// the words of its skeleton (Unicode Technical Standard 39 section 4).
///
/// The skeleton knows letters by their shape, and the shape of a letter depends on its case: so it is
/// taken twice, of the name as it is written and in lower case.
#[derive(Clone, Debug)]
pub(super) struct Looks([Words; 2]);

/// The looks of a protected name, without the spaces: the form in which they are compared.
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
        pairs.any(|(words, protected)| words.hold(protected))
    }
}

impl ProtectedLooks {
    /// `None` if `name` has neither letter nor digit. The skeleton is not bounded: the host chose the
    /// name.
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

/// With a space where a lower-case letter is followed by an upper-case one: `PayPalHelp` is three
/// words to a reader.
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

/// The letters and digits of a skeleton in lower case, without accents, and where its words meet.
/// Whatever is neither letter nor digit stands between words.
#[derive(Clone, Debug)]
struct Words {
    letters: String,
    /// The places in `letters` where a word begins or ends, from 0 to its length, each once.
    bounds: Vec<usize>,
}

impl Words {
    /// The words of the skeleton, which is at most `most` characters long: [`MOST_FOR_EACH`] times
    /// the length of the name.
    ///
    /// A longer skeleton is cut at each character of the name, never at its end, so that no character
    /// takes the place of another: a name can't be padded until its last words are not compared. What
    /// is cut counts as whatever would look alike, so that it hides nothing either. That can warn of a
    /// harmless name, but no ordinary name is cut: its characters stand for more than four each on
    /// average, which takes signs for whole phrases (U+FDFA) or the rarest Korean syllables. Only a
    /// protected name that begins within what is cut of one sign is not found, and nobody reads a name
    /// from the middle of a sign.
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
        let mut left = most;
        for character in name.chars() {
            let expanded = known.of(character);
            left = left.checked_sub(expanded.length)?;
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

    /// Adds what one character of the name stands for.
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

    /// Whether some of these words in a row, written as one, are `protected`. It takes as many steps
    /// as there are words, times the length of `protected`, at most.
    fn hold(&self, protected: &str) -> bool {
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

/// What the characters of a name stand for, each looked up once: that is most of the work.
#[derive(Debug, Default)]
struct Expansions(HashMap<char, Expansion>);

/// What a character stands for.
#[derive(Debug)]
struct Expansion {
    /// In characters.
    length: usize,
    whole: Sign,
    cut: Sign,
}

/// A part of a name, of one character.
///
/// A character that stands for several words is a sign of its own to a reader, and so is one that was
/// cut, which may stand for several: the letters beside it begin and end words.
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
    let is_mark = |it: &char| GeneralCategoryGroup::Mark.contains(categories.get(*it));
    skeleton(character.encode_utf8(&mut [0; 4]))
        .filter(|it| !is_mark(it))
        .flat_map(char::to_lowercase)
        .map(|it| if it == REST { ' ' } else { it })
        .collect()
}

/// At most [`MOST_FOR_EACH`] characters of `expanded`. [`REST`] stands for what is cut, directly after
/// a letter, because it is the rest of a word.
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

    /// Stands for 18 characters, the most of all.
    const PHRASE: &str = "\u{fdfa}";

    fn lengths(name: &str) -> [usize; 2] {
        Looks::of(name).0.map(|it| it.letters.chars().count())
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
        let letters = names.flat_map(|looks| looks.0.map(|it| it.letters.chars().count()));
        assert!(letters.sum::<usize>() <= 2 * 100 * 128 * MOST_FOR_EACH);
    }

    /// The characters that stand for more than two, in either case. None is above the planes of
    /// ideographs.
    fn long_ones() -> impl Iterator<Item = char> {
        ('\0'..'\u{30000}').filter(|it| expanded(*it).chars().nth(2).is_some())
    }

    #[test]
    fn a_skeleton_is_at_most_four_times_as_long_as_its_name() {
        for character in long_ones().chain(['\u{130}', 'a']) {
            for name in [
                String::from(character),
                format!("{character}{PHRASE}"),
                format!("a{character}Aa{character}{character}"),
            ] {
                let most = name.chars().count() * MOST_FOR_EACH;
                assert!(lengths(&name).iter().all(|it| *it <= most), "{name:?}");
            }
        }
    }

    #[test]
    fn every_cut_leaves_a_letter_before_the_rest() {
        let mut count = 0;
        for whole in long_ones().map(expanded) {
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
    fn a_padded_disguise_is_known_and_bounded() {
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
                assert!(lengths(&name).iter().all(|it| *it <= most), "{name}");
            }
            let other = format!("{padding}Honest Notes{padding}");
            assert!(!looks_like(&other, "PayPal"), "{count}");
        }
    }

    /// Some syllables stand for up to seven strokes, so they are cut where a name is padded.
    #[test]
    fn a_padded_korean_name_is_known() {
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
    fn what_a_whole_skeleton_shows_a_bounded_one_shows() {
        let parts = [PHRASE, "\u{fdfb}", "웹", "훿", "툰", "a", "P", " "];
        let mut found = 0;
        for (first, second, third) in parts.iter().flat_map(|first| {
            let pairs = parts.iter().flat_map(|it| parts.map(|third| (it, third)));
            pairs.map(move |(second, third)| (first, second, third))
        }) {
            let protected =
                [first, second, &&*format!("{first}{second}")].map(|it| ProtectedLooks::of(it));
            for padding in [0, 1, 9].map(|count| PHRASE.repeat(count)) {
                let name = format!("{padding}{first}{second}{third}{padding}");
                let whole = in_both_cases(&name).map(|it| whole(&it));
                let (whole, bounded) = (Looks(whole), Looks::of(&name));
                for protected in protected.iter().flatten().filter(|it| whole.resemble(it)) {
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
    fn a_name_that_holds_a_whole_phrase_is_compared_whole() {
        let written_out: String = expanded('\u{fdfa}');
        assert!(looks_like("Quran Reader \u{fdfa}", &written_out));
        assert!(looks_like(&format!("Quran Reader {written_out}"), PHRASE));
    }

    #[test]
    fn the_mark_for_a_rest_is_no_letter_of_a_name() {
        assert!(!looks_like("Pa\u{fffc}", "PayPal"));
        assert!(looks_like("x\u{fffc}PayPal", "PayPal"));
        assert!(ProtectedLooks::of("\u{fffc}").is_none());
    }
}
