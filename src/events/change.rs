use crate::{client::Client, types::ErrorRedirectPolicy};

/// The change that the owner of a tenant made to a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Change<'a> {
    /// The metadata was replaced. If this made the client confidential or public, its secret changed too. The
    /// value is the client after the change.
    Metadata(&'a Client),
    /// The secret was rotated.
    Secret,
    /// The client was blocked.
    Blocked,
    /// The client was unblocked.
    Unblocked,
    /// The policy for refused authorization requests was set.
    ErrorRedirectPolicy(ErrorRedirectPolicy),
}

impl Change<'_> {
    /// The stable name of the change, for logs and metrics.
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
