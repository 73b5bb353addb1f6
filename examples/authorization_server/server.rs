//! Routes, connections and the end of them.

use std::{convert::Infallible, io, sync::Arc, time::Duration};

use bytes::Bytes;
use http::{
    HeaderValue, Method, Request, Response, StatusCode,
    header::{
        ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_ORIGIN, CACHE_CONTROL, CONTENT_TYPE,
    },
};
use http_body_util::Full;
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::graceful::GracefulShutdown,
};
use oauth_dcr::{
    PeerAddress, Registrar, TenantDirectory as _, TenantSelector, TenantSettings, Tenants,
    tower::RegistrationService,
};
use serde_json::{Value, json};
use tokio::{
    net::TcpListener,
    signal::unix::{Signal, SignalKind, signal},
    time::timeout,
};

use crate::discovery;

/// A client that has not sent its request head after this long is let go.
const HEAD_TIMEOUT: Duration = Duration::from_secs(10);

/// A request that is not answered after this long, its body included, is dropped.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);

/// How long requests under way may take once the server is asked to end.
const GRACE: Duration = Duration::from_secs(3);

/// The signals that end the server. They are listened for from the moment that this is made.
pub(crate) struct End {
    terminate: Signal,
    interrupt: Signal,
}

impl End {
    pub(crate) fn listen() -> io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
        })
    }

    async fn asked_for(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

/// The server: its routes and what they need.
#[derive(Clone)]
pub(crate) struct Server {
    registration: RegistrationService,
    tenants: Tenants,
}

impl Server {
    pub(crate) fn new(registrar: Registrar, tenants: Tenants) -> Self {
        Self {
            registration: RegistrationService::new(registrar),
            tenants,
        }
    }

    /// Serves connections until the process is told to end.
    pub(crate) async fn serve(self, listener: TcpListener, mut end: End) -> io::Result<()> {
        let shutdown = GracefulShutdown::new();
        loop {
            let accepted = tokio::select! {
                accepted = listener.accept() => accepted,
                () = end.asked_for() => break,
            };
            let Ok((stream, peer)) = accepted else {
                // Out of file descriptors, most likely: others will be freed.
                tokio::time::sleep(Duration::from_millis(50)).await;
                continue;
            };
            let _ = stream.set_nodelay(true);
            let server = self.clone();
            let connection = http1::Builder::new()
                .timer(TokioTimer::new())
                .header_read_timeout(HEAD_TIMEOUT)
                .serve_connection(
                    TokioIo::new(stream),
                    service_fn(move |mut request: Request<Incoming>| {
                        request.extensions_mut().insert(PeerAddress(peer.ip()));
                        server.clone().answer(request)
                    }),
                );
            // What goes wrong on a connection is the client's affair: it is gone.
            tokio::spawn(shutdown.watch(connection));
        }
        drop(listener);
        let _ = timeout(GRACE, shutdown.shutdown()).await;
        Ok(())
    }

    async fn answer(self, request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
        let answered = timeout(REQUEST_TIMEOUT, self.route(request)).await;
        Ok(answered.unwrap_or_else(|_| status(StatusCode::REQUEST_TIMEOUT)))
    }

    async fn route(&self, request: Request<Incoming>) -> Response<Full<Bytes>> {
        match request.uri().path() {
            "/oidc/register" => self.registration.answer(request).await,
            "/.well-known/oauth-authorization-server" => {
                self.metadata(&request, discovery::oauth).await
            }
            "/.well-known/openid-configuration" => self.metadata(&request, discovery::openid).await,
            "/.well-known/jwks.json" => public_json(&request, &json!({ "keys": [] })),
            "/authorize" | "/oauth/token" => not_there_yet(),
            _ => status(StatusCode::NOT_FOUND),
        }
    }

    async fn metadata(
        &self,
        request: &Request<Incoming>,
        document: fn(&TenantSettings, &str) -> Value,
    ) -> Response<Full<Bytes>> {
        let host = request
            .uri()
            .authority()
            .map(http::uri::Authority::as_str)
            .or_else(|| {
                request
                    .headers()
                    .get(http::header::HOST)
                    .and_then(|host| host.to_str().ok())
            });
        let found = self.tenants.find(TenantSelector::Host(host)).await;
        match (found.ok().flatten(), host) {
            (Some(tenant), Some(host)) => {
                let issuer = issuer(&tenant, host);
                public_json(request, &document(&tenant, &issuer))
            }
            _ => status(StatusCode::NOT_FOUND),
        }
    }
}

/// The tenant's issuer or, while trying things out, the address that it was asked at.
fn issuer(tenant: &Arc<TenantSettings>, host: &str) -> String {
    tenant
        .issuer
        .as_ref()
        .map_or_else(|| format!("http://{host}"), ToString::to_string)
}

/// A document that anybody may read from any page; some clients ask with headers of their own.
fn public_json(request: &Request<Incoming>, document: &Value) -> Response<Full<Bytes>> {
    let mut response = match *request.method() {
        Method::GET | Method::HEAD => json_response(StatusCode::OK, document),
        Method::OPTIONS => status(StatusCode::NO_CONTENT),
        _ => status(StatusCode::METHOD_NOT_ALLOWED),
    };
    let headers = response.headers_mut();
    headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, HeaderValue::from_static("*"));
    response
}

/// The server signs nobody in, and says so.
fn not_there_yet() -> Response<Full<Bytes>> {
    let body = json!({
        "error": "temporarily_unavailable",
        "error_description": "this demonstration registers clients; it signs nobody in",
    });
    let mut response = json_response(StatusCode::SERVICE_UNAVAILABLE, &body);
    response
        .headers_mut()
        .insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

fn json_response(status: StatusCode, body: &Value) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::from(body.to_string()));
    *response.status_mut() = status;
    response
        .headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

fn status(status: StatusCode) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::default());
    *response.status_mut() = status;
    response
}
