use std::fmt;

use crate::{
    authorization::{AuthorizationError, AuthorizationResponse, ReturnLink},
    redirect_uri::RedirectUri,
    settings::TenantSettings,
};

/// The refusal of an authorization request: the reason, and who is told.
///
/// - If there is a [`response`](Self::response), send it and show nothing.
/// - Otherwise show the user a page with status 400. [`advice`](AuthorizationError::advice) says what the user can
///   do. `Display` is the description for developers: show it in small print. If there is a
///   [`link`](Self::link), put it on the page for the user to press.
///
/// Never redirect without a `response`: either the redirect URI is not known to be the client's, or anybody may have
/// registered the client (RFC 9700 section 4.11.2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuthorizationRefusal {
    error: AuthorizationError,
    recipient: Recipient,
    registration_endpoint: Option<String>,
}

/// Who is told.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Recipient {
    /// The user, on a page.
    User,
    /// The user, on a page with a link that tells the client, too.
    UserWithLink(ReturnLink),
    /// The client.
    Client(AuthorizationResponse),
}

impl AuthorizationRefusal {
    /// The refusal of a request whose redirect URI is not known to be the client's. It is shown on a page.
    pub(super) const fn page(error: AuthorizationError) -> Self {
        Self {
            error,
            recipient: Recipient::User,
            registration_endpoint: None,
        }
    }

    /// The refusal of a request that names no registered client, with the registration endpoint.
    ///
    /// [`AuthorizationRequest::authorize`](crate::authorization::AuthorizationRequest::authorize) returns it. Create
    /// it yourself for a client that was removed after that, while the user was signing in or thinking.
    pub fn unknown_client(tenant: &TenantSettings) -> Self {
        Self {
            registration_endpoint: tenant.registration_endpoint(),
            ..Self::page(AuthorizationError::UnknownClient)
        }
    }

    /// The refusal of a request whose redirect URI is known. If `is_sent`, `response` is sent. Otherwise the user
    /// may press a link that contains it.
    pub(super) fn to_client(
        error: AuthorizationError,
        is_sent: bool,
        response: AuthorizationResponse,
        redirect_uri: &RedirectUri,
    ) -> Self {
        let recipient = if is_sent {
            Recipient::Client(response)
        } else {
            Recipient::UserWithLink(ReturnLink::new(response, redirect_uri.clone()))
        };
        Self {
            recipient,
            ..Self::page(error)
        }
    }

    /// What is wrong.
    pub const fn error(&self) -> AuthorizationError {
        self.error
    }

    /// The response to send to the client now. `None` if the user has to be told instead, on a page.
    pub const fn response(&self) -> Option<&AuthorizationResponse> {
        match &self.recipient {
            Recipient::Client(response) => Some(response),
            Recipient::User | Recipient::UserWithLink(_) => None,
        }
    }

    /// The link on the page that leads the user back to the client. It tells the client about the error if the user
    /// presses it. Only the user may follow it.
    ///
    /// `None` if the client receives a response, or if the redirect URI is not known to be the client's.
    pub const fn link(&self) -> Option<&ReturnLink> {
        match &self.recipient {
            Recipient::UserWithLink(link) => Some(link),
            Recipient::User | Recipient::Client(_) => None,
        }
    }

    /// The endpoint where the client can register again. Show it on the page, where agents read it.
    ///
    /// It is `Some` only if there is no such client, the tenant accepts registrations, and the tenant has an issuer,
    /// which the address of the endpoint is derived from.
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
