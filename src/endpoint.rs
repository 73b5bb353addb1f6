//! The wire: HTTP requests in, HTTP responses out, whatever the framework.
//!
//! The only place that knows media types, header names and status codes.

mod bearer;
mod body;
mod cors;
mod host;
mod peer_address;
#[cfg(test)]
mod refusal_texts;
mod registration_endpoint;
mod response;
mod signals;
mod table;
mod token;

pub use body::{BodyProgress, RegistrationBody};
#[cfg(feature = "tower")]
pub(crate) use host::is_left_out as lacks_host;
pub use peer_address::PeerAddress;
pub use registration_endpoint::{HeadDecision, RegistrationEndpoint};
