use icu_properties::{CodePointMapData, props::GeneralCategory, props::GeneralCategoryGroup};
use unicode_security::confusable_detection::skeleton;

use crate::{authorization::Consent, registration::LocalizedText};

/// Names that nobody else should be taken for: the host's own, its partners', those of well-known
/// applications.
///
/// A client writes its name itself. One that looks like a name of this list is worth a warning on
/// the consent page; it is no proof of bad intent, and an honest name is no proof of good.
///
/// ```
/// use oauth_dcr::ProtectedNames;
///
/// let protected = ProtectedNames::new(["Acme", "Example Bank"]);
/// assert_eq!(protected.resembled_by("\u{410}\u{441}m\u{435} Login"), Some("Acme")); // Cyrillic
/// assert_eq!(protected.resembled_by("ExampIe-Bank"), Some("Example Bank"));
/// assert_eq!(protected.resembled_by("Pacmeter"), None);
/// ```
#[derive(Clone, Debug, Default)]
pub struct ProtectedNames(Vec<Protected>);

#[derive(Clone, Debug)]
struct Protected {
    name: Box<str>,
    looks: Looks,
}

impl ProtectedNames {
    /// The list of these names. One without a letter or digit protects nothing and is left out.
    pub fn new<N: Into<Box<str>>>(names: impl IntoIterator<Item = N>) -> Self {
        let names = names.into_iter().map(|name| {
            let name = name.into();
            let looks = Looks::of(&name);
            Protected { name, looks }
        });
        Self(names.filter(|it| !it.looks.is_blank()).collect())
    }

    /// The first of the list that `name` looks like, or that it has in it as words of its own,
    /// however those are spaced.
    pub fn resembled_by(&self, name: &str) -> Option<&str> {
        let looks = Looks::of(name);
        let resembles = |protected: &&Protected| looks.resemble(&protected.looks);
        self.0.iter().find(resembles).map(|it| &*it.name)
    }
}

impl<'a> Consent<'a> {
    /// The same, with a warning if the client's name, in any language, looks like one of
    /// `protected`.
    #[must_use]
    pub fn warned_of(mut self, protected: &'a ProtectedNames) -> Self {
        let localized = self
            .localized_names
            .iter()
            .copied()
            .map(LocalizedText::value);
        let mut names = self.client_name.into_iter().chain(localized);
        self.resembles = names.find_map(|name| protected.resembled_by(name));
        self
    }
}

/// What a reader takes a name for, whatever its letter case, script, accents and punctuation:
/// the words of its skeleton (Unicode Technical Standard 39 section 4).
///
/// The skeleton knows letters by their shape, and the shape of a letter depends on its case: so it is
/// taken twice, of the name as it is written and in lower case.
#[derive(Clone, Debug)]
struct Looks([Vec<String>; 2]);

impl Looks {
    fn of(name: &str) -> Self {
        let name = spaced(name);
        let as_written: String = skeleton(&name).collect();
        let in_lower_case: String = skeleton(&name.to_lowercase()).collect();
        Self([words(&as_written), words(&in_lower_case)])
    }

    fn is_blank(&self) -> bool {
        self.0.iter().any(Vec::is_empty)
    }

    fn resemble(&self, protected: &Self) -> bool {
        let mut pairs = self.0.iter().zip(&protected.0);
        pairs.any(|(words, protected)| {
            let protected = protected.concat();
            let mut rests = (0..words.len()).filter_map(|at| words.get(at..));
            rests.any(|rest| some_begin(rest, &protected))
        })
    }
}

/// Whether the first words of `words`, however many, are `whole` when they are written as one.
fn some_begin(words: &[String], whole: &str) -> bool {
    let mut left = whole;
    for word in words {
        match left.strip_prefix(word.as_str()) {
            Some("") => return true,
            Some(rest) => left = rest,
            None => return false,
        }
    }
    false
}

/// With a space where a lower-case letter is followed by an upper-case one: `PayPalHelp` is three
/// words to a reader.
fn spaced(name: &str) -> String {
    let mut spaced = String::with_capacity(name.len() + 8);
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

/// In lower case, without accents; whatever is neither letter nor digit stands between words.
fn words(text: &str) -> Vec<String> {
    let categories = CodePointMapData::<GeneralCategory>::new();
    let is_mark = |it: char| GeneralCategoryGroup::Mark.contains(categories.get(it));
    let plain: String = text.chars().filter(|it| !is_mark(*it)).collect();
    plain
        .to_lowercase()
        .split(|it: char| !it.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(ToOwned::to_owned)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_known_in_every_disguise() {
        let protected = ProtectedNames::new(["PayPal", "Google"]);
        for disguise in [
            "paypal",
            "PAYPAL",
            "PayPaI",
            "PаyPаl",
            "Pay Pal",
            "P\u{e1}yp\u{e0}l",
            "paypa1",
            "PayPal Support",
            "Pay Pal Support",
            "Sign in with Pay Pal",
            "PayPalSupport",
            "P a y P a l login",
            "P.A.Y.P.A.L.",
            "Sign in with PayPal",
            "ＰａｙＰａｌ",
            "𝐏𝐚𝐲𝐏𝐚𝐥",
        ] {
            assert_eq!(
                protected.resembled_by(disguise),
                Some("PayPal"),
                "{disguise}"
            );
        }
        for disguise in ["G00gle", "Gооgle", "GOOGLE", "google.com"] {
            assert_eq!(
                protected.resembled_by(disguise),
                Some("Google"),
                "{disguise}"
            );
        }
        for other in ["", "My Application", "Paypalette", "Goggle", "Repay Palace"] {
            assert_eq!(protected.resembled_by(other), None, "{other}");
        }
    }

    #[test]
    fn a_name_without_a_letter_protects_nothing() {
        let protected = ProtectedNames::new(["", "!?", "\u{301}"]);
        assert_eq!(protected.resembled_by("Anything !?"), None);
    }
}
