//! The authorization request (RFC 6749 section 4.1.1): from its parameters to a decision that the
//! host carries out.
//!
//! [`AuthorizationRequest::authorize`] checks a request for a client. The host signs the user in, shows
//! what [`AuthorizationDecision::consent`] says, and issues a code that is bound to what the
//! [`Approval`] gives. If the user says no, the host [denies](AuthorizationDecision::deny). An
//! [`AuthorizationRefusal`] says who is told: the client, or the user on a page, with advice and a link
//! back to the client. All of it is pure.

mod advice;
mod approval;
mod check;
mod code_binding;
mod consent;
mod decision;
mod decision_content;
mod error;
mod link;
mod names;
#[cfg(feature = "confusables")]
mod protected_names;
mod refusal;
mod request;
mod response;
mod target;

pub use approval::Approval;
pub use code_binding::CodeBinding;
pub use consent::{Consent, LocalizedName};
pub use decision::AuthorizationDecision;
pub use error::AuthorizationError;
pub use link::{LinkTarget, ReturnLink};
#[cfg(feature = "confusables")]
pub use protected_names::ProtectedNames;
pub use refusal::AuthorizationRefusal;
pub use request::AuthorizationRequest;
pub use response::{AuthorizationResponse, Delivery, Issued, ResponseMode};

pub(crate) use names::refused_parameters;
