//! The token request (RFC 6749 sections 4.1.3 and 6): from its parameters, and what was bound to the
//! code or refresh token, to a decision that the host carries out.
//!
//! [`TokenRequest::authenticate`] checks the client and gives one type for each grant; only that type
//! tells the code or the refresh token, and its `check` is the only way to a [`TokenDecision`]. All
//! of it is pure.
//!
//! [`RevocationRequest`] authenticates its client in the same way (RFC 7009).

mod client_credentials;
mod code;
mod decision;
mod device;
mod error;
mod exchange;
mod family;
mod header;
mod lookup;
mod refresh;
mod refusal;
mod request;
mod revocation;

pub use client_credentials::ClientCredentials;
pub use code::CodeExchange;
pub use decision::{RefreshTokenAction, TokenDecision};
pub use device::{DeviceBinding, DeviceExchange};
pub use error::{ClientAuthenticationError, DeviceFault, GrantFault, TokenError};
pub use exchange::TokenGrant;
pub use family::RefreshFamily;
pub use lookup::Lookup;
pub use refresh::{RefreshBinding, RefreshExchange};
pub use refusal::TokenRefusal;
pub use request::TokenRequest;
pub use revocation::{Revocation, RevocationRequest};
