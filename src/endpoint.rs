//! Serves the registration endpoint over HTTP, in any framework. Only this module knows media types, header names
//! and status codes.
//!
//! ```
//! use oauth_dcr::{
//!     endpoint::{HeadDecision, RegistrationEndpoint},
//!     MemoryStore, Registrar, TenantSettings,
//! };
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let registrar = Registrar::builder(MemoryStore::new())
//!     .tenant(TenantSettings::new().enabled())
//!     .build()?;
//! let endpoint = RegistrationEndpoint::new(registrar);
//!
//! let request = http::Request::post("/oidc/register").header("content-type", "application/json");
//! let (head, ()) = request.body(())?.into_parts();
//! let response = match endpoint.open(&head).await {
//!     HeadDecision::Respond(response) => response,
//!     HeadDecision::ReadBody(mut body) => {
//!         // Push each chunk, until `BodyProgress::Full`.
//!         let _ = body.push(br#"{"redirect_uris": ["https://app.example.com/callback"]}"#);
//!         body.finish().await
//!     }
//! };
//! assert_eq!(response.status(), 201);
//! # Ok(())
//! # }
//! ```
//!
//! 1. [`RegistrationEndpoint`] answers a complete request with [`respond`](RegistrationEndpoint::respond), or
//!    decides by the head of a request with [`open`](RegistrationEndpoint::open).
//! 2. [`PeerAddress`] goes into the extensions of each request, for rules about addresses.
//! 3. [`HeadDecision`] is the response, or the [`RegistrationBody`] to read.
//! 4. [`BodyProgress`] says whether to read more of the body.
//!
//! For hyper, axum and actix-web, use the adapters in the modules `tower`, `axum` and `actix_web`: each has
//! a feature of the same name.

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
pub(crate) use host::is_missing as lacks_host;
pub use peer_address::PeerAddress;
pub use registration_endpoint::{HeadDecision, RegistrationEndpoint};
