use std::fmt;

use crate::types::WebUri;

/// What becomes of a request that a rule decides about.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Action {
    /// It goes on.
    Allow,
    /// It is refused.
    Block,
    /// It is sent elsewhere.
    Redirect(WebUri),
}

impl Action {
    /// The word that the JSON has for it.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::Block => "block",
            Self::Redirect(_) => "redirect",
        }
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Allow => f.write_str("allow"),
            Self::Block => f.write_str("block"),
            Self::Redirect(uri) => write!(f, "redirect to {}", uri.as_str()),
        }
    }
}
