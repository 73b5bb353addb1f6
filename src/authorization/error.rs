use crate::{
    access::AccessError,
    parameters::{ParameterFault, SOME_PARAMETER},
};

/// What is wrong with an authorization request.
///
/// `Display` is safe to show and to send: it never holds the client's own text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AuthorizationError {
    /// More parameters, or more bytes of them, than are looked at.
    #[error("the request is too large")]
    TooLarge,
    /// A name or a value is not UTF-8.
    #[error("the request is not UTF-8")]
    Unreadable,
    /// `client_id` is missing.
    #[error("client_id is required")]
    ClientIdRequired,
    /// There is no such client: it never was, or its registration is gone.
    #[error("there is no such client; it may have to register again")]
    UnknownClient,
    /// The tenant's owner has blocked the client.
    #[error("the client is blocked")]
    Blocked,
    /// `redirect_uri` is missing, and more than one is registered.
    #[error("redirect_uri is required, because more than one is registered")]
    RedirectUriRequired,
    /// `redirect_uri` is not one that the client registered.
    #[error("redirect_uri is not one that the client registered")]
    RedirectUriNotRegistered,
    /// A parameter is there more than once (RFC 6749 section 3.1).
    #[error("{parameter} is there more than once")]
    Repeated {
        /// Its name, or "a parameter" for one that this crate does not read.
        parameter: &'static str,
    },
    /// A value that is longer than 4096 bytes, or holds a control character.
    #[error("{parameter} is too long or holds a control character")]
    MalformedValue {
        /// `state`, `nonce`, or "a parameter" for one that is left to the host.
        parameter: &'static str,
    },
    /// A parameter that third-party clients can't use.
    #[error("{parameter} is not supported")]
    NotSupported {
        /// Its name.
        parameter: &'static str,
    },
    /// A parameter that nobody knows, where the tenant refuses those.
    #[error("there is a parameter that is not known")]
    UnknownParameter,
    /// `response_type` is missing.
    #[error("response_type is required")]
    ResponseTypeRequired,
    /// `response_type` is not one that such a client can have.
    #[error("response_type is not supported")]
    UnsupportedResponseType,
    /// `response_type` is not among those that the client registered.
    #[error("the client is not registered for this response_type")]
    ResponseTypeNotRegistered,
    /// `response_mode` is not `query`, `fragment` or `form_post`, or would put a token into a query.
    #[error("response_mode is not supported")]
    UnsupportedResponseMode,
    /// `nonce` is missing, and an ID token comes straight from the authorization endpoint
    /// (OpenID Connect Core section 3.2.2.1).
    #[error("nonce is required")]
    NonceRequired,
    /// `code_challenge` is missing (RFC 7636 section 4.4.1).
    #[error("code_challenge is required")]
    ChallengeRequired,
    /// `code_challenge` is not 43 characters of base64url.
    #[error("code_challenge has to be 43 characters of base64url")]
    MalformedChallenge,
    /// `code_challenge_method` is not `S256`; where it is missing, it means `plain`.
    #[error("code_challenge_method has to be S256")]
    UnsupportedChallengeMethod,
    /// `prompt=none` (OpenID Connect Core section 3.1.2.1) leaves no room for the consent that a
    /// third-party client always needs.
    #[error("the user has to consent, and prompt=none forbids to ask")]
    ConsentRequired,
    /// `connection` is not one that third-party clients can use.
    #[error("connection is not one that third-party clients can use")]
    ConnectionNotAvailable,
    /// No connection is promoted to the domain level, so that nobody could sign in.
    #[error("there is no connection that third-party clients can use")]
    NoConnection,
    /// The client may not have what it asks for.
    #[error(transparent)]
    Access(#[from] AccessError),
    /// The user, or the host in their place, said no.
    #[error("access was denied")]
    Denied,
    /// The host has to ask the user to sign in, and may not (OpenID Connect Core section 3.1.2.6).
    #[error("the user has to sign in")]
    LoginRequired,
    /// The host failed.
    #[error("the authorization server failed")]
    ServerError,
    /// The host is overloaded or under maintenance.
    #[error("the authorization server is unavailable for now")]
    TemporarilyUnavailable,
}

impl AuthorizationError {
    /// The error code of RFC 6749 section 4.1.2.1, OpenID Connect Core section 3.1.2.6 or RFC 8707
    /// section 2.
    pub const fn code(self) -> &'static str {
        match self {
            Self::TooLarge
            | Self::Unreadable
            | Self::MalformedValue { .. }
            | Self::NonceRequired
            | Self::ClientIdRequired
            | Self::RedirectUriRequired
            | Self::RedirectUriNotRegistered
            | Self::Repeated { .. }
            | Self::NotSupported { .. }
            | Self::UnknownParameter
            | Self::ResponseTypeRequired
            | Self::UnsupportedResponseMode
            | Self::ChallengeRequired
            | Self::MalformedChallenge
            | Self::UnsupportedChallengeMethod
            | Self::ConnectionNotAvailable => "invalid_request",
            Self::UnknownClient => "invalid_client",
            Self::Blocked | Self::ResponseTypeNotRegistered => "unauthorized_client",
            Self::UnsupportedResponseType => "unsupported_response_type",
            Self::ConsentRequired => "consent_required",
            Self::NoConnection | Self::Denied => "access_denied",
            Self::LoginRequired => "login_required",
            Self::ServerError => "server_error",
            Self::TemporarilyUnavailable => "temporarily_unavailable",
            Self::Access(error) => error.code(),
        }
    }
}

impl From<ParameterFault> for AuthorizationError {
    fn from(fault: ParameterFault) -> Self {
        match fault {
            ParameterFault::TooLarge => Self::TooLarge,
            ParameterFault::Unreadable => Self::Unreadable,
            ParameterFault::SeveralResources => Self::Access(AccessError::SeveralResources),
            ParameterFault::Repeated(parameter) => Self::Repeated {
                parameter: parameter.as_str(),
            },
            ParameterFault::OtherRepeated => Self::Repeated {
                parameter: SOME_PARAMETER,
            },
        }
    }
}
