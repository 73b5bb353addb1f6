use crate::{client::Client, types::ErrorRedirectPolicy};

/// What the owner of a tenant changed about a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Change<'a> {
    /// What it is registered with, and its secret if it became confidential or public by that. The client
    /// is as it is now.
    Metadata(&'a Client),
    /// Its secret.
    Secret,
    /// It was blocked.
    Blocked,
    /// It is no longer blocked.
    Unblocked,
    /// What becomes of its authorization requests that are refused.
    ErrorRedirectPolicy(ErrorRedirectPolicy),
}

impl Change<'_> {
    /// Its stable name, for logs and metrics.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Metadata(_) => "metadata",
            Self::Secret => "secret",
            Self::Blocked => "blocked",
            Self::Unblocked => "unblocked",
            Self::ErrorRedirectPolicy(_) => "redirection_policy",
        }
    }
}
