use std::fmt;

use crate::{
    settings::TenantSettings,
    token::{ClientAuthenticationError, GrantFault, TokenError},
    types::TokenEndpointAuthMethods,
};

/// A token request is refused.
///
/// `to_response` is the whole answer. `Display` is what it tells the client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TokenRefusal {
    pub(super) error: TokenError,
    pub(super) used_authorization_header: bool,
    /// Those that the tenant takes.
    pub(super) methods: TokenEndpointAuthMethods,
}

impl TokenRefusal {
    /// The refusal of a request to `tenant` whose client was removed after it was found
    /// ([`MarkOutcome::UnknownClient`](crate::MarkOutcome)), with the value of the request's
    /// `Authorization` header. It is the same as for a client that never existed.
    pub const fn unknown_client(tenant: &TenantSettings, authorization: Option<&[u8]>) -> Self {
        Self {
            error: TokenError::InvalidClient(ClientAuthenticationError::UnknownClient),
            used_authorization_header: authorization.is_some(),
            methods: tenant.registration.token_endpoint_auth_methods,
        }
    }

    /// What is wrong, more of it than the client is told.
    pub const fn error(&self) -> TokenError {
        self.error
    }

    /// Whether a code or refresh token was used again that must not be: end everything that came of it,
    /// access tokens included (RFC 6749 section 4.1.2, RFC 9700 section 4.14.2).
    pub fn is_replay(&self) -> bool {
        self.error == TokenError::InvalidGrant(GrantFault::Replayed)
    }

    /// Whether the request had an `Authorization` header: the answer to a failed authentication then
    /// has a `WWW-Authenticate` (RFC 6749 section 5.2).
    pub const fn used_authorization_header(&self) -> bool {
        self.used_authorization_header
    }
}

/// The text is the same for every reason why a client could not be authenticated.
impl fmt::Display for TokenRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.error.fmt(f)?;
        if !matches!(self.error, TokenError::InvalidClient(_)) {
            return Ok(());
        }
        f.write_str(
            ": authenticate with the method that the client registered; supported methods: ",
        )?;
        for (at, method) in self.methods.iter().enumerate() {
            let separator = if at == 0 { "" } else { ", " };
            write!(f, "{separator}{}", method.as_str())?;
        }
        f.write_str("; if the registration is gone, register again")
    }
}

impl std::error::Error for TokenRefusal {}
