//! The registration endpoint in an axum router.
//!
//! ```no_run
//! use std::net::SocketAddr;
//!
//! use ::axum::{Router, routing::get};
//! use oauth_dcr::{MemoryStore, Registrar, TenantSettings, axum::routes};
//!
//! # #[tokio::main]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let registrar = Registrar::builder(MemoryStore::new())
//!     .tenant(TenantSettings::new().enabled())
//!     .build()?;
//! let app = Router::new()
//!     .route("/", get(|| async { "the routes that you have" }))
//!     .merge(routes(registrar));
//! let listener = tokio::net::TcpListener::bind("127.0.0.1:8080").await?;
//! axum::serve(listener, app.into_make_service_with_connect_info::<SocketAddr>()).await?;
//! # Ok(())
//! # }
//! ```
//!
//! - [`routes`] mounts the endpoint at `/oidc/register`.
//! - [`routes_at`] mounts it at another path.

use std::{
    convert::Infallible,
    net::SocketAddr,
    task::{Context, Poll},
};

use axum::{Router, body::Body, extract::ConnectInfo};
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use tower_service::Service;

use crate::{
    endpoint::PeerAddress,
    settings::EndpointPath,
    tower::{RegistrationService, ResponseFuture},
};

/// The endpoint at `/oidc/register`. Merge it into the host's router.
///
/// `service` is a [`Registrar`](crate::Registrar), or a [`RegistrationService`] with other settings. Tenants with another
/// [`path`](crate::settings::RegistrationSettings::path) need [`routes_at`].
///
/// The address of the connection comes from a [`PeerAddress`] in the request's extensions, or else from axum's
/// [`ConnectInfo`]. For this, serve the router by
/// [`into_make_service_with_connect_info::<SocketAddr>()`](Router::into_make_service_with_connect_info).
/// Without an address, a tenant with rules about addresses answers 503.
pub fn routes<S>(service: impl Into<RegistrationService>) -> Router<S>
where
    S: Clone + Send + Sync + 'static,
{
    routes_at(EndpointPath::DEFAULT, service)
}

/// The endpoint at another path than that of [`routes`]. The path may have axum's captures.
///
/// The metadata sends clients to the tenant's issuer followed by its
/// [`path`](crate::settings::RegistrationSettings::path), so this address has to lead here. For example, with the issuer
/// `https://auth.example.com/tenants/acme` and the default path, mount the endpoint at
/// `/tenants/{tenant}/oidc/register`.
///
/// Within a nested router, [`tenant_by`](RegistrationService::tenant_by) sees the path without the prefix. The complete
/// path is in the extensions of the head, as axum's `OriginalUri`.
///
/// # Panics
/// Panics like [`Router::route`] if `path` is not valid.
pub fn routes_at<S>(path: &str, service: impl Into<RegistrationService>) -> Router<S>
where
    S: Clone + Send + Sync + 'static,
{
    Router::new().route_service(path, Connected(service.into()))
}

/// Adds the address of the connection to a request, and calls the inner service.
#[derive(Clone)]
struct Connected(RegistrationService);

impl Service<Request<Body>> for Connected {
    type Response = Response<Full<Bytes>>;
    type Error = Infallible;
    type Future = ResponseFuture;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, mut request: Request<Body>) -> ResponseFuture {
        let extensions = request.extensions_mut();
        if extensions.get::<PeerAddress>().is_none()
            && let Some(ConnectInfo(peer)) = extensions.get::<ConnectInfo<SocketAddr>>().copied()
        {
            extensions.insert(PeerAddress(peer.ip()));
        }
        self.0.call(request)
    }
}
