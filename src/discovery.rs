//! The metadata documents of the authorization server (RFC 8414 and OpenID Connect Discovery 1.0), which tell
//! clients where to register and what they can request.
//!
//! ```
//! use oauth_dcr::{discovery::MetadataDocument, settings::Issuer, TenantSettings};
//! use serde_json::json;
//!
//! // The document and the issuer that a path names.
//! let path = "/.well-known/oauth-authorization-server/tenants/acme";
//! let (document, issuer_path) = MetadataDocument::at(path).ok_or("no such document")?;
//! assert_eq!((document, issuer_path), (MetadataDocument::OAuth, "/tenants/acme"));
//!
//! // Turn the document of the host into the document to serve.
//! let mut tenant = TenantSettings::new().enabled();
//! tenant.issuer = Some(Issuer::parse("https://auth.example.com/tenants/acme")?);
//! let metadata = tenant.server_metadata(json!({
//!     "authorization_endpoint": "https://auth.example.com/authorize",
//!     "token_endpoint": "https://auth.example.com/token",
//! }))?;
//! assert!(metadata.to_string().contains("registration_endpoint"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! 1. [`MetadataDocument`] says which document a path names.
//! 2. [`ServerMetadata`] is the document to serve. [`TenantSettings::server_metadata`] makes it: it adds
//!    `registration_endpoint`, and removes the values for which a registering client would be refused.
//! 3. [`ServerMetadataError`] names the member in which the host's document contradicts the settings.
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
