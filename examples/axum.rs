//! Adds registration to a server on axum. The comment `registration` marks what was added.
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

    // This loop replaces `axum::serve`, which waits indefinitely for the head of a request. It
    // supports HTTP/1 without upgrades. For WebSockets, or HTTP/2 without TLS, see
    // `server::conn::auto` in hyper-util.
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
