//! Adds registration to a server on hyper. The comment `registration` marks what was added.
//!
//! ```text
//! cargo run --example hyper [ADDRESS]
//! curl http://127.0.0.1:8080/oidc/register -H 'content-type: application/json' \
//!     -d '{"redirect_uris": ["https://app.example.com/callback"]}'
//! ```

pub mod serve;

use std::{convert::Infallible, env, error::Error, io, io::Write as _};

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::Full;
use hyper::{body::Incoming, service::service_fn};
// Registration:
use oauth_dcr::{MemoryStore, PeerAddress, Registrar, TenantSettings, tower::RegistrationService};
use serve::{End, serve};
use tokio::net::TcpListener;

#[derive(Clone)]
struct App {
    registration: RegistrationService, // registration
}

impl App {
    async fn answer(self, request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
        Ok(match request.uri().path() {
            "/oidc/register" => self.registration.answer(request).await, // registration
            "/" => Response::new("an authorization server".into()),
            _ => not_found(),
        })
    }
}

fn not_found() -> Response<Full<Bytes>> {
    let mut response = Response::default();
    *response.status_mut() = StatusCode::NOT_FOUND;
    response
}

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
    let app = App {
        registration: RegistrationService::new(registrar), // registration
    };

    serve(listener, end, |peer| {
        let app = app.clone();
        service_fn(move |mut request: Request<Incoming>| {
            request.extensions_mut().insert(PeerAddress(peer.ip())); // registration
            app.clone().answer(request)
        })
    })
    .await;
    Ok(())
}
