//! Adds registration to a server on actix-web. The comment `registration` marks what was added.
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
    // Close connections that have not sent the head of a request within this time.
    .client_request_timeout(Duration::from_secs(10))
    // Read the rest of a refused body for at most this time.
    .client_disconnect_timeout(Duration::from_secs(1))
    // Drop the work for a client that closes its connection.
    .h1_allow_half_closed(false) // registration
    // While a worker has this many open connections, further connections wait to be accepted.
    .max_connections(10_000)
    // After SIGTERM, running requests have this many seconds to end. SIGINT does not wait for them.
    .shutdown_timeout(3);

    let address = env::args().nth(1);
    let server = server.bind(address.as_deref().unwrap_or("127.0.0.1:8080"))?;
    for address in server.addrs() {
        writeln!(io::stdout(), "listening on http://{address}")?;
    }
    server.run().await?;
    Ok(())
}
