/// Why a client does not get the access that it asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AccessError {
    /// No API is named, and the tenant has no default.
    #[error(
        "resource and audience are missing: name an API in one of them; protected_resources in the \
         metadata of this server, if present, lists those that are open to applications"
    )]
    ApiRequired,
    /// No API is named, the tenant has no default API, and no API is open to this client.
    #[error("this server has opened no API to applications; the application is not at fault")]
    NothingOpen,
    /// The tenant has no such API.
    #[error(
        "resource or audience names no API of this server; protected_resources in the metadata of \
         this server, if present, lists those that are open to applications"
    )]
    UnknownApi,
    /// `audience` and `resource` name different APIs.
    #[error("audience and resource name different APIs: send one of them, or the same API in both")]
    ApisDiffer,
    /// The request names several resources, but a token is for one API.
    #[error("resource names more than one API: ask for one API at a time")]
    SeveralResources,
    /// The API is closed to all clients, or to third-party clients.
    #[error("this server has closed the API to applications; the application is not at fault")]
    Closed,
    /// Neither the client nor third-party clients in general have a grant for the API.
    #[error(
        "this server has not opened the API to the client: its operator can add a client grant; the \
         application is not at fault"
    )]
    NoGrant,
    /// The client is blocked, or belongs to another tenant.
    #[error("the client is blocked, or is not registered at this server")]
    NotForClient,
    /// `scope` is not a list of scope tokens, or is longer than 4096 bytes.
    #[error(
        "scope is longer than 4096 bytes or is not a list of scope tokens: separate the tokens with spaces"
    )]
    MalformedScope,
    /// The request names scopes of an API, and the client can have none of them.
    #[error(
        "scope names no scope of the API that the client can have; scopes_supported in the metadata \
         of this server, if present, lists those that applications can have"
    )]
    NothingLeft,
    /// A refresh request names scopes of an API, and none of them was granted with the refresh token
    /// (RFC 6749 section 6).
    #[error(
        "scope contains no scope that was granted with the refresh token: leave scope out, or start a \
         new authorization request"
    )]
    NotGiven,
    /// The request names an API other than the API that access was granted for (RFC 8707 section 2.2).
    #[error(
        "resource or audience names an API other than the one that access was granted for: leave it out"
    )]
    OtherApi,
}

impl AccessError {
    /// The error code on the wire (RFC 6749 section 4.1.2.1, RFC 8707 section 2).
    pub const fn code(self) -> &'static str {
        match self {
            // A repeated parameter is an invalid request, even though RFC 8707 section 2 lets `resource` occur
            // more than once.
            Self::ApiRequired | Self::NothingOpen | Self::SeveralResources => "invalid_request",
            Self::UnknownApi | Self::ApisDiffer | Self::OtherApi => "invalid_target",
            Self::Closed | Self::NoGrant | Self::NotForClient => "unauthorized_client",
            Self::MalformedScope | Self::NothingLeft | Self::NotGiven => "invalid_scope",
        }
    }
}
