use std::fmt;

use crate::token::{ClientAuthenticationError, TokenError};

/// A token request is refused.
///
/// `to_response` is the whole answer. `Display` is what it tells the client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TokenRefusal {
    pub(super) error: TokenError,
    pub(super) used_authorization_header: bool,
}

impl TokenRefusal {
    /// The refusal of a request whose client was removed after it was found
    /// ([`MarkOutcome::UnknownClient`](crate::MarkOutcome)), with the value of its `Authorization`
    /// header: the same as for one that never was.
    pub const fn unknown_client(authorization: Option<&[u8]>) -> Self {
        Self {
            error: TokenError::InvalidClient(ClientAuthenticationError::UnknownClient),
            used_authorization_header: authorization.is_some(),
        }
    }

    /// What is wrong, more of it than the client is told.
    pub const fn error(&self) -> TokenError {
        self.error
    }

    /// Whether the request had an `Authorization` header: the answer to a failed authentication then
    /// has a `WWW-Authenticate` (RFC 6749 section 5.2).
    pub const fn used_authorization_header(&self) -> bool {
        self.used_authorization_header
    }
}

impl fmt::Display for TokenRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.error.fmt(f)
    }
}

impl std::error::Error for TokenRefusal {}
