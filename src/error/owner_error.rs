use crate::{
    backend_error::BackendError, client::UnreadableClient, registration::MetadataError,
    system::RandomError,
};

/// The error of a tenant owner's request about a client.
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
    /// Another request has changed the client since it was read.
    #[error("the client has changed in the meantime")]
    Changed,
    /// A public client has no secret.
    #[error("a public client has no secret")]
    PublicClient,
    /// The new metadata breaks a rule of the profile.
    #[error(transparent)]
    Metadata(#[from] MetadataError),
    /// The store or the directory failed. The change was either made completely, or not at all.
    #[error("the service is unavailable for now")]
    Backend(#[from] BackendError),
    /// The source of randomness failed.
    #[error("the service is unavailable for now")]
    Random(#[from] RandomError),
}
