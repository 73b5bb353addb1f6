//! The registration request and the metadata that a client is registered with. The rules between the
//! two are pure: they need no store, tenant or runtime.
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
//! 1. [`InitialAccess`] is the trait to implement for a gate that asks for initial access tokens.
//! 2. [`RegistrationRequest`] is what a client asks for. It is untrusted. [`DecodeError`] says why a body is no
//!    request.
//! 3. [`ClientMetadata`] is what the client is registered with. It is valid: the only way to make it is to apply
//!    the tenant's settings to a request.
//! 4. [`MetadataError`] says which [`Field`] breaks a rule, and which of its values.
//! 5. [`MetadataExplanation`] lists what becomes of each field, with every fault.

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
