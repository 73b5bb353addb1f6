//! The metadata documents of an authorization server (RFC 8414, OpenID Connect Discovery 1.0): where
//! they stand, and what is true of the clients that register here.
//!
//! [`TenantSettings::server_metadata`] takes the host's document and gives the one to serve.
//!
//! [`TenantSettings::server_metadata`]: crate::TenantSettings::server_metadata

mod draft;
mod error;
mod members;
mod merge;
mod metadata_document;
mod server_metadata;

pub use error::ServerMetadataError;
pub use metadata_document::MetadataDocument;
pub use server_metadata::ServerMetadata;
