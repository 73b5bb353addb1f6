//! Checks authorization requests (RFC 6749 section 4.1.1). The input is the query of a request, and the result
//! is a decision that the host carries out.
//!
//! ```
//! use oauth_dcr::{
//!     authorization::{AuthorizationRefusal, AuthorizationRequest},
//!     TenantSettings,
//! };
//!
//! let request = AuthorizationRequest::from_query("response_type=code&client_id=tpc_1");
//! let id = request.client_id().ok_or("no client")?;
//! assert_eq!(id.as_str(), "tpc_1");
//!
//! // The host finds no client with this id. It shows a page and does not redirect.
//! let refusal = AuthorizationRefusal::unknown_client(&TenantSettings::new());
//! assert!(refusal.response().is_none());
//! # Ok::<(), &str>(())
//! ```
//!
//! 1. [`AuthorizationRequest`] is untrusted. It is checked against the tenant's settings and the client.
//! 2. [`AuthorizationDecision`] is the result for an accepted request. The host signs the user in, and shows the
//!    content of its [`Consent`].
//! 3. [`Approval`] is the next step if the user agrees. It creates the [`CodeBinding`] to store beside the code,
//!    and the [`AuthorizationResponse`] to send.
//! 4. [`AuthorizationRefusal`] is the result if the request is refused or the user denies access. It says whether
//!    to tell the client or the user, and has [advice](AuthorizationError::advice) for the user and a
//!    [`ReturnLink`] to the client.
//!
//! All of this is free of I/O: the host looks up the client and stores the results.

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
