use std::fmt;

/// The largest number of characters of a name that are printed.
const MAX_CHARACTERS: usize = 64;

/// Prints a name that the client chose: shortened, and with control characters escaped.
pub(super) struct Printed<'a>(pub(super) &'a str);

impl fmt::Display for Printed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut characters = self.0.chars();
        for character in characters.by_ref().take(MAX_CHARACTERS) {
            write!(f, "{}", character.escape_debug())?;
        }
        f.write_str(if characters.next().is_some() {
            "…"
        } else {
            ""
        })
    }
}
