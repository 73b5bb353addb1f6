//! Dynamic Client Registration (RFC 7591, OpenID Connect Registration) to embed in an existing OAuth
//! authorization server.
//!
//! The crate registers software, such as the MCP clients of AI agents, and checks the authorization and token
//! requests of registered clients as those of third parties. Sessions, pages, codes and tokens stay in your server.
//!
//! # Quick start
//!
//! ```
//! use oauth_dcr::{MemoryStore, RegistrationEndpoint, Registrar, TenantSettings};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! // Once, when the server starts. Registration is off until it is enabled.
//! let registrar = Registrar::builder(MemoryStore::new())
//!     .tenant(TenantSettings::new().enabled())
//!     .build()?;
//! let endpoint = RegistrationEndpoint::new(registrar);
//!
//! // For each request. The adapters for hyper, axum and actix-web do this part.
//! let request = http::Request::post("/oidc/register")
//!     .header("content-type", "application/json")
//!     .body(r#"{"redirect_uris": ["https://app.example.com/callback"]}"#)?;
//! let response = endpoint.respond(request).await;
//! assert_eq!(response.status(), 201);
//! # Ok(())
//! # }
//! ```
//!
//! # Subjects
//!
//! [`Registrar`] registers clients and [`Owner`] manages the clients of a tenant. Each other subject has a module:
//!
//! | module | what it is for |
//! |---|---|
//! | [`registration`] | the request of a client, [`RegistrationRequest`], and its valid form, [`ClientMetadata`] |
//! | [`redirect_uri`] | which redirect URIs are allowed and which match: [`RedirectUri`](redirect_uri::RedirectUri) |
//! | [`settings`] | what a tenant decides, in Rust or as JSON: [`TenantSettings`] |
//! | [`tenants`] | which tenant a request is for: [`TenantDirectory`](tenants::TenantDirectory) |
//! | [`client`] | a registered client: [`Client`] |
//! | [`store`] | the trait to implement for your database: [`ClientStore`](store::ClientStore) |
//! | [`endpoint`] | the registration endpoint over HTTP: [`RegistrationEndpoint`] |
//! | [`acl`] | the access control list, who may register: [`Acl`](acl::Acl) |
//! | [`rate_limit`] | how many may register: [`Quota`](rate_limit::Quota), [`RateLimiter`](rate_limit::RateLimiter) |
//! | [`authorization`] | the check of authorization requests: [`AuthorizationRequest`](authorization::AuthorizationRequest) |
//! | [`pkce`] | code challenges and verifiers: [`CodeChallenge`](pkce::CodeChallenge) |
//! | [`token`] | the check of token and revocation requests: [`TokenRequest`](token::TokenRequest) |
//! | [`access`] | the APIs and scopes that a client gets: [`ApiAccess`](access::ApiAccess) |
//! | [`discovery`] | the metadata document of the server: [`ServerMetadata`](discovery::ServerMetadata) |
//! | [`events`] | what happens, for logs, metrics and audit trails: [`EventSink`](events::EventSink) |
//! | [`geo`] | locations of addresses: [`GeoSource`](geo::GeoSource) |
//! | [`system`] | time and randomness: [`Clock`](system::Clock), [`SecureRandom`](system::SecureRandom) |
//! | [`types`] | ids, scopes, secrets and other values: [`ClientId`], [`Scope`](types::Scope) |
//!
//! # Features: adapters and back ends
//!
//! Each is a module behind a feature. All but `memory`, `geoip`, `tracing` and `metrics` need Tokio.
//!
//! | feature | what it adds |
//! |---|---|
//! | `axum`, `actix-web`, `tower` | the endpoint in your framework: [`axum`], [`actix_web`], [`tower`] |
//! | `memory` (default) | [`MemoryStore`] and [`LocalRateLimiter`](rate_limit::LocalRateLimiter) |
//! | `sqlite` | [`SqliteStore`](sqlite::SqliteStore): clients in one file, which survives a power cut |
//! | `postgres` | [`PostgresStore`](postgres::PostgresStore): clients in a database that nodes share |
//! | `redis` | [`RedisRateLimiter`](redis::RedisRateLimiter): one quota for many processes |
//! | `geoip` | [`Databases`](geoip::Databases): locations from MaxMind DB files |
//! | `tracing` | [`TracingEvents`](tracing::TracingEvents): log events, and a span for each registration |
//! | `metrics` | [`MetricsEvents`](metrics::MetricsEvents): counters and a histogram |
//! | `conformance` | [`conformance`]: suites that test your own store or limiter |
//!
//! The feature `confusables` adds [`ProtectedNames`](authorization::ProtectedNames): a warning where a client's
//! name looks like one of yours.
//!
//! # The pipeline of a registration
//!
//! | step | takes | gives |
//! |---|---|---|
//! | admit | the head of a request | [`Admission`]: the tenant is known, and its rules and rate let the request in |
//! | decode | the body | [`RegistrationRequest`], untrusted |
//! | apply | the request and the settings | [`ClientMetadata`], valid |
//! | mint | the metadata, randomness, time | [`Client`] and its [`ClientSecret`] |
//! | insert | the client and the store | [`Registered`] |
//! | respond | the result, or a [`RegistrationError`] | `http::Response` |
//!
//! Each step consumes the result of the step before it, so code that skips a step does not compile.
//!
//! # The guide
//!
//! 1. [Quick start](guide::quick_start): add registration to a server on axum, actix-web or hyper.
//! 2. [MCP servers and AI agents](guide::mcp_servers_and_agents): what agents send, and the preset that lets them in.
//! 3. [Settings](guide::settings): each field, its default and its meaning.
//! 4. [Redirect URIs](guide::redirect_uris): what is refused, what matches, and what native apps need.
//! 5. [Access control](guide::access_control): rules, signals and recipes.
//! 6. [Behind a proxy](guide::behind_a_proxy): tested configurations of four proxies.
//! 7. [Stores and scaling out](guide::stores): several nodes, backups, and how much fits.
//!    [Writing a store](guide::writing_a_store) is about your own database.
//! 8. [The life of a client](guide::life_of_a_client): limits, duplicates, sweeps and the owner.
//! 9. [Tokens and refresh](guide::tokens_and_refresh): the authorization and token endpoints.
//! 10. [Observability](guide::observability): logs, traces, metrics, a dashboard and an audit trail.
//! 11. [Threat model](guide::threat_model): what is defended, and what is left to the host.
//! 12. [Standards](guide::standards): section by section, with the departures.
//! 13. [Coming from Auth0](guide::coming_from_auth0): each concept and its name here.
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
        feature = "memory",
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
