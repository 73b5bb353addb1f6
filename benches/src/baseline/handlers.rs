//! A plain handler for each framework. It reads the body by the framework's own means, calls the crate's
//! pipeline, and answers with a fixed 201.

use std::{
    convert::Infallible,
    net::{IpAddr, SocketAddr},
};

use actix_web::{HttpRequest, HttpResponse, web};
use axum::extract::{ConnectInfo, State};
use bytes::Bytes;
use http::{HeaderMap, Request, Response, StatusCode, header::HOST};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Incoming;
use oauth_dcr::{Registrar, RegistrationError, acl::Signals, tenants::TenantSelector};

use crate::{baseline::headers::HEADERS, fixtures::CREATED};

pub const MAX_BODY: usize = 65_536;

/// Registers the client of a request body. The handler writes the answer itself.
async fn register(
    registrar: &Registrar,
    host: Option<&str>,
    peer: IpAddr,
    body: &[u8],
) -> Result<(), RegistrationError> {
    let selector = TenantSelector::Host(host);
    let admission = registrar.admit(selector, Signals::from_peer(peer)).await?;
    admission.register_json(body).await.map(drop)
}

fn host(headers: &HeaderMap) -> Option<&str> {
    headers.get(HOST)?.to_str().ok()
}

fn created<B: From<&'static str> + Default>(is_registered: bool) -> Response<B> {
    let mut response = Response::builder().status(StatusCode::CREATED);
    for (name, value) in HEADERS {
        response = response.header(name, value);
    }
    match response.body(B::from(CREATED)) {
        Ok(response) if is_registered => response,
        _ => refused(StatusCode::BAD_REQUEST),
    }
}

fn refused<B: Default>(status: StatusCode) -> Response<B> {
    let mut response = Response::new(B::default());
    *response.status_mut() = status;
    response
}

pub async fn on_hyper(
    registrar: &Registrar,
    peer: SocketAddr,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let (head, body) = request.into_parts();
    let Ok(body) = Limited::new(body, MAX_BODY).collect().await else {
        return Ok(refused(StatusCode::PAYLOAD_TOO_LARGE));
    };
    let host = host(&head.headers);
    let registered = register(registrar, host, peer.ip(), &body.to_bytes()).await;
    Ok(created(registered.is_ok()))
}

pub async fn on_axum(
    State(registrar): State<Registrar>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
    body: Bytes,
) -> Response<axum::body::Body> {
    let registered = register(&registrar, host(&headers), peer.ip(), &body).await;
    created(registered.is_ok())
}

pub async fn on_actix(
    registrar: web::Data<Registrar>,
    request: HttpRequest,
    body: Bytes,
) -> HttpResponse {
    let host = request.headers().get("host");
    let host = host.and_then(|host| host.to_str().ok());
    let Some(peer) = request.peer_addr() else {
        return HttpResponse::InternalServerError().finish();
    };
    if register(&registrar, host, peer.ip(), &body).await.is_err() {
        return HttpResponse::BadRequest().finish();
    }
    let mut response = HttpResponse::Created();
    for header in HEADERS {
        response.insert_header(header);
    }
    response.body(CREATED)
}
