//! Dynamic Client Registration to embed in an authorization server.
#![deny(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::string_slice,
    clippy::unreachable,
    clippy::unwrap_used
)]
#![cfg_attr(
    test,
    allow(
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::panic,
        clippy::string_slice,
        clippy::unwrap_used
    )
)]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod client;
mod engine;
mod error;
#[cfg(feature = "memory")]
mod memory;
mod ports;
mod quota;
mod registration;
mod settings;
mod values;
mod wire;

#[cfg(feature = "tower")]
pub mod tower;

pub use client::Client;
pub use engine::{Admission, Registered, Registrar, RegistrarBuilder};
pub use error::{BackendError, RandomError, RegistrationError};
#[cfg(feature = "memory")]
pub use memory::MemoryStore;
#[cfg(feature = "memory")]
pub use ports::LocalRateLimiter;
pub use ports::{
    ClientStore, Clock, Event, EventSink, InsertOutcome, NoEvents, OsRandom, RateLimiter,
    SecureRandom, SingleTenant, SystemClock, TenantDirectory, TenantSelector, Tenants,
};
pub use quota::{Quota, RateDecision};
pub use registration::{
    ClientMetadata, DecodeError, Field, LocalizedText, MetadataError, MetadataFault,
    RegistrationRequest,
};
pub use settings::{
    AllowedOrigins, ApiPolicy, ApiSettings, ClientGrant, Connection, GrantedScope, Grantee,
    InvalidIssuer, InvalidOrigin, Issuer, MetadataLimits, RefusedRedirectUris,
    RegistrationSettings, ScopeWhenNoneRequested, SettingsDocument, SettingsError, SignalHeaders,
    SubjectType, TenantSettings, UnknownParameters, Unsupported,
};
pub use values::{
    AllowedScheme, ApplicationType, ClientId, ClientName, ClientNameError, ClientSecret,
    CodeChallenge, CodeVerifier, GrantType, InvalidClientId, InvalidCodeChallenge,
    InvalidCodeVerifier, InvalidLanguageTag, InvalidScheme, InvalidScope, InvalidTenantId,
    LanguageTag, OrderedSet, RedirectPolicy, RedirectUri, RedirectUriError, ResponseType, Scope,
    SecretDigest, SecurityMode, TenantId, Timestamp, TokenEndpointAuthMethod, WebUri, WebUriError,
};
pub use wire::{BodyProgress, Opened, RegistrationBody, RegistrationEndpoint};
