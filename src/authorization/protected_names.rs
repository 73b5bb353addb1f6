mod looks;

use crate::authorization::{
    consent::{Consent, shown_part},
    protected_names::looks::{Looks, ProtectedLooks},
};

/// Names that clients should not imitate: the host's own name, the names of its partners, and those of well-known
/// applications.
///
/// A client chooses its name itself. If the name looks like a name of this list, show a warning on the consent page.
/// The similarity does not prove bad intent, and another name does not prove good intent.
///
/// ```
/// use oauth_dcr::authorization::ProtectedNames;
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
    looks: ProtectedLooks,
}

impl ProtectedNames {
    /// The list of these names. A name without a letter or digit protects nothing and is left out.
    pub fn new<N: Into<Box<str>>>(names: impl IntoIterator<Item = N>) -> Self {
        let names = names.into_iter().filter_map(|name| {
            let name = name.into();
            let looks = ProtectedLooks::of(&name)?;
            Some(Protected { name, looks })
        });
        Self(names.collect())
    }

    /// The first name of the list that `name` looks like or contains as separate words, however the letters are
    /// spaced.
    ///
    /// If a name is longer than [`Consent::MAX_NAME_CHARS`], only its start is compared, up to this length. Show no
    /// more than that.
    pub fn resembled_by(&self, name: &str) -> Option<&str> {
        let looks = Looks::of(shown_part(name));
        let resembles = |protected: &&Protected| looks.resemble(&protected.looks);
        self.0
            .iter()
            .find(resembles)
            .map(|protected| &*protected.name)
    }
}

impl Consent<'_> {
    /// The protected name that a name on the page looks like, for a warning beside it. The client's name is
    /// compared first, then the names in [`localized_names`](Self::localized_names).
    ///
    /// Each call repeats the comparison.
    pub fn resembles<'p>(&self, protected: &'p ProtectedNames) -> Option<&'p str> {
        let localized = self.localized_names.iter().map(|localized| localized.name);
        let mut names = self.client_name.into_iter().chain(localized);
        names.find_map(|name| protected.resembled_by(name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn disguised_names_are_recognized() {
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

    #[test]
    fn the_start_of_an_overlong_name_is_compared() {
        let protected = ProtectedNames::new(["PayPal"]);
        let most = Consent::MAX_NAME_CHARS;
        let inside = format!("{}PayPal", "-".repeat(most - 6));
        assert_eq!(protected.resembled_by(&inside), Some("PayPal"));
        let endless = format!("PayPal {}", "\u{fdfa}".repeat(100_000));
        assert_eq!(protected.resembled_by(&endless), Some("PayPal"));
        let outside = format!("{}PayPal", "-".repeat(most - 5));
        assert_eq!(protected.resembled_by(&outside), None);
    }
}
