use serde::{Deserialize, Serialize, Serializer};

/// A list of scope tokens, separated by single spaces (RFC 6749 section 3.3).
///
/// It is the scope that a client registered with, which grants nothing by itself, or the scope that
/// was granted.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Scope(Box<str>);

/// A text is not a list of RFC 6749 scope tokens separated by spaces.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a scope is a list of scope tokens with spaces between")]
pub struct InvalidScope;

impl Scope {
    /// Reads the scope tokens in `text`, and separates them by single spaces.
    ///
    /// Clients send stray spaces, so spaces at the ends and more than one space in a row are
    /// accepted. A tab or a line end is not a space.
    ///
    /// ```
    /// use oauth_dcr::types::Scope;
    ///
    /// let scope = Scope::parse(" openid  email ")?;
    /// assert_eq!(scope.as_str(), "openid email");
    /// # Ok::<(), oauth_dcr::types::InvalidScope>(())
    /// ```
    ///
    /// # Errors
    /// [`InvalidScope`] if `text` has no token, or a part that is not a `scope-token`.
    pub fn parse(text: impl Into<String>) -> Result<Self, InvalidScope> {
        let text = text.into();
        // Without stray spaces the text is kept as it is, without a new allocation.
        if text.split(' ').all(is_scope_token) {
            return Ok(Self(text.into_boxed_str()));
        }
        if !is_scope(&text) || scope_tokens(&text).next().is_none() {
            return Err(InvalidScope);
        }
        let tokens: Vec<_> = scope_tokens(&text).collect();
        Ok(Self(tokens.join(" ").into_boxed_str()))
    }

    /// The scope of `tokens` without duplicates, or `None` if there are no tokens. `bytes` is the
    /// expected length of the scope.
    pub(crate) fn of_tokens<'a>(
        tokens: impl Iterator<Item = &'a str>,
        bytes: usize,
    ) -> Option<Self> {
        let mut text = String::with_capacity(bytes);
        for token in tokens {
            if text.split(' ').any(|known| known == token) {
                continue;
            }
            if !text.is_empty() {
                text.push(' ');
            }
            text.push_str(token);
        }
        (!text.is_empty()).then(|| Self(text.into_boxed_str()))
    }

    /// The scope tokens as one text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The scope tokens, in the order in which they were sent.
    pub fn tokens(&self) -> impl Iterator<Item = &str> {
        self.0.split(' ')
    }
}

impl TryFrom<String> for Scope {
    type Error = InvalidScope;

    fn try_from(text: String) -> Result<Self, InvalidScope> {
        Self::parse(text)
    }
}

impl Serialize for Scope {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

/// The tokens of a scope as a client sends it, without the empty parts between stray spaces.
pub(crate) fn scope_tokens(text: &str) -> impl Iterator<Item = &str> {
    text.split(' ').filter(|token| !token.is_empty())
}

/// Whether `text` is a scope as a client sends it: scope tokens with any number of spaces between and
/// around them. A text without tokens counts too.
pub(crate) fn is_scope(text: &str) -> bool {
    scope_tokens(text).all(is_scope_token)
}

/// Whether `text` is one scope token: visible ASCII without the double quote and the backslash (NQCHAR).
pub(crate) fn is_scope_token(text: &str) -> bool {
    let legal = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'\\');
    !text.is_empty() && text.bytes().all(legal)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_separated_by_single_spaces() {
        for (text, reduced) in [
            ("openid read:items https://api.example.com/x", None),
            ("a", None),
            (" a", Some("a")),
            ("a ", Some("a")),
            ("  a   b  ", Some("a b")),
            ("a  a", Some("a a")),
        ] {
            let scope = Scope::parse(text).unwrap();
            assert_eq!(scope.as_str(), reduced.unwrap_or(text), "{text:?}");
            assert!(scope.tokens().all(is_scope_token), "{text:?}");
        }
    }

    #[test]
    fn a_text_without_stray_spaces_is_not_copied() {
        let text = String::from("openid read:items");
        let place = text.as_ptr();
        let scope = Scope::parse(text).unwrap();
        assert_eq!(scope.as_str().as_ptr(), place);
    }

    #[test]
    fn other_characters_are_refused() {
        for bad in [
            "", " ", "   ", "a\tb", "a\nb", "a \n", "a\r\n", "\u{a0}a", "\"a\"", "a\\b", "é", "a\0",
        ] {
            assert_eq!(Scope::parse(bad), Err(InvalidScope), "{bad:?}");
        }
    }
}
