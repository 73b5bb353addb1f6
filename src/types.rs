//! The values that registrations, requests and stored clients are made of.
//!
//! Each type has one fallible constructor, and a value of it is valid. Client secrets are redacted
//! in `Debug` and overwritten when they are dropped.

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
