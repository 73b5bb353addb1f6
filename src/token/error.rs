use crate::{
    access::AccessError,
    parameters::{Parameter, ParameterFault},
};

/// The same text for every invalid code and token, so guessing codes reveals nothing.
const INVALID: &str = "the code or token is unknown, expired, revoked or already used, or belongs to \
                        another client: start a new authorization request";

/// What is wrong with a token request.
///
/// `Display` is safe to send: it never contains the client's own text, and it is the same for every client that could
/// not be authenticated. The variants say more, for the log. The description that the client receives is the
/// `Display` of the [`TokenRefusal`](crate::token::TokenRefusal), which adds the methods that the tenant supports.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TokenError {
    /// The request has more parameters, or more bytes, than are read.
    #[error("the request is too large: send at most 100 parameters and 32768 bytes")]
    TooLarge,
    /// A name or a value is not UTF-8.
    #[error("a name or a value is not UTF-8: encode the parameters as UTF-8")]
    Unreadable,
    /// A parameter occurs more than once (RFC 6749 section 3.2).
    #[error("{parameter} occurs more than once: send it once")]
    Repeated {
        /// Its name.
        parameter: &'static str,
    },
    /// A parameter is missing.
    #[error("{parameter} is missing: send it, with a value")]
    Missing {
        /// Its name.
        parameter: &'static str,
    },
    /// The client could not be authenticated, or is blocked.
    #[error("client authentication failed")]
    InvalidClient(ClientAuthenticationError),
    /// The request uses a grant type that this client can't have.
    #[error(
        "grant_type is not supported: send a value from grant_types_supported in the metadata of this server"
    )]
    UnsupportedGrantType,
    /// The request uses a grant type that the client did not register.
    #[error(
        "grant_type is not among the grant_types that the client registered: register again with it"
    )]
    GrantNotRegistered,
    /// The code or the refresh token is invalid.
    #[error(transparent)]
    InvalidGrant(GrantFault),
    /// The device code is not approved.
    #[error(transparent)]
    Device(DeviceFault),
    /// The client can't have the access that it asks for.
    #[error(transparent)]
    Access(#[from] AccessError),
}

/// Why a client could not be authenticated. This is for the log: the response is always the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ClientAuthenticationError {
    /// The request names no client.
    #[error("no client is named")]
    NoClient,
    /// There is no such client.
    #[error("there is no such client")]
    UnknownClient,
    /// The tenant's owner has blocked the client.
    #[error("the client is blocked")]
    Blocked,
    /// The client uses a method that it did not register, or several methods at once (RFC 6749 section 2.3).
    #[error("the authentication method is not the registered one")]
    WrongMethod,
    /// The secret is wrong.
    #[error("the secret is wrong")]
    WrongSecret,
    /// The `Authorization` header can't be read, or names a different client than the form.
    #[error("the Authorization header can't be used")]
    UnusableHeader,
}

/// Why a code or a refresh token is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum GrantFault {
    /// The code or token does not exist.
    #[error("{}", INVALID)]
    Unknown,
    /// The code or token was issued to another client.
    #[error("{}", INVALID)]
    OtherClient,
    /// The code or token has expired.
    #[error("{}", INVALID)]
    Expired,
    /// The family of the refresh token has ended.
    #[error("{}", INVALID)]
    Ended,
    /// The code or token was used before. Revoke all tokens that came from it (RFC 6749 section 4.1.2,
    /// RFC 9700 section 4.14.2).
    #[error("{}", INVALID)]
    Replayed,
    /// `redirect_uri` is not the URI in the authorization request (RFC 6749 section 4.1.3).
    #[error(
        "redirect_uri is not the one in the authorization request, or is no longer registered: \
         send the same text"
    )]
    RedirectUri,
    /// `code_verifier` is missing, malformed, or does not match the challenge (RFC 7636 section 4.6).
    #[error(
        "code_verifier does not match the code_challenge of the authorization request: send the \
         verifier that the challenge was made from, 43 to 128 characters"
    )]
    Verifier,
    /// The authorization request had no `code_challenge`. A strict client can't redeem a code without a challenge.
    /// A verifier for a code without a challenge is a sign of an attack (RFC 9700 section 4.8.2).
    #[error(
        "code_verifier can't be checked, because the authorization request had no code_challenge: \
         start a new authorization request with code_challenge and code_challenge_method=S256"
    )]
    NoChallenge,
    /// The access that the client was granted has been withdrawn since.
    #[error(
        "the client is no longer allowed the access that it was granted: start a new authorization request"
    )]
    Withdrawn,
}

impl TokenError {
    /// The error code of RFC 6749 section 5.2 or RFC 8707 section 2.
    pub const fn code(self) -> &'static str {
        match self {
            Self::TooLarge | Self::Unreadable | Self::Repeated { .. } | Self::Missing { .. } => {
                "invalid_request"
            }
            Self::InvalidClient(_) => "invalid_client",
            Self::UnsupportedGrantType => "unsupported_grant_type",
            Self::GrantNotRegistered => "unauthorized_client",
            Self::InvalidGrant(_) => "invalid_grant",
            Self::Device(fault) => fault.code(),
            Self::Access(error) => error.code(),
        }
    }

    pub(super) fn missing(parameter: Parameter) -> Self {
        let parameter = parameter.as_str();
        Self::Missing { parameter }
    }
}

impl From<ParameterFault> for TokenError {
    fn from(fault: ParameterFault) -> Self {
        match fault {
            ParameterFault::TooLarge => Self::TooLarge,
            ParameterFault::Unreadable => Self::Unreadable,
            ParameterFault::Repeated(Parameter::Resource) => {
                Self::Access(AccessError::SeveralResources)
            }
            ParameterFault::Repeated(parameter) => Self::Repeated {
                parameter: parameter.as_str(),
            },
        }
    }
}

/// Why a device code is not approved, or no longer valid (RFC 8628 section 3.5).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DeviceFault {
    /// The user has not decided yet.
    #[error("the user has not decided yet: ask again after the interval")]
    AuthorizationPending,
    /// The user has not decided yet, and the client asks too often.
    #[error("the user has not decided yet: wait 5 seconds longer between requests")]
    SlowDown,
    /// The user denied access.
    #[error("the user denied access: start again only if the user wants to")]
    AccessDenied,
    /// The device code has expired.
    #[error("device_code has expired: start a new device authorization request")]
    ExpiredToken,
}

impl DeviceFault {
    const fn code(self) -> &'static str {
        match self {
            Self::AuthorizationPending => "authorization_pending",
            Self::SlowDown => "slow_down",
            Self::AccessDenied => "access_denied",
            Self::ExpiredToken => "expired_token",
        }
    }
}
