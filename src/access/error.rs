/// Why a client may not have what it asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AccessError {
    /// No API is named, and the tenant has no default.
    #[error("audience or resource has to name an API")]
    ApiRequired,
    /// The tenant has no such API.
    #[error("there is no such API")]
    UnknownApi,
    /// `audience` and `resource` name different APIs.
    #[error("audience and resource name different APIs")]
    ApisDiffer,
    /// Different resources in one request; a token is for one API.
    #[error("resource may name one API at a time")]
    SeveralResources,
    /// The API is closed: to everyone, or to third-party clients.
    #[error("this API is closed to the client")]
    Closed,
    /// Neither the client nor third-party clients in general have a grant for the API.
    #[error("the client has no grant for this API")]
    NoGrant,
    /// The client is blocked, or another tenant's.
    #[error("the client may have nothing here")]
    NotForClient,
    /// `scope` is not a list of scope tokens, or longer than 4096 bytes.
    #[error("scope is not a list of scope tokens with one space between")]
    MalformedScope,
    /// Scopes of an API were requested, and the client may have none of them.
    #[error("the client may have none of the requested scopes")]
    NothingLeft,
    /// Another API is named than the one that was given (RFC 8707 section 2.2).
    #[error("another API is named than the one that was given")]
    OtherApi,
}

impl AccessError {
    /// The error code that stands for it (RFC 6749 section 4.1.2.1, RFC 8707 section 2).
    pub const fn code(self) -> &'static str {
        match self {
            Self::ApiRequired => "invalid_request",
            Self::UnknownApi | Self::ApisDiffer | Self::SeveralResources | Self::OtherApi => {
                "invalid_target"
            }
            Self::Closed | Self::NoGrant | Self::NotForClient => "unauthorized_client",
            Self::MalformedScope | Self::NothingLeft => "invalid_scope",
        }
    }
}
