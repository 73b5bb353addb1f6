use std::fmt;

use serde::{Deserialize, Serialize};

use super::private_use::{is_never_allowed, is_reverse_domain};
use crate::uri::is_scheme;

/// A private-use scheme that a policy lists, such as `cursor` or `com.example.app`.
///
/// A scheme without a dot can be registered only if the policy lists it. A scheme in reverse-domain
/// form needs to be listed only for clients that register as `web`. The schemes of browsers, such as
/// `javascript`, `data`, `file` and `http`, cannot be listed. Nor can the schemes of operating systems,
/// such as `x-apple.systempreferences`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct AllowedScheme(Box<str>);

/// A text is not a scheme that a policy can allow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidScheme {
    /// The text is not a scheme of RFC 3986 section 3.1, or it has a dot and is not in reverse-domain form
    /// (RFC 8252 section 7.1).
    #[error(
        "this is not a scheme that can be listed: write its name without the colon, such as \"cursor\", or \
         a name in reverse-domain form, such as \"com.example.app\""
    )]
    Malformed,
    /// A URI with this scheme can run code, read a file or start a message.
    #[error(
        "this scheme can never be used in a redirect URI: remove it; https and http need not be listed"
    )]
    NeverAllowed,
}

impl AllowedScheme {
    /// Reads the name of a scheme, without the colon. Letter case does not matter.
    ///
    /// # Errors
    /// [`InvalidScheme`] says whether the scheme is malformed or never allowed.
    pub fn parse(text: &str) -> Result<Self, InvalidScheme> {
        if is_never_allowed(text) {
            return Err(InvalidScheme::NeverAllowed);
        }
        let has_right_form = !text.contains('.') || is_reverse_domain(text);
        if !is_scheme(text) || !has_right_form {
            return Err(InvalidScheme::Malformed);
        }
        Ok(Self(text.to_ascii_lowercase().into_boxed_str()))
    }

    /// The schemes of well-known native agents.
    pub(super) fn of_native_agents() -> [Self; 4] {
        let schemes = ["cursor", "vscode", "vscode-insiders", "windsurf"];
        schemes.map(|scheme| Self(scheme.into()))
    }

    /// The scheme in lower case.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for AllowedScheme {
    type Error = InvalidScheme;

    fn try_from(text: String) -> Result<Self, InvalidScheme> {
        Self::parse(&text)
    }
}

impl From<AllowedScheme> for String {
    fn from(scheme: AllowedScheme) -> Self {
        scheme.0.into_string()
    }
}

impl fmt::Display for AllowedScheme {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::super::private_use::{NEVER, NEVER_DOTTED, NEVER_FAMILIES};
    use super::*;

    #[test]
    fn no_policy_can_allow_a_dangerous_scheme() {
        let families = NEVER_FAMILIES.map(|family| format!("{family}x"));
        let listed = NEVER.into_iter().chain(NEVER_DOTTED).map(String::from);
        for scheme in listed.chain(families) {
            assert_eq!(
                AllowedScheme::parse(&scheme),
                Err(InvalidScheme::NeverAllowed)
            );
            let upper_case = scheme.to_ascii_uppercase();
            assert_eq!(
                AllowedScheme::parse(&upper_case),
                Err(InvalidScheme::NeverAllowed)
            );
        }
        for text in [
            "",
            "cursor:",
            "1st",
            "a b",
            "é",
            "a_b",
            "a..b",
            ".a",
            "a.",
            "com.-a",
            "com.a-",
            "1com.a",
            "com.a+b",
            "com.example.app:",
            "com.é",
        ] {
            assert_eq!(
                AllowedScheme::parse(text),
                Err(InvalidScheme::Malformed),
                "{text}"
            );
        }
        let json = r#""javascript""#;
        assert!(serde_json::from_str::<AllowedScheme>(json).is_err());
    }

    #[test]
    fn a_scheme_is_listed_with_or_without_dots() {
        for scheme in [
            "cursor",
            "web+app",
            "my-app",
            "com.example.app",
            "com.example.my-app",
        ] {
            let parsed = AllowedScheme::parse(&scheme.to_ascii_uppercase()).unwrap();
            assert_eq!(parsed.as_str(), scheme);
        }
    }
}
