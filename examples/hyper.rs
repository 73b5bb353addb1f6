//! Dynamic client registration on bare hyper: the shortest true host.
//!
//! `cargo run --example hyper`, then register with
//! `curl -d '{"redirect_uris":["https://app.example.com/cb"]}' -H 'content-type: application/json'
//! http://127.0.0.1:8080/oidc/register`.

use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::Full;
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use oauth_dcr::{MemoryStore, PeerAddress, Registrar, TenantSettings, tower::RegistrationService};
use tokio::{
    net::TcpListener,
    time::{error::Elapsed, sleep, timeout},
};

/// What the server answers, the part that is yours included.
async fn route(
    registration: RegistrationService,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, Elapsed> {
    if request.uri().path() == "/oidc/register" {
        // A body that never ends is given up on: the connection closes, and nothing is kept.
        return timeout(Duration::from_secs(30), registration.answer(request)).await;
    }
    let mut response = Response::new(Full::default());
    *response.status_mut() = StatusCode::NOT_FOUND;
    Ok(response)
}

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let registrar = Registrar::builder(MemoryStore::new())
        .tenant(TenantSettings::new().enabled())
        .build();
    let registration = RegistrationService::new(registrar);

    let listener = TcpListener::bind("127.0.0.1:8080").await?;
    loop {
        let Ok((stream, peer)) = listener.accept().await else {
            sleep(Duration::from_millis(50)).await;
            continue;
        };
        let registration = registration.clone();
        let service = service_fn(move |mut request: Request<Incoming>| {
            request.extensions_mut().insert(PeerAddress(peer.ip()));
            route(registration.clone(), request)
        });
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(Duration::from_secs(10))
            .serve_connection(TokioIo::new(stream), service);
        tokio::spawn(connection);
    }
}
