//! Values: the words of the protocol, each with one fallible constructor.
//!
//! A value is checked once, when it is made; whoever holds one need not look again. Nothing here
//! reads a clock, draws randomness or waits.

mod client_id;
mod client_name;
mod client_secret;
mod joiners;
mod language;
mod pkce;
mod redirect_policy;
mod redirect_uri;
mod scope;
mod source_network;
mod tenant_id;
mod text;
mod timestamp;
mod uri;
mod vocabulary;
mod web_uri;

pub use client_id::{ClientId, InvalidClientId};
pub use client_name::{ClientName, ClientNameError};
pub use client_secret::{ClientSecret, SecretDigest};
pub use language::{InvalidLanguageTag, LanguageTag};
pub use pkce::{CodeChallenge, CodeVerifier, InvalidCodeChallenge, InvalidCodeVerifier};
pub use redirect_policy::{AllowedScheme, InvalidScheme, RedirectPolicy};
pub use redirect_uri::{Destination, RedirectUri, RedirectUriError};
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
pub(crate) use uri::{is_host, is_host_name, is_origin};
