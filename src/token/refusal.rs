use std::fmt;

use crate::{
    settings::TenantSettings,
    token::{ClientAuthenticationError, GrantFault, TokenError},
    types::TokenEndpointAuthMethods,
};

/// The refusal of a token request.
///
/// `to_response` is the complete response. `Display` is the description in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TokenRefusal {
    pub(super) error: TokenError,
    pub(super) used_authorization_header: bool,
    /// The methods that the tenant supports.
    pub(super) methods: TokenEndpointAuthMethods,
}

impl TokenRefusal {
    /// The refusal of a request whose client was removed after it was found
    /// ([`MarkOutcome::UnknownClient`](crate::MarkOutcome)). It is the same as for a client that never existed.
    ///
    /// `authorization` is the value of the request's `Authorization` header.
    pub const fn unknown_client(tenant: &TenantSettings, authorization: Option<&[u8]>) -> Self {
        Self {
            error: TokenError::InvalidClient(ClientAuthenticationError::UnknownClient),
            used_authorization_header: authorization.is_some(),
            methods: tenant.registration.token_endpoint_auth_methods,
        }
    }

    /// What is wrong. This says more than the client is told.
    pub const fn error(&self) -> TokenError {
        self.error
    }

    /// Whether a code or refresh token was used a second time. Then revoke everything that came from it, including
    /// access tokens (RFC 6749 section 4.1.2, RFC 9700 section 4.14.2).
    pub fn is_replay(&self) -> bool {
        self.error == TokenError::InvalidGrant(GrantFault::Replayed)
    }

    /// Whether the request had an `Authorization` header. The response to a failed authentication then has a
    /// `WWW-Authenticate` header (RFC 6749 section 5.2).
    pub const fn used_authorization_header(&self) -> bool {
        self.used_authorization_header
    }
}

/// Writes the same text for every reason why a client could not be authenticated.
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
