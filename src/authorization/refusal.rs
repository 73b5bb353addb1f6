use std::fmt;

use crate::{
    authorization::{AuthorizationError, AuthorizationResponse, ReturnLink},
    redirect_uri::RedirectUri,
    settings::TenantSettings,
};

/// An authorization request is refused: why, and who is told.
///
/// - With a [`response`](Self::response), send that, and show nothing.
/// - Otherwise show the user a page with status 400. [`advice`](AuthorizationError::advice) says what
///   they can do; `Display` is the developer's description, for small print. If there is a
///   [`link`](Self::link), put it on the page, for the user to press.
///
/// Never redirect where there is no `response`: the redirect URI is not known to be the client's, or
/// the client is one that anybody may have registered (RFC 9700 section 4.11.2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuthorizationRefusal {
    error: AuthorizationError,
    told: Told,
    registration_endpoint: Option<String>,
}

/// Who is told.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Told {
    /// The user, on a page.
    User,
    /// The user, on a page with a link that tells the client, too.
    UserWithLink(ReturnLink),
    /// The client.
    Client(AuthorizationResponse),
}

impl AuthorizationRefusal {
    /// The refusal that is shown on a page, of a request whose redirect URI is not known to be the
    /// client's.
    pub(super) const fn page(error: AuthorizationError) -> Self {
        Self {
            error,
            told: Told::User,
            registration_endpoint: None,
        }
    }

    /// The refusal of a request that names no registered client, with the registration endpoint.
    ///
    /// [`AuthorizationRequest::authorize`](crate::authorization::AuthorizationRequest::authorize) makes it. Make it yourself for a client that was removed after
    /// that, while the user was signing in or thinking.
    pub fn unknown_client(tenant: &TenantSettings) -> Self {
        Self {
            registration_endpoint: tenant.registration_endpoint(),
            ..Self::page(AuthorizationError::UnknownClient)
        }
    }

    /// The refusal of a request whose redirect URI is known: `response` is sent, or else the user may
    /// press a link that has it.
    pub(super) fn to_client(
        error: AuthorizationError,
        is_sent: bool,
        response: AuthorizationResponse,
        redirect_uri: &RedirectUri,
    ) -> Self {
        let told = if is_sent {
            Told::Client(response)
        } else {
            Told::UserWithLink(ReturnLink::new(response, redirect_uri.clone()))
        };
        Self {
            told,
            ..Self::page(error)
        }
    }

    /// What is wrong.
    pub const fn error(&self) -> AuthorizationError {
        self.error
    }

    /// The answer to the client, to be sent now, if the client is told; otherwise the user is, on a
    /// page.
    pub const fn response(&self) -> Option<&AuthorizationResponse> {
        match &self.told {
            Told::Client(response) => Some(response),
            Told::User | Told::UserWithLink(_) => None,
        }
    }

    /// What the page offers to the user: a way back to the client, which tells the client of the error
    /// if they press it. Only the user follows it. There is none if the client receives a response, and
    /// none if the redirect URI is not known to be the client's.
    pub const fn link(&self) -> Option<&ReturnLink> {
        match &self.told {
            Told::UserWithLink(link) => Some(link),
            Told::User | Told::Client(_) => None,
        }
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
