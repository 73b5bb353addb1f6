use crate::{
    backend_error::BackendError, client::UnreadableClient, registration::MetadataError,
    system::RandomError,
};

/// Why the owner of a tenant could not do something with a client.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OwnerError {
    /// There is no such tenant.
    #[error("there is no such tenant")]
    UnknownTenant,
    /// The tenant has no client with this id.
    #[error("there is no such client")]
    UnknownClient,
    /// The client's record can't be read. It can be blocked and deleted.
    #[error(transparent)]
    Unreadable(#[from] UnreadableClient),
    /// Somebody else has changed the client since it was read.
    #[error("the client has changed meanwhile")]
    Changed,
    /// A public client has no secret.
    #[error("a public client has no secret")]
    PublicClient,
    /// The new metadata breaks a rule of the profile.
    #[error(transparent)]
    Metadata(#[from] MetadataError),
    /// The store or the directory failed. What was to be done may have been done, whole, or not.
    #[error("the service is unavailable for now")]
    Backend(#[from] BackendError),
    /// The source of randomness failed.
    #[error("the service is unavailable for now")]
    Random(#[from] RandomError),
}
