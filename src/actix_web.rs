//! The registration endpoint in an actix-web application.
//!
//! ```no_run
//! use actix_web::{App, HttpServer, web};
//! use oauth_dcr::{MemoryStore, Registrar, TenantSettings, actix_web::routes};
//!
//! # #[actix_web::main]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let registrar = Registrar::builder(MemoryStore::new())
//!     .tenant(TenantSettings::new().enabled())
//!     .build()?;
//! HttpServer::new(move || {
//!     App::new()
//!         .route("/", web::get().to(async || "the routes that you have"))
//!         .service(routes(registrar.clone()))
//! })
//! .bind("127.0.0.1:8080")?
//! .run()
//! .await?;
//! # Ok(())
//! # }
//! ```
//!
//! - [`routes`] mounts the endpoint at `/oidc/register`.
//! - [`routes_at`] mounts it at another path.

use std::{
    convert::Infallible,
    mem,
    pin::Pin,
    task::{Context, Poll},
};

use ::actix_web::{
    HttpMessage as _, HttpRequest, HttpResponse, Resource,
    body::{BodySize, MessageBody},
    dev,
    error::PayloadError,
    http as old, web,
};
use bytes::Bytes;
use futures_core::Stream as _;
use http::{
    HeaderName, HeaderValue, Method, Request, Response, Uri, Version, header::CONNECTION,
    request::Parts,
};
use http_body::Frame;

use crate::{
    acl::Signals, endpoint::PeerAddress, settings::EndpointPath, tower::RegistrationService,
    types::TenantId,
};

/// The endpoint at `/oidc/register`, for [`App::service`](::actix_web::App::service).
///
/// `service` is a [`Registrar`](crate::Registrar), or a [`RegistrationService`] with other settings. Tenants with another
/// [`path`](crate::settings::RegistrationSettings::path) need [`routes_at`].
///
/// The address of the connection comes from a [`PeerAddress`] in the request's extensions, or else from
/// [`HttpRequest::peer_addr`]. The endpoint also reads two other extensions: [`Signals<'static>`](Signals), which the host
/// program sets, and a [`TenantId`], which [`tenant_by`](RegistrationService::tenant_by) can read. It sees no other
/// extensions.
///
/// All workers must use the same limiter and store: create one registrar, and clone it.
///
/// By default, actix-web answers a client that has closed its half of the connection and waits. With
/// `HttpServer::h1_allow_half_closed(false)`, this client counts as gone, and its request is dropped. Over HTTP/2, a
/// request is finished even if its stream is reset.
///
/// actix-web does two things before it calls the endpoint. It answers `Expect: 100-continue`, so a client may already send
/// the body of a request that is refused. And it serves requests that arrive together with a request whose response closes
/// the connection.
///
/// After a refusal, the rest of the body is read and discarded, so that the client can read the response. This takes at
/// most `HttpServer::client_disconnect_timeout`, by default a second. `HttpServer::client_request_timeout` limits only the
/// first head of a connection: a client that sends a later head slowly is not disconnected. If you expect slow clients,
/// let a proxy limit the time of heads, and allow for these clients in `HttpServer::max_connections`.
pub fn routes(service: impl Into<RegistrationService>) -> Resource {
    routes_at(EndpointPath::DEFAULT, service)
}

/// The endpoint at another path than that of [`routes`]. The path may have actix-web's patterns.
///
/// The metadata sends clients to the tenant's issuer followed by its
/// [`path`](crate::settings::RegistrationSettings::path), so this address has to lead here. For example, with the issuer
/// `https://auth.example.com/tenants/acme` and the default path, mount the endpoint at
/// `/tenants/{tenant}/oidc/register`. Within a scope, [`tenant_by`](RegistrationService::tenant_by) sees the complete
/// path.
///
/// # Panics
/// Panics like [`Resource::new`] if `path` is not a valid pattern.
pub fn routes_at(path: &str, service: impl Into<RegistrationService>) -> Resource {
    let service = service.into();
    Resource::new(path).to(move |request: HttpRequest, payload: web::Payload| {
        let service = service.clone();
        async move { answer(&service, &request, payload.into_inner()).await }
    })
}

async fn answer(
    service: &RegistrationService,
    request: &HttpRequest,
    payload: dev::Payload,
) -> HttpResponse {
    let Some(head) = head(request) else {
        return HttpResponse::BadRequest().finish();
    };
    let mut incoming = Incoming(payload);
    let response = service.answer_reading(&head, Pin::new(&mut incoming)).await;
    to_old(response, incoming).unwrap_or_else(|| HttpResponse::InternalServerError().finish())
}

/// Converts the head of `request` to the types of `http` 1. actix-web uses `http` 0.2. Both versions accept the same
/// texts, so nothing is lost.
fn head(request: &HttpRequest) -> Option<Parts> {
    let mut converted = Request::new(());
    *converted.method_mut() = Method::from_bytes(request.method().as_str().as_bytes()).ok()?;
    *converted.uri_mut() = target(request.uri())?;
    *converted.version_mut() = match request.version() {
        old::Version::HTTP_09 => Version::HTTP_09,
        old::Version::HTTP_10 => Version::HTTP_10,
        old::Version::HTTP_2 => Version::HTTP_2,
        old::Version::HTTP_3 => Version::HTTP_3,
        _ => Version::HTTP_11,
    };
    for (name, value) in request.headers() {
        let name = HeaderName::from_bytes(name.as_str().as_bytes()).ok()?;
        let value = HeaderValue::from_bytes(value.as_bytes()).ok()?;
        converted.headers_mut().append(name, value);
    }
    let extensions = request.extensions();
    let peer = extensions.get::<PeerAddress>().copied();
    let connected = || request.peer_addr().map(|peer| PeerAddress(peer.ip()));
    if let Some(peer) = peer.or_else(connected) {
        converted.extensions_mut().insert(peer);
    }
    if let Some(signals) = extensions.get::<Signals<'static>>() {
        converted.extensions_mut().insert(*signals);
    }
    if let Some(tenant) = extensions.get::<TenantId>() {
        converted.extensions_mut().insert(tenant.clone());
    }
    Some(converted.into_parts().0)
}

/// Converts the target of a request. Usually it is only a path, which needs no formatting.
fn target(uri: &old::Uri) -> Option<Uri> {
    match (uri.authority(), uri.path_and_query()) {
        (None, Some(path)) => Uri::try_from(path.as_str()).ok(),
        _ => Uri::try_from(uri.to_string()).ok(),
    }
}

/// Converts `response` to the types of actix-web. The result owns the rest of the request's body: if the rest were dropped
/// before the response is sent, actix-web would read even an endless body to its end.
fn to_old(response: Response<Bytes>, incoming: Incoming) -> Option<HttpResponse> {
    let (head, bytes) = response.into_parts();
    let status = old::StatusCode::from_u16(head.status.as_u16()).ok()?;
    let body = Answered {
        bytes,
        _rest: incoming,
    };
    let mut converted = HttpResponse::with_body(status, body);
    for (name, value) in &head.headers {
        if name == CONNECTION {
            converted
                .head_mut()
                .set_connection_type(old::ConnectionType::Close);
            continue;
        }
        let name = old::header::HeaderName::from_bytes(name.as_str().as_bytes()).ok()?;
        let value = old::header::HeaderValue::from_bytes(value.as_bytes()).ok()?;
        converted.headers_mut().append(name, value);
    }
    Some(converted.map_into_boxed_body())
}

/// The body of a request, read from its payload.
struct Incoming(dev::Payload);

impl http_body::Body for Incoming {
    type Data = Bytes;
    type Error = PayloadError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, PayloadError>>> {
        let next = Pin::new(&mut self.0).poll_next(context);
        next.map(|chunk| chunk.map(|chunk| chunk.map(Frame::data)))
    }

    fn is_end_stream(&self) -> bool {
        matches!(self.0, dev::Payload::None)
    }
}

/// The body of a response.
struct Answered {
    bytes: Bytes,
    _rest: Incoming,
}

impl MessageBody for Answered {
    type Error = Infallible;

    fn size(&self) -> BodySize {
        BodySize::Sized(self.bytes.len() as u64)
    }

    fn poll_next(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Infallible>>> {
        let bytes = mem::take(&mut self.bytes);
        Poll::Ready((!bytes.is_empty()).then_some(Ok(bytes)))
    }
}
