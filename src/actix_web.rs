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
//! - [`routes`] has the endpoint at `/oidc/register`.
//! - [`routes_at`] has it at another path.

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
/// It takes a [`Registrar`](crate::Registrar), or a [`RegistrationService`] that was set up further.
/// Tenants with another [`path`](crate::settings::RegistrationSettings::path) need [`routes_at`].
///
/// The connection's address is that of a [`PeerAddress`] in the request's extensions, or else
/// [`HttpRequest::peer_addr`]. [`Signals<'static>`](Signals) in the extensions are those that the host
/// program sets, and a [`TenantId`] is there for [`tenant_by`](RegistrationService::tenant_by) to read. No
/// other extension is.
///
/// Every worker counts registrations in the same limiter and store: make one registrar, and clone it.
///
/// A client that closes its half of the connection and waits is answered, as actix-web does by default.
/// With `HttpServer::h1_allow_half_closed(false)` it counts as gone, and what was being done for it is
/// dropped. Over HTTP/2, what was begun is finished, even if its stream is reset.
///
/// Two things actix-web does before the endpoint is asked: it answers `Expect: 100-continue`, so that
/// the body of a refused request may be on its way already; and it serves requests that came along
/// with one whose answer ends the connection.
///
/// What is left of a body after its refusal is read and thrown away for as long as
/// `HttpServer::client_disconnect_timeout` says, by default a second, so that the client comes to read
/// the answer. `HttpServer::client_request_timeout` is for the first head of a connection only: one
/// that is slow about a later head is kept. Where such clients are to be expected, let a proxy time
/// heads, and have room for them in `HttpServer::max_connections`.
pub fn routes(service: impl Into<RegistrationService>) -> Resource {
    routes_at(EndpointPath::DEFAULT, service)
}

/// As [`routes`], at another path, which may have actix-web's patterns.
///
/// Clients are sent to the tenant's issuer followed by its
/// [`path`](crate::settings::RegistrationSettings::path), so that has to lead here: with the issuer
/// `https://auth.example.com/tenants/acme` and the default path, mount it at
/// `/tenants/{tenant}/oidc/register`. In a scope, [`tenant_by`](RegistrationService::tenant_by) sees the
/// whole path.
///
/// # Panics
/// As [`Resource::new`], if `path` is no pattern.
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

/// The head of `request` in the types of today; actix-web's are those of `http` 0.2. Both versions
/// take the same texts, so that nothing is lost on the way.
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
    let given = request.extensions();
    let peer = given.get::<PeerAddress>().copied();
    let connected = || request.peer_addr().map(|peer| PeerAddress(peer.ip()));
    if let Some(peer) = peer.or_else(connected) {
        converted.extensions_mut().insert(peer);
    }
    if let Some(signals) = given.get::<Signals<'static>>() {
        converted.extensions_mut().insert(*signals);
    }
    if let Some(tenant) = given.get::<TenantId>() {
        converted.extensions_mut().insert(tenant.clone());
    }
    Some(converted.into_parts().0)
}

/// The target of a request. Nearly always it is a path alone, which needs no printing.
fn target(uri: &old::Uri) -> Option<Uri> {
    match (uri.authority(), uri.path_and_query()) {
        (None, Some(path)) => Uri::try_from(path.as_str()).ok(),
        _ => Uri::try_from(uri.to_string()).ok(),
    }
}

/// `response` in the types of actix-web. What is left of the request goes along: were it dropped
/// before the answer is out, an endless body would be read to its end.
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

/// The body of a request, as its payload brings it.
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

/// The body of an answer.
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
