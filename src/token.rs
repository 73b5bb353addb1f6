//! Checks token requests (RFC 6749 sections 4.1.3 and 6) and revocation requests (RFC 7009). A check takes the form of
//! a request and what was stored beside a code or refresh token, and returns a decision that the host carries out.
//!
//! ```
//! use oauth_dcr::{token::TokenRequest, TenantSettings, Timestamp};
//!
//! let tenant = TenantSettings::new();
//! let request = TokenRequest::from_form(
//!     "grant_type=authorization_code&code=c1&client_id=tpc_1",
//!     None, // the value of the `Authorization` header
//! );
//! assert_eq!(request.client_id().ok_or("no client")?.as_str(), "tpc_1");
//!
//! // The host finds no client with this id, so the request is refused.
//! let refused = request.authenticate(&tenant, None, Timestamp::from_unix_seconds(0));
//! let response = refused.err().ok_or("it was accepted")?.to_response();
//! assert!(response.status().is_client_error());
//! # Ok::<(), &str>(())
//! ```
//!
//! 1. [`TokenRequest`] is untrusted. [`authenticate`](TokenRequest::authenticate) checks the client, and returns a
//!    [`TokenGrant`].
//! 2. [`TokenGrant`] has a type for each kind of grant: [`CodeExchange`], [`RefreshExchange`],
//!    [`ClientCredentials`] and [`DeviceExchange`]. Its `check` takes what the host stored beside the code or
//!    token.
//! 3. [`Lookup`] says whether the host found the code, and whether it was used before.
//! 4. [`TokenDecision`] says which tokens to issue. It creates the [`RefreshBinding`] and the [`RefreshFamily`] to
//!    store beside a refresh token.
//! 5. [`TokenRefusal`] has the response to send, and says whether a code or token was replayed.
//! 6. [`RevocationRequest`] authenticates its client in the same way, and returns a [`Revocation`].
//!
//! All of this is free of I/O: the host stores codes and tokens.

mod authenticated;
mod client_credentials;
mod code_exchange;
mod decision;
mod device_binding;
mod device_exchange;
mod error;
mod header;
mod lookup;
mod refresh_binding;
mod refresh_exchange;
mod refresh_family;
mod refusal;
mod request;
mod revocation;
mod token_grant;

pub use client_credentials::ClientCredentials;
pub use code_exchange::CodeExchange;
pub use decision::{RefreshTokenAction, TokenDecision};
pub use device_binding::DeviceBinding;
pub use device_exchange::DeviceExchange;
pub use error::{ClientAuthenticationError, DeviceFault, GrantFault, TokenError};
pub use lookup::Lookup;
pub use refresh_binding::RefreshBinding;
pub use refresh_exchange::RefreshExchange;
pub use refresh_family::RefreshFamily;
pub use refusal::TokenRefusal;
pub use request::TokenRequest;
pub use revocation::{Revocation, RevocationRequest};
pub use token_grant::TokenGrant;
