//! Pages to read. The code on them compiles and runs with the tests.
//!
//! Start here:
//!
//! 1. [Quick start](quick_start): add registration to a server on axum, actix-web or hyper.
//! 2. [MCP servers and AI agents](mcp_servers_and_agents): let Claude, ChatGPT, Cursor and others register.
//!
//! Set it up:
//!
//! 3. [Settings](settings): every field, its default and its meaning.
//! 4. [Redirect URIs](redirect_uris): which ones a client may register, and which ones match.
//! 5. [Access control](access_control): who may register, how often, and with which token.
//! 6. [Behind a proxy](behind_a_proxy): configurations of four proxies, and a check of yours.
//!
//! Run it:
//!
//! 7. [Stores and scaling out](stores): SQLite, PostgreSQL and Redis, and
//!    [a store of your own](writing_a_store).
//! 8. [The life of a client](life_of_a_client): limits, duplicates, sweeps, and the owner's work.
//! 9. [Tokens and refresh](tokens_and_refresh): your authorization and token endpoints.
//! 10. [Observability](observability): logs, traces, metrics, a dashboard and an audit trail.
//!
//! Look it up:
//!
//! 11. [The threat model](threat_model): attacks and defences, and what is left over.
//! 12. [Standards](standards): each section, and each departure.
//! 13. [Coming from Auth0](coming_from_auth0): what has another name or works differently.

#[doc = include_str!("guide/access_control.md")]
pub mod access_control {}

#[doc = include_str!("guide/proxies/settings.md")]
/// ## nginx
///
/// ```nginx
#[doc = include_str!("guide/proxies/nginx.conf")]
/// ```
///
/// ## HAProxy
///
/// ```haproxy
#[doc = include_str!("guide/proxies/haproxy.cfg")]
/// ```
///
/// ## Apache httpd
///
/// ```apache
#[doc = include_str!("guide/proxies/httpd.conf")]
/// ```
///
/// ## Caddy
///
/// ```caddy
#[doc = include_str!("guide/proxies/Caddyfile")]
/// ```
///
#[doc = include_str!("guide/behind_a_proxy.md")]
pub mod behind_a_proxy {}

#[doc = include_str!("guide/coming_from_auth0.md")]
pub mod coming_from_auth0 {}

#[doc = include_str!("guide/quick_start.md")]
pub mod quick_start {}

#[doc = include_str!("guide/life_of_a_client.md")]
pub mod life_of_a_client {}

#[doc = include_str!("guide/stores.md")]
pub mod stores {}

#[doc = include_str!("guide/mcp_servers_and_agents.md")]
pub mod mcp_servers_and_agents {}

#[doc = include_str!("guide/observability.md")]
pub mod observability {}

#[doc = include_str!("guide/redirect_uris.md")]
pub mod redirect_uris {}

#[doc = include_str!("guide/standards.md")]
pub mod standards {}

#[doc = include_str!("guide/settings.md")]
pub mod settings {}

#[doc = include_str!("guide/tokens_and_refresh.md")]
pub mod tokens_and_refresh {}

#[doc = include_str!("guide/threat_model.md")]
pub mod threat_model {}

#[doc = include_str!("guide/writing_a_store.md")]
pub mod writing_a_store {}
