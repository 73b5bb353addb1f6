//! The values that registrations, requests and stored clients are made of.
//!
//! Each type has one fallible constructor, and a value of it is valid. Client secrets are redacted
//! in `Debug` and overwritten when they are dropped.

mod client_id;
mod client_name;
mod client_secret;
mod joiners;
mod language_tag;
mod scope;
mod source_network;
mod tenant_id;
mod text;
mod timestamp;
mod vocabulary;
mod web_uri;

pub use client_id::{ClientId, InvalidClientId};
pub use client_name::{ClientName, ClientNameError};
pub use client_secret::{ClientSecret, SecretDigest};
pub use language_tag::{InvalidLanguageTag, LanguageTag};
pub use scope::{InvalidScope, Scope};
pub use source_network::SourceNetwork;
pub use tenant_id::{InvalidTenantId, TenantId};
pub use timestamp::Timestamp;
pub use vocabulary::{
    ApplicationType, ClientType, GrantType, OrderedSet, RedirectionPolicy, ResponseType,
    SecurityMode, TokenEndpointAuthMethod, Word,
};
pub use web_uri::{WebUri, WebUriError};

#[cfg(test)]
pub(crate) use client_secret::COMPARED;
pub(crate) use scope::{is_scope, is_scope_token, scope_tokens};
pub(crate) use text::{TextFault, check as check_text};
