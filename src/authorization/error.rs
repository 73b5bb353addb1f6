use crate::{
    access::AccessError,
    parameters::{Parameter, ParameterFault},
};

/// What is wrong with an authorization request.
///
/// `Display` is a description for the developers of the client. It is safe to show and to send, because it never
/// contains the client's own text. [`advice`](Self::advice) tells the user what they can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AuthorizationError {
    /// The request has more parameters, or more bytes, than are read.
    #[error("the request is too large: send at most 100 parameters and 32768 bytes")]
    TooLarge,
    /// A name or a value is not UTF-8.
    #[error("a name or a value is not UTF-8: encode the parameters as UTF-8")]
    Unreadable,
    /// `client_id` is missing.
    #[error("client_id is missing: send the client_id from the registration")]
    ClientIdRequired,
    /// There is no such client: it never existed, or its registration is gone.
    #[error("client_id names no client of this server: register again")]
    UnknownClient,
    /// The tenant's owner has blocked the client.
    #[error("the operator of this server has blocked the client")]
    Blocked,
    /// `redirect_uri` is missing, and more than one is registered.
    #[error("redirect_uri is missing: the client registered more than one, so send one of them")]
    RedirectUriRequired,
    /// `redirect_uri` is not one that the client registered.
    #[error(
        "redirect_uri is not among the redirect_uris that the client registered: send one of them unchanged"
    )]
    RedirectUriNotRegistered,
    /// `redirect_uri` is on `localhost` and differs from a registered URI by its port alone, but the tenant lets
    /// only the ports of `127.0.0.1` and `[::1]` differ (RFC 8252 section 7.3).
    #[error(
        "redirect_uri differs from a registered one by its port: the port of localhost has to match, \
         but the port of 127.0.0.1 and [::1] does not have to; register a URI on http://127.0.0.1, or \
         send the registered port"
    )]
    LocalhostPort,
    /// `redirect_uri` is on a loopback host and differs from a registered URI by its port alone, but the port has
    /// to match.
    #[error(
        "redirect_uri differs from a registered one by its port, and the port has to match: send the \
         registered port, or register this one"
    )]
    LoopbackPort,
    /// A parameter occurs more than once (RFC 6749 section 3.1).
    #[error("{parameter} occurs more than once: send it once")]
    Repeated {
        /// Its name, or "an ext- parameter".
        parameter: &'static str,
    },
    /// A value is longer than 4096 bytes, or contains a control character. `authorization_details` may contain tabs
    /// and line ends.
    #[error(
        "{parameter} is longer than 4096 bytes or contains a control character: shorten it, or \
         remove the character"
    )]
    MalformedValue {
        /// Its name, or "an ext- parameter".
        parameter: &'static str,
    },
    /// The request has a parameter that third-party clients can't use.
    #[error("{parameter} is not supported: leave it out")]
    NotSupported {
        /// Its name.
        parameter: &'static str,
    },
    /// The request has an unknown parameter, and the tenant refuses unknown parameters.
    #[error("a parameter is unknown, and this server refuses unknown parameters: leave it out")]
    UnknownParameter,
    /// `response_type` is missing.
    #[error("response_type is missing: send response_type=code")]
    ResponseTypeRequired,
    /// `response_type` is not a value that this client can use.
    #[error(
        "response_type is not supported: send a value from response_types_supported in the \
         metadata of this server"
    )]
    UnsupportedResponseType,
    /// `response_type` is not among those that the client registered.
    #[error(
        "the client did not register this response_type, or the grant type that it needs: register \
         again with both"
    )]
    ResponseTypeNotRegistered,
    /// `response_mode` is not `query`, `fragment` or `form_post`, or would put a token into a query.
    #[error(
        "response_mode is not supported: send query, fragment or form_post; query is not allowed if \
         response_type asks for a token"
    )]
    UnsupportedResponseMode,
    /// `nonce` is missing, and an ID token comes straight from the authorization endpoint
    /// (OpenID Connect Core section 3.2.2.1).
    #[error("nonce is missing: a response_type with id_token needs it")]
    NonceRequired,
    /// `code_challenge` is missing (RFC 7636 section 4.4.1).
    #[error("code_challenge is missing: send it with code_challenge_method=S256 (PKCE, RFC 7636)")]
    ChallengeRequired,
    /// `code_challenge` is not 43 characters of base64url.
    #[error(
        "code_challenge has to be 43 characters of base64url: the SHA-256 of the code_verifier, without padding"
    )]
    MalformedChallenge,
    /// `code_challenge_method` is not `S256`. A missing one means `plain`.
    #[error("code_challenge_method is missing or not S256: send code_challenge_method=S256")]
    UnsupportedChallengeMethod,
    /// `prompt=none` (OpenID Connect Core section 3.1.2.1) rules out the consent that a third-party client always
    /// needs.
    #[error("prompt=none is not possible, because the user has to consent: leave it out")]
    ConsentRequired,
    /// `connection` is not a connection that third-party clients can use.
    #[error(
        "connection names none that applications can use: leave it out, so that the user chooses"
    )]
    ConnectionNotAvailable,
    /// No connection is promoted to the domain level, so nobody could sign in.
    #[error(
        "this server has no connection by which users of applications can sign in; the application \
         is not at fault"
    )]
    NoConnection,
    /// The client can't have the access that it asks for.
    #[error(transparent)]
    Access(#[from] AccessError),
    /// The user denied access, or the host did on their behalf.
    #[error("access was denied")]
    Denied,
    /// The user has to sign in, but the host may not ask them to (OpenID Connect Core section 3.1.2.6).
    #[error("the user has to sign in first")]
    LoginRequired,
    /// The host failed.
    #[error("this server failed; the application is not at fault")]
    ServerError,
    /// The host is overloaded or under maintenance.
    #[error("this server is unavailable for now: try again later")]
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
            | Self::LocalhostPort
            | Self::LoopbackPort
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

impl AuthorizationError {
    /// Whether the redirect URI is known to be the client's when this error is found. If it is not, the client is
    /// never told, neither by a redirect nor by a link.
    pub(super) fn is_after_redirect_uri(self) -> bool {
        match self {
            Self::TooLarge
            | Self::Unreadable
            | Self::ClientIdRequired
            | Self::UnknownClient
            | Self::Blocked
            | Self::RedirectUriRequired
            | Self::RedirectUriNotRegistered
            | Self::LocalhostPort
            | Self::LoopbackPort
            | Self::Access(AccessError::NotForClient) => false,
            Self::Repeated { parameter } => {
                parameter != Parameter::ClientId.as_str()
                    && parameter != Parameter::RedirectUri.as_str()
            }
            Self::MalformedValue { .. }
            | Self::NotSupported { .. }
            | Self::UnknownParameter
            | Self::ResponseTypeRequired
            | Self::UnsupportedResponseType
            | Self::ResponseTypeNotRegistered
            | Self::UnsupportedResponseMode
            | Self::NonceRequired
            | Self::ChallengeRequired
            | Self::MalformedChallenge
            | Self::UnsupportedChallengeMethod
            | Self::ConsentRequired
            | Self::ConnectionNotAvailable
            | Self::NoConnection
            | Self::Access(_)
            | Self::Denied
            | Self::LoginRequired
            | Self::ServerError
            | Self::TemporarilyUnavailable => true,
        }
    }
}

impl From<ParameterFault> for AuthorizationError {
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
