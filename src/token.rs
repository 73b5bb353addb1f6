//! The token request (RFC 6749 sections 4.1.3 and 6): from its parameters, and what was bound to the
//! code or refresh token, to a decision that the host carries out.
//!
//! [`TokenRequest::authenticate`] checks the client and gives one type for each grant; only that type
//! tells the code or the refresh token, and its `check` is the only way to a [`TokenDecision`]. All
//! of it is pure.
//!
//! [`RevocationRequest`] authenticates its client in the same way (RFC 7009).

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
