//! Pages to read. The code on them compiles and runs with the tests.

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
