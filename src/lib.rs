//! Dynamic Client Registration (RFC 7591, OpenID Connect Registration) to embed in an authorization
//! server that exists already, with the security profile of third-party applications.
//!
//! Software that nobody has heard of, AI agents' MCP clients above all, registers itself before it asks a
//! user for access. Letting it do so is one endpoint; not being sorry takes more: redirect URIs
//! that no two parsers read differently, names that can't lie, a table that does not grow for ever,
//! and a server that goes on treating such a client as a stranger. That is what this crate has. It
//! takes registrations and decides about authorization and token requests; sessions, pages, codes and
//! tokens stay the host's.
//!
//! # Quick start
//!
//! ```
//! use oauth_dcr::{MemoryStore, RegistrationEndpoint, Registrar, TenantSettings};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! // Once, when the server starts. Registration is off until someone turns it on.
//! let registrar = Registrar::builder(MemoryStore::new())
//!     .tenant(TenantSettings::new().enabled())
//!     .build()?;
//! let endpoint = RegistrationEndpoint::new(registrar);
//!
//! // For each request; the adapters for hyper, axum and actix-web do this part.
//! let request = http::Request::post("/oidc/register")
//!     .header("content-type", "application/json")
//!     .body(r#"{"redirect_uris": ["https://app.example.com/callback"]}"#)?;
//! let response = endpoint.respond(request).await;
//! assert_eq!(response.status(), 201);
//! # Ok(())
//! # }
//! ```
//!
//! # The pipeline
//!
//! | step | from | to |
//! |---|---|---|
//! | admit | the head of a request | [`Admission`]: tenant known and enabled, [`acl`] and gate ([`InitialAccess`](registration::InitialAccess)) passed, within its rate |
//! | decode | the body | [`RegistrationRequest`]: one JSON object, untrusted |
//! | apply | that and [`RegistrationSettings`](settings::RegistrationSettings) | [`ClientMetadata`]: valid by the profile |
//! | mint | [`SecureRandom`](system::SecureRandom) and [`Clock`](system::Clock) | [`Client`] and its [`ClientSecret`] |
//! | insert | [`ClientStore`](store::ClientStore) | [`Registered`] |
//! | respond | that, or a [`RegistrationError`] | `http::Response` |
//!
//! Each step consumes what the one before it made, so that skipping one does not compile. All of
//! `decode` and `apply` is pure and may be used alone, as may [`RedirectUri`](redirect_uri::RedirectUri), [`CodeChallenge`](pkce::CodeChallenge)
//! and the other values.
//!
//! # After registration
//!
//! What a client may do is decided in the same way: an untrusted request goes in, a decision or a
//! refusal comes out, and the host carries it out.
//!
//! | request | checked by | gives |
//! |---|---|---|
//! | [`AuthorizationRequest`](authorization::AuthorizationRequest) | [`AuthorizationRequest::authorize`](authorization::AuthorizationRequest::authorize) | [`AuthorizationDecision`](authorization::AuthorizationDecision): which connections, what to consent to; once approved, [`CodeBinding`](authorization::CodeBinding) |
//! | [`TokenRequest`](token::TokenRequest) | [`TokenRequest::authenticate`](token::TokenRequest::authenticate), then the `check` of its [`TokenGrant`](token::TokenGrant) | [`TokenDecision`](token::TokenDecision), then [`RefreshBinding`](token::RefreshBinding) and [`RefreshFamily`](token::RefreshFamily) |
//! | [`RevocationRequest`](token::RevocationRequest) | [`RevocationRequest::authenticate`](token::RevocationRequest::authenticate) | [`Revocation`](token::Revocation) |
//! | [`AccessRequest`](access::AccessRequest) | [`AccessRequest::check`](access::AccessRequest::check) | [`ApiAccess`](access::ApiAccess): the first two ask it themselves |
//!
//! Clients learn what they may do from the server's metadata document before they register:
//! [`TenantSettings::server_metadata`] narrows the host's to what is true here.
//!
//! Bindings and decisions serialise, to be kept on the server beside codes and tokens, with a checksum
//! (which is no signature) against rows that were cut or mixed up. The owner of a tenant has [`Owner`].
//!
//! # What the host brings
//!
//! A [`ClientStore`](store::ClientStore) for its database, if that is neither SQLite nor PostgreSQL; a [`TenantDirectory`](tenants::TenantDirectory) if it has more than one tenant; an
//! [`EventSink`](events::EventSink) for its logs and counters; a [`RateLimiter`](rate_limit::RateLimiter) if several processes share one quota,
//! such as that of the feature `redis`. Time-outs for slow connections are the server's to set.
//!
//! # The guide
//!
//! - [Embedding](guide::embedding): putting it into a server that exists, and what that keeps doing.
//! - [Tenants and settings](guide::tenants_and_settings): every field, its default and its meaning.
//! - [Redirect URIs](guide::redirect_uris): what is refused, what matches, what native agents need.
//! - [Access control](guide::access_control): rules, signals, proxies, recipes.
//! - [Behind a proxy](guide::behind_a_proxy): settings, and configurations of four proxies to paste.
//! - [The life of a client](guide::life_of_a_client): limits, folding, sweeps, the owner.
//! - [Writing a store](guide::writing_a_store), and how to know that it is right.
//! - [Many nodes](guide::many_nodes): two to paste, and what a billion clients take.
//! - [Observability](guide::observability): logs, traces, metrics, a dashboard, an audit trail.
//! - [The threat model](guide::threat_model): what is defended, what stays with the host, what is left.
//! - [Standards](guide::standards): section by section, departures marked.
//! - [Coming from Auth0](guide::coming_from_auth0): each concept, its name here.
//! - [Evidence](guide::evidence): what the README says, and the test that shows it.
//!
//! # Features
//!
//! - `actix-web`: [`actix_web::routes`], the endpoint in an actix-web application. It needs Tokio.
//! - `axum`: [`axum::routes`], the endpoint in an axum router. It needs Tokio.
//! - `conformance`: [`conformance`], suites for stores and limiters of one's own. It needs Tokio.
//! - `confusables`: [`ProtectedNames`](authorization::ProtectedNames), for a warning where a client's name looks like another's.
//! - `geoip`: [`geoip::Databases`], locations from MaxMind DB files.
//! - `memory` (default): [`MemoryStore`] and [`LocalRateLimiter`](rate_limit::LocalRateLimiter).
//! - `metrics`: [`metrics::MetricsEvents`], counters and a histogram through the crate `metrics`.
//! - `postgres`: [`PostgresStore`](postgres::PostgresStore), for nodes that share a database. It needs Tokio.
//! - `redis`: [`RedisRateLimiter`](redis::RedisRateLimiter), one quota for many processes, in Redis or Valkey. It needs Tokio.
//! - `sqlite`: [`SqliteStore`](sqlite::SqliteStore), one file that survives a power cut. It needs Tokio.
//! - `tower`: [`tower::RegistrationService`], for hyper and whatever speaks `tower_service`. It needs
//!   Tokio.
//! - `tracing`: a span for each registration, and [`tracing::TracingEvents`], which logs what happens.
#![deny(
    clippy::arithmetic_side_effects,
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
        clippy::arithmetic_side_effects,
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::panic,
        clippy::string_slice,
        clippy::unwrap_used
    )
)]
#![cfg_attr(docsrs, feature(doc_cfg))]
// The code in the README compiles.
#![cfg_attr(
    all(
        doctest,
        feature = "actix-web",
        feature = "axum",
        feature = "conformance",
        feature = "geoip",
        feature = "postgres",
        feature = "redis",
        feature = "tower"
    ),
    doc = include_str!("../README.md")
)]

pub mod access;
pub mod acl;
#[cfg(feature = "actix-web")]
pub mod actix_web;
pub mod authorization;
#[cfg(feature = "axum")]
pub mod axum;
mod backend_error;
mod box_future;
pub mod client;
#[cfg(feature = "conformance")]
pub mod conformance;
pub mod discovery;
pub mod endpoint;
mod engine;
mod envelope;
mod error;
pub mod events;
pub mod geo;
#[cfg(feature = "geoip")]
pub mod geoip;
#[cfg(any(feature = "postgres", feature = "sqlite"))]
mod group_commit;
#[cfg(any(doc, doctest))]
pub mod guide;
#[cfg(feature = "memory")]
pub mod memory;
#[cfg(feature = "metrics")]
pub mod metrics;
mod parameters;
pub mod pkce;
#[cfg(feature = "postgres")]
pub mod postgres;
pub mod rate_limit;
pub mod redirect_uri;
#[cfg(feature = "redis")]
pub mod redis;
pub mod registration;
pub mod settings;
#[cfg(feature = "sqlite")]
pub mod sqlite;
pub mod store;
#[cfg(any(feature = "postgres", feature = "sqlite"))]
mod stored_row;
pub mod system;
pub mod tenants;
pub mod token;
#[cfg(feature = "tower")]
pub mod tower;
#[cfg(feature = "tracing")]
pub mod tracing;
pub mod types;
mod uri;

pub use backend_error::BackendError;
#[doc(no_inline)]
pub use client::Client;
#[doc(no_inline)]
pub use endpoint::{PeerAddress, RegistrationEndpoint};
pub use engine::{
    Admission, ClientPage, MarkOutcome, Owner, Registered, Registrar, RegistrarBuilder,
};
pub use error::{OwnerError, RegistrationError};
#[cfg(feature = "memory")]
#[doc(no_inline)]
pub use memory::MemoryStore;
#[doc(no_inline)]
pub use registration::{ClientMetadata, RegistrationRequest};
#[doc(no_inline)]
pub use settings::TenantSettings;
#[doc(no_inline)]
pub use tenants::Tenants;
#[doc(no_inline)]
pub use types::{ClientId, ClientSecret, TenantId, Timestamp};
