use std::fmt;

use crate::{
    authorization::{AuthorizationError, AuthorizationResponse},
    values::RedirectionPolicy,
};

/// An authorization request is refused: why, and who is told.
///
/// Where [`response`](Self::response) is `None`, show the user a page, and do not redirect: the
/// redirect URI is not known to be the client's, or the client is one that anybody may have
/// registered. `Display` is for that page; escape it like everything else there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuthorizationRefusal {
    pub(super) error: AuthorizationError,
    pub(super) response: Option<AuthorizationResponse>,
    pub(super) registration_endpoint: Option<String>,
}

impl AuthorizationRefusal {
    /// The refusal that is shown on a page.
    pub(super) const fn page(error: AuthorizationError) -> Self {
        Self {
            error,
            response: None,
            registration_endpoint: None,
        }
    }

    /// The refusal of a request whose redirect URI is known. Anyone may have registered its client,
    /// so by default it goes nowhere (RFC 9700 section 4.11.2).
    pub(super) fn told_by(
        policy: RedirectionPolicy,
        error: AuthorizationError,
        response: impl FnOnce() -> AuthorizationResponse,
    ) -> Self {
        Self {
            response: match policy {
                RedirectionPolicy::OpenRedirectProtection => None,
                RedirectionPolicy::AllowAlways => Some(response()),
            },
            ..Self::page(error)
        }
    }

    /// What is wrong.
    pub const fn error(&self) -> AuthorizationError {
        self.error
    }

    /// The answer to the client, if it is told; otherwise the user is, on a page with status 400.
    pub const fn response(&self) -> Option<&AuthorizationResponse> {
        self.response.as_ref()
    }

    /// Where the client can register again, if there is no such client, and the tenant takes
    /// registrations and has an issuer that they stand below: agents read it off the page.
    pub fn registration_endpoint(&self) -> Option<&str> {
        self.registration_endpoint.as_deref()
    }
}

impl fmt::Display for AuthorizationRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.error.fmt(f)
    }
}

impl std::error::Error for AuthorizationRefusal {}
