use crate::{
    error::{BackendError, RandomError},
    quota::RateDecision,
    registration::{DecodeError, MetadataError},
    values::WebUri,
};

/// Why a registration did not happen, in the order in which it can go wrong.
///
/// `Display` is safe to send and to log; a source, where there is one, is for the operator.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RegistrationError {
    /// The request leads to no tenant.
    #[error("there is no such tenant")]
    UnknownTenant,
    /// The request is neither POST nor a CORS preflight.
    #[error("this endpoint takes POST requests")]
    MethodNotAllowed,
    /// The tenant has not turned registration on.
    #[error("dynamic client registration is not enabled for this tenant")]
    NotEnabled,
    /// A rule of the tenant's access control list blocks the request.
    #[error("access is denied")]
    Blocked {
        /// What the rule is for.
        rule: String,
    },
    /// A rule of the tenant's access control list sends the request elsewhere.
    #[error("this request is answered elsewhere")]
    Redirected {
        /// What the rule is for.
        rule: String,
        /// Where to.
        location: WebUri,
    },
    /// The host's gate asks for an initial access token, and the request has none.
    #[error("an initial access token is required")]
    InitialAccessTokenRequired,
    /// The request's initial access token is not good for this tenant.
    #[error("the initial access token is not valid")]
    InvalidInitialAccessToken,
    /// The tenant's quota is used up for now.
    #[error("too many registrations; try again later")]
    TooManyRequests {
        /// What the limiter said.
        decision: RateDecision,
    },
    /// The body is larger than the tenant's `max_body_bytes`.
    #[error("the body is larger than {max} bytes")]
    BodyTooLarge {
        /// The most it may have, in bytes.
        max: usize,
    },
    /// The body is not declared as plain `application/json`.
    #[error("the body has to be application/json, without a content encoding")]
    UnsupportedMediaType,
    /// The body ended before it was complete.
    #[error("the body ended early")]
    BodyIncomplete,
    /// The body was not there in time.
    #[error("the body took too long to arrive")]
    BodyTimeout,
    /// The body is not a registration request.
    #[error(transparent)]
    Decode(DecodeError),
    /// The metadata breaks a rule of the profile.
    #[error(transparent)]
    Metadata(#[from] MetadataError),
    /// The tenant has as many clients as it may, and each of them was used or is blocked.
    #[error("this tenant has as many clients as it may")]
    TooManyClients,
    /// A store, a limiter or a directory failed.
    #[error("the service is unavailable for now")]
    Backend(#[from] BackendError),
    /// The source of randomness failed.
    #[error("the service is unavailable for now")]
    Random(#[from] RandomError),
    /// Every id that was minted was taken.
    #[error("the service is unavailable for now")]
    NoFreeId,
}

impl From<DecodeError> for RegistrationError {
    /// A member of the wrong type is the metadata's fault, not the body's.
    fn from(error: DecodeError) -> Self {
        match error {
            DecodeError::Metadata(error) => Self::Metadata(error),
            error => Self::Decode(error),
        }
    }
}
