use std::fmt;

use crate::types::WebUri;

/// What a rule does with a request that it matches.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Action {
    /// The request is allowed.
    Allow,
    /// The request is refused.
    Block,
    /// The request is redirected to this address.
    Redirect(WebUri),
}

impl Action {
    /// The name of the action in JSON.
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
