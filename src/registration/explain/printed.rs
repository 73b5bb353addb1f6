use std::fmt;

/// The most characters of a name that are printed.
const MOST_CHARACTERS: usize = 64;

/// A name that the client chose: shortened, and without characters that a terminal would obey.
pub(super) struct Printed<'a>(pub(super) &'a str);

impl fmt::Display for Printed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut characters = self.0.chars();
        for character in characters.by_ref().take(MOST_CHARACTERS) {
            write!(f, "{}", character.escape_debug())?;
        }
        f.write_str(if characters.next().is_some() {
            "…"
        } else {
            ""
        })
    }
}
