use serde::{Serialize, Serializer};

/// The scope that a client registered with: scope tokens with one space between
/// (RFC 6749 section 3.3).
///
/// It is kept and returned, and grants nothing by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
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
        // NQCHAR: visible ASCII without the double quote and the backslash.
        let legal = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'\\');
        let is_token = |token: &str| !token.is_empty() && token.bytes().all(legal);
        if !text.split(' ').all(is_token) {
            return Err(InvalidScope);
        }
        Ok(Self(text.into_boxed_str()))
    }

    /// The scope as registered.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The scope tokens, in the order given.
    pub fn tokens(&self) -> impl Iterator<Item = &str> {
        self.0.split(' ')
    }
}

impl Serialize for Scope {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
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
