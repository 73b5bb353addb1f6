//! The values that registrations, requests and stored clients are made of: ids, scopes, secrets, times.
//! Each type has one fallible constructor, so every value is valid.
//!
//! ```
//! use oauth_dcr::types::{ClientId, LanguageTag, Scope};
//!
//! let id = ClientId::parse("tpc_8SXWY6j3afl2CP5ntwEOpMdPxxy49Gt2")?;
//! assert_eq!(id.as_str(), "tpc_8SXWY6j3afl2CP5ntwEOpMdPxxy49Gt2");
//!
//! let scope = Scope::parse("openid  email")?; // stray spaces are dropped
//! assert_eq!(scope.as_str(), "openid email");
//! assert!(LanguageTag::parse("not a language").is_err());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! 1. [`TenantId`], [`ClientId`] and [`Timestamp`] identify a client and say when it was registered.
//! 2. [`ClientSecret`] is shown once, when a confidential client registers. It is redacted in `Debug` and
//!    overwritten when it is dropped. Stores keep its [`SecretDigest`].
//! 3. [`ClientName`], [`LanguageTag`] and [`WebUri`] are metadata that people see.
//! 4. [`GrantTypes`], [`ResponseTypes`], [`TokenEndpointAuthMethod`] and [`ApplicationType`] are the names that
//!    the protocol registers.
//! 5. [`Scope`] is a list of scopes.
//! 6. [`SecurityMode`] and [`ErrorRedirectPolicy`] are decisions about a client.

mod application_type;
mod client_id;
mod client_name;
mod client_secret;
mod client_type;
mod error_redirect_policy;
mod grant_type;
mod joiners;
mod language_tag;
mod ordered_set;
mod response_type;
mod scope;
mod security_mode;
mod source_network;
mod tenant_id;
mod text;
mod timestamp;
mod token_endpoint_auth_method;
mod web_uri;

pub use application_type::ApplicationType;
pub use client_id::{ClientId, InvalidClientId};
pub use client_name::{ClientName, ClientNameError};
pub use client_secret::{ClientSecret, SecretDigest};
pub use client_type::ClientType;
pub use error_redirect_policy::ErrorRedirectPolicy;
pub use grant_type::{GrantType, GrantTypes};
pub use language_tag::{InvalidLanguageTag, LanguageTag};
pub use response_type::{ResponseType, ResponseTypes};
pub use scope::{InvalidScope, Scope};
pub use security_mode::SecurityMode;
pub use source_network::SourceNetwork;
pub use tenant_id::{InvalidTenantId, TenantId};
pub use timestamp::Timestamp;
pub use token_endpoint_auth_method::{TokenEndpointAuthMethod, TokenEndpointAuthMethods};
pub use web_uri::{WebUri, WebUriError};

#[cfg(test)]
pub(crate) use client_secret::COMPARED;
pub(crate) use scope::{is_scope, is_scope_token, scope_tokens};
pub(crate) use text::{TextFault, check as check_text};
