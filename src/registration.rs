//! The registration request of a client, and the metadata with which the client is registered. The rules that
//! turn a request into metadata need no store, tenant or runtime.
//!
//! ```
//! use oauth_dcr::{
//!     registration::{DecodeError, Field},
//!     RegistrationRequest,
//! };
//!
//! let body = br#"{"redirect_uris": ["https://app.example.com/callback"], "client_name": "Notes"}"#;
//! assert!(RegistrationRequest::from_json(body).is_ok());
//!
//! // A member of the wrong type: the error names the field.
//! let wrong = RegistrationRequest::from_json(br#"{"redirect_uris": [], "client_name": 7}"#);
//! let Err(DecodeError::Metadata(error)) = wrong else { panic!("it was accepted") };
//! assert_eq!(error.field(), Field::ClientName);
//! ```
//!
//! 1. [`InitialAccess`] is the trait to implement if registration requires initial access tokens.
//! 2. [`RegistrationRequest`] has the metadata that a client sent. It is untrusted. [`DecodeError`] says why a
//!    body is not a request.
//! 3. [`ClientMetadata`] is the metadata with which the client is registered. It is always valid: it is made
//!    only by applying the tenant's settings to a request.
//! 4. [`MetadataError`] names the [`Field`] and the value that break a rule.
//! 5. [`MetadataExplanation`] lists the outcome of each field, with every fault.

mod apply;
mod error;
mod explain;
mod field;
mod initial_access;
mod json;
mod metadata;
mod request;
mod stored;

pub use error::{MetadataError, MetadataFault};
pub use explain::{DroppedValue, FieldExplanation, FieldOutcome, MetadataExplanation};
pub use field::Field;
pub use initial_access::{InitialAccess, InitialAccessOutcome};
pub use json::{BodyPosition, DecodeError};
pub use metadata::{ClientMetadata, LocalizedText};
pub use request::RegistrationRequest;

pub(crate) use initial_access::DynInitialAccess;
pub(crate) use stored::StoredMetadata;
