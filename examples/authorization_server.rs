//! An authorization server with dynamic client registration, to try things out on: from the
//! registration of a client through sign-in and consent to tokens, and an API that takes them.
//!
//! ```text
//! cargo run --release --example authorization_server -- \
//!     [--listen 127.0.0.1:8080] [--settings FILE] [--geoip FILE]...
//!     [--store memory|sqlite:PATH|postgres://…] [--limiter local|redis://…] [--auto-approve]
//!     [--protect-name NAME]... [--interaction-lifetime SECONDS]
//!     [--code-lifetime SECONDS] [--access-lifetime SECONDS] [--refresh-lifetime SECONDS]
//! ```
//!
//! The first line that it prints is `listening on http://ADDRESS:PORT`; port 0 picks a free one.
//! Without `--settings` it serves one tenant with registration enabled, and prints a `curl` line
//! that registers a client. Tenants without an issuer answer at loopback hosts only. Each `--geoip`
//! names a MaxMind DB that tells rules the country, the subdivision or the ASN of an address. SIGTERM
//! and SIGINT end it once the requests under way are answered.
//!
//! Clients are kept in the SQLite file `authorization_server.sqlite3` unless `--store` says otherwise,
//! and removed by the limits of their tenant's settings, if it has any. With PostgreSQL and Redis,
//! several servers register for the same tenants.
//!
//! Users sign in by choosing who they are. `--auto-approve` is for scripts: the first of them is
//! signed in and consents to everything, unasked. Consent pages warn of clients whose names look
//! like a `--protect-name`.
//!
//! Codes and tokens are opaque, and kept as digests in the memory of the server that issued them. There are no ID tokens.

#[path = "authorization_server/answers.rs"]
mod answers;
#[path = "authorization_server/app.rs"]
mod app;
#[path = "authorization_server/authorize.rs"]
mod authorize;
#[path = "authorization_server/backends.rs"]
mod backends;
#[path = "authorization_server/consent_page.rs"]
mod consent_page;
#[path = "authorization_server/demonstration.rs"]
mod demonstration;
#[path = "authorization_server/discovery.rs"]
mod discovery;
#[path = "authorization_server/families.rs"]
mod families;
#[path = "authorization_server/forms.rs"]
mod forms;
#[path = "authorization_server/grants.rs"]
mod grants;
#[path = "authorization_server/interaction.rs"]
mod interaction;
#[path = "authorization_server/items.rs"]
mod items;
#[path = "authorization_server/options.rs"]
mod options;
#[path = "authorization_server/pages.rs"]
mod pages;
#[path = "authorization_server/revocation.rs"]
mod revocation;
#[path = "authorization_server/routes.rs"]
mod routes;
#[path = "authorization_server/secrets.rs"]
mod secrets;
#[path = "shared/serve.rs"]
mod serve;
#[path = "authorization_server/server.rs"]
mod server;
#[path = "authorization_server/sessions.rs"]
mod sessions;
#[path = "authorization_server/sign_in_page.rs"]
mod sign_in_page;
#[path = "authorization_server/sweeper.rs"]
mod sweeper;
#[path = "authorization_server/table.rs"]
mod table;
#[path = "authorization_server/tenant.rs"]
mod tenant;
#[path = "authorization_server/token_endpoint.rs"]
mod token_endpoint;
#[path = "authorization_server/tokens.rs"]
mod tokens;

use std::{error::Error, io::Write as _, process::ExitCode, sync::Arc};

use app::App;
use oauth_dcr::{
    MetadataDocument, SettingsDocument, Tenants,
    geoip::{Database, Databases, Fields},
    tracing::TracingEvents,
};
use options::Options;
use serve::End;
use tenant::Tenant;
use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> ExitCode {
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            complain(&*error);
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Result<(), Box<dyn Error>> {
    let options = Options::from_args()?;
    let end = End::listen()?;
    let listener = TcpListener::bind(options.listen).await?;
    let base = format!("http://{}", listener.local_addr()?);
    let (document, hint) = match &options.settings {
        Some(path) => {
            let document = SettingsDocument::from_json(&std::fs::read_to_string(path)?)?;
            (document, String::new())
        }
        None => (demonstration::settings(&base)?, hint(&base)),
    };
    check_metadata(&document)?;
    let tenant_ids = document.tenants().iter().map(|tenant| tenant.id.clone());
    let sweeps = tenant_ids.collect();
    let tenants = Tenants::new(document);
    let open = |file| Database::open(file, &Fields::known());
    let databases: Vec<_> = options.geoip.iter().map(open).collect::<Result<_, _>>()?;
    log_warnings();
    let registrar = backends::registrar(&options.store, &options.limiter)
        .await?
        .tenants(tenants.clone())
        .geo(Databases::new(databases))
        .events(TracingEvents::new())
        .build()?;
    tokio::spawn(sweeper::run(registrar.clone(), sweeps));
    let app = App::new(registrar, tenants, options);
    say(&format!("listening on {base}\n{hint}"))?;
    server::serve(Arc::new(app), listener, end).await?;
    Ok(())
}

/// Logs to standard error what the operator has to change, and what fails.
fn log_warnings() {
    tracing_subscriber::fmt()
        .with_max_level(tracing::Level::WARN)
        .with_writer(std::io::stderr)
        .init();
}

/// Every tenant has metadata to serve, at the place where clients look for it.
fn check_metadata(document: &SettingsDocument) -> Result<(), Box<dyn Error>> {
    for settings in document.tenants() {
        let Some(tenant) = Tenant::at("127.0.0.1", Arc::new(settings.clone())) else {
            continue;
        };
        // The endpoints stand at the root of the host, so a path would lead clients to documents that
        // are not there (RFC 8414 section 3.1).
        if !tenant.issuer.path().is_empty() {
            let issuer = &tenant.issuer;
            return Err(format!("issuer {issuer}: this server has no place for a path").into());
        }
        discovery::metadata(&tenant, MetadataDocument::OAuth)?;
    }
    Ok(())
}

/// A command that registers the public client of the README.
fn hint(base: &str) -> String {
    format!(
        "\nregister a client:\n\n\
         curl -s {base}/oidc/register -H 'content-type: application/json' -d '{{\
         \"client_name\": \"My Dynamic Application\", \
         \"redirect_uris\": [\"https://application.example.com/callback\"], \
         \"grant_types\": [\"authorization_code\", \"refresh_token\"], \
         \"token_endpoint_auth_method\": \"none\"}}'\n\n"
    )
}

/// All at once and right away: scripts wait for the first line, and may read no further.
fn say(text: &str) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()
}

fn complain(error: &dyn Error) {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    // Without a standard error there is nobody to tell.
    let _ = writeln!(std::io::stderr(), "{text}");
}
