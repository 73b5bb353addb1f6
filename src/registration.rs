//! The profile: from what a client asks for to what it is registered with.
//!
//! [`RegistrationRequest`] is untrusted. [`RegistrationRequest::apply`] consumes it and gives back
//! [`ClientMetadata`], which is valid by construction: there is no other way to get one. All of it
//! is pure; it may be used without a store, a tenant or a runtime.

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
