use serde::{Deserialize, Serialize, Serializer};

/// Scope tokens with one space between (RFC 6749 section 3.3): what a client registered with, which
/// grants nothing by itself, or what it was given.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Scope(Box<str>);

/// A scope is not a list of RFC 6749 scope tokens with one space between.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a scope is a list of scope tokens with one space between")]
pub struct InvalidScope;

impl Scope {
    /// The scope that `text` spells.
    ///
    /// # Errors
    /// [`InvalidScope`] if it is empty, or not `scope-token *( SP scope-token )`.
    pub fn parse(text: impl Into<String>) -> Result<Self, InvalidScope> {
        let text = text.into();
        if !text.split(' ').all(is_scope_token) {
            return Err(InvalidScope);
        }
        Ok(Self(text.into_boxed_str()))
    }

    /// The scope of these scope tokens, each once, or `None` if there is none. They come to about
    /// so many bytes.
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

    /// The scope as it was written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The scope tokens, in the order given.
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

/// Whether `text` is one scope token: NQCHAR, which is visible ASCII without the double quote and
/// the backslash.
pub(crate) fn is_scope_token(text: &str) -> bool {
    let legal = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'\\');
    !text.is_empty() && text.bytes().all(legal)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_have_one_space_between() {
        let scope = Scope::parse("openid read:items https://api.example.com/x").unwrap();
        assert_eq!(scope.tokens().count(), 3);
        for bad in [
            "", " ", "a  b", " a", "a ", "a\tb", "\"a\"", "a\\b", "é", "a\0",
        ] {
            assert_eq!(Scope::parse(bad), Err(InvalidScope), "{bad:?}");
        }
    }
}
