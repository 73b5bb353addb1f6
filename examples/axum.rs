//! Registration in a server on axum. What it takes is marked; the rest was there before.
//!
//! ```text
//! cargo run --example axum [ADDRESS]
//! curl http://127.0.0.1:8080/oidc/register -H 'content-type: application/json' \
//!     -d '{"redirect_uris": ["https://app.example.com/callback"]}'
//! ```

pub mod serve;

use std::{env, error::Error, io, io::Write as _};

use axum::{Router, extract::ConnectInfo, routing::get};
use http::Request;
use hyper::{body::Incoming, service::service_fn};
use oauth_dcr::{MemoryStore, Registrar, TenantSettings, axum::routes}; // registration
use serve::{End, serve};
use tokio::net::TcpListener;
use tower_service::Service as _;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let end = End::listen()?;
    let address = env::args().nth(1);
    let listener = TcpListener::bind(address.as_deref().unwrap_or("127.0.0.1:8080")).await?;
    writeln!(
        io::stdout(),
        "listening on http://{}",
        listener.local_addr()?
    )?;

    // Registration:
    let registrar = Registrar::builder(MemoryStore::new())
        .tenant(TenantSettings::new().enabled())
        .build()?;

    let app = Router::new()
        .route("/", get(|| async { "an authorization server" }))
        .merge(routes(registrar)); // registration

    // Instead of `axum::serve`, which waits indefinitely for the head of a request. This loop
    // speaks HTTP/1 without upgrades: for WebSockets, or HTTP/2 without TLS, see hyper-util's
    // `server::conn::auto`.
    serve(listener, end, |peer| {
        let app = app.clone();
        service_fn(move |mut request: Request<Incoming>| {
            request.extensions_mut().insert(ConnectInfo(peer)); // registration
            app.clone().call(request)
        })
    })
    .await;
    Ok(())
}
