//! The metadata documents of an authorization server (RFC 8414, OpenID Connect Discovery 1.0): where
//! they stand, and what is true of the clients that register here.
//!
//! [`TenantSettings::server_metadata`] takes the host's document and gives the one to serve.
//!
//! [`TenantSettings::server_metadata`]: crate::TenantSettings::server_metadata

mod document;
mod draft;
mod error;
mod members;
mod merge;
mod well_known;

pub use document::ServerMetadata;
pub use error::ServerMetadataError;
pub use well_known::MetadataDocument;
