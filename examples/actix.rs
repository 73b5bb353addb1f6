//! Registration in a server on actix-web. What it takes is marked; the rest was there before.
//!
//! ```text
//! cargo run --example actix [ADDRESS]
//! curl http://127.0.0.1:8080/oidc/register -H 'content-type: application/json' \
//!     -d '{"redirect_uris": ["https://app.example.com/callback"]}'
//! ```

use std::{env, error::Error, io, io::Write as _, time::Duration};

use actix_web::{App, HttpServer, web};
use oauth_dcr::{MemoryStore, Registrar, TenantSettings, actix_web::routes}; // registration

#[actix_web::main]
async fn main() -> Result<(), Box<dyn Error>> {
    // Registration: one registrar for all workers.
    let registrar = Registrar::builder(MemoryStore::new())
        .tenant(TenantSettings::new().enabled())
        .build()?;

    let server = HttpServer::new(move || {
        App::new()
            .route("/", web::get().to(async || "an authorization server"))
            .service(routes(registrar.clone())) // registration
    })
    // A client that has not sent the head of a request after this long is let go.
    .client_request_timeout(Duration::from_secs(10))
    // What is left of a body that was refused is looked at no longer than this.
    .client_disconnect_timeout(Duration::from_secs(1))
    // A client that hangs up is gone, and what was being done for it is dropped.
    .h1_allow_half_closed(false) // registration
    // While a worker has this many connections open, further ones wait to be accepted.
    .max_connections(10_000)
    // Requests under way may take this many seconds once SIGTERM asks the server to end; SIGINT does not
    // wait for them.
    .shutdown_timeout(3);

    let address = env::args().nth(1);
    let server = server.bind(address.as_deref().unwrap_or("127.0.0.1:8080"))?;
    for address in server.addrs() {
        writeln!(io::stdout(), "listening on http://{address}")?;
    }
    server.run().await?;
    Ok(())
}
