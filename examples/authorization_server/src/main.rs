//! A demonstration: an authorization server with dynamic client registration. Clients register, users
//! sign in and consent, clients get tokens, and an API takes the tokens.
//!
//! ```text
//! cargo run --release -p authorization-server -- \
//!     [--listen ADDRESS:PORT] [--settings FILE] [--geoip FILE]...
//!     [--store memory|sqlite:PATH|postgres://…] [--limiter local|redis://…] [--auto-approve]
//!     [--protect-name NAME]... [--interaction-lifetime SECONDS]
//!     [--code-lifetime SECONDS] [--access-lifetime SECONDS] [--refresh-lifetime SECONDS]
//! cargo run --release -p authorization-server -- --help
//! cargo run --release -p authorization-server -- --check SETTINGS
//! cargo run --release -p authorization-server -- --explain SETTINGS REQUEST
//! ```
//!
//! `--help` says what each option does. `--check` prints the errors and warnings of a settings file, and
//! `--explain` how settings judge a registration request, rule by rule.
//!
//! The first line that it prints is `listening on http://ADDRESS:PORT`; port 0 picks a free port. The
//! second line is the address of the home page, which says what runs here and has a button that goes through
//! the whole flow. Without `--settings` the server has one tenant with registration enabled, and prints a
//! `curl` line that registers a client. Tenants without an issuer answer at loopback hosts only. Each `--geoip`
//! names a MaxMind DB that tells rules the country, the subdivision or the ASN of an address. SIGTERM
//! and SIGINT end the server after it has answered the requests under way.
//!
//! The server stores clients in the SQLite file `authorization_server.sqlite3` unless `--store` says
//! otherwise, and removes them by the limits of the tenant's settings. With PostgreSQL and Redis,
//! several servers register for the same tenants. PostgreSQL, Redis and MaxMind DB files are features of this
//! package: `postgres`, `redis` and `geoip`.
//!
//! Users sign in by choosing a name from a list. `--auto-approve` is for scripts: it signs in the first user
//! and consents to everything without asking. Consent pages warn about clients whose names look like a
//! `--protect-name`.
//!
//! Codes and tokens are opaque. The server that issued them keeps their digests in memory. There are no ID
//! tokens.

mod answers;
mod app;
mod assets;
mod authorize;
mod backends;
mod check;
mod consent_page;
mod curl;
mod demonstration;
mod demonstration_page;
mod discovery;
mod explain;
mod explain_request;
mod explanation;
mod families;
mod forms;
mod grants;
mod help;
mod home;
mod home_page;
mod interaction;
mod items;
mod layout;
mod locations;
mod option_list;
mod options;
mod outages;
mod pages;
mod recent_clients;
mod report;
mod revocation;
mod routes;
mod secrets;
mod server;
mod sessions;
mod settings_file;
mod sign_in_page;
mod sweeper;
mod table;
mod tenant;
mod text_file;
mod times;
mod token_endpoint;
mod tokens;

use std::{error::Error, io, process::ExitCode, sync::Arc};

use app::App;
use home::Home;
use locations::Locations;
use oauth_dcr::{
    Tenants,
    settings::{SettingsDocument, SettingsError},
    tracing::TracingEvents,
};
use options::{Options, Task};
use outages::WithoutOutages;
use recent_clients::RecentClients;
use serve::End;
use settings_file::Review;
use tokio::net::TcpListener;

/// The exit code for a command line that can't be used.
const USAGE: u8 = 2;

#[tokio::main]
async fn main() -> ExitCode {
    let options = match Options::from_args() {
        Ok(options) => options,
        Err(error) => {
            report::error(&error.to_string());
            return ExitCode::from(USAGE);
        }
    };
    run(options).await.unwrap_or_else(|error| {
        report::error(&report::chain(&*error));
        ExitCode::FAILURE
    })
}

async fn run(options: Options) -> Result<ExitCode, Box<dyn Error>> {
    match &options.task {
        Task::Serve => serve(&options).await,
        Task::Help => {
            report::print(&help::text())?;
            Ok(ExitCode::SUCCESS)
        }
        Task::Check(file) => {
            let is_right = check::run(file, &locations::open(&options.geoip)?)?;
            Ok(ExitCode::from(u8::from(!is_right)))
        }
        Task::Explain { settings, request } => {
            let locations = locations::open(&options.geoip)?;
            let review = Review::of(settings, &locations);
            review.report_errors(settings);
            let Some(document) = review.usable() else {
                return Ok(ExitCode::from(USAGE));
            };
            match explain::run(document, locations, request).await {
                Ok(is_accepted) => Ok(ExitCode::from(u8::from(!is_accepted))),
                Err(error) => {
                    report::error(&error);
                    Ok(ExitCode::from(USAGE))
                }
            }
        }
    }
}

async fn serve(options: &Options) -> Result<ExitCode, Box<dyn Error>> {
    let end = End::listen()?;
    let listen = options.listen;
    let bound = TcpListener::bind(listen).await;
    let listener = bound.map_err(|error| format!("--listen {listen}: {error}"))?;
    let address = listener.local_addr()?;
    let base = format!("http://{address}");
    let locations = locations::open(&options.geoip)?;
    let Some(document) = settings(options, &base, &locations)? else {
        return Ok(ExitCode::FAILURE);
    };
    let tenant_ids = document.tenants().iter().map(|tenant| tenant.id.clone());
    let sweeps = tenant_ids.collect();
    let recent_clients = Arc::new(RecentClients::default());
    let home = Home::new(document.tenants(), address, Arc::clone(&recent_clients));
    let tenants = Tenants::new(document);
    log_warnings();
    let registrar = backends::registrar(&options.store, &options.limiter)
        .await?
        .tenants(tenants.clone())
        .geo(locations)
        .events(WithoutOutages(TracingEvents::new()))
        .events(recent_clients)
        .build()?;
    tokio::spawn(sweeper::run(registrar.clone(), sweeps));
    // One write and a flush: scripts wait for the first line and may close the pipe after it.
    report::print(&greeting(options, &base, &home.address))?;
    let app = App::new(registrar, tenants, home, options);
    server::serve(Arc::new(app), listener, end).await;
    Ok(ExitCode::SUCCESS)
}

/// The settings to serve. `None` if their file has errors, which are printed.
fn settings(
    options: &Options,
    base: &str,
    locations: &Locations,
) -> Result<Option<SettingsDocument>, SettingsError> {
    if let Some(file) = &options.settings {
        let review = Review::of(file, locations);
        review.report_errors(file);
        review.report_warnings(file);
        return Ok(review.usable());
    }
    let document = demonstration::settings(base)?;
    for warning in document.warnings() {
        report::warning(&warning.to_string());
    }
    Ok(Some(document))
}

/// Logs warnings and failures to standard error.
fn log_warnings() {
    tracing_subscriber::fmt()
        .with_max_level(tracing::Level::WARN)
        .with_writer(io::stderr)
        .init();
}

/// What the server prints when it listens. Without settings this includes a command that registers a client.
fn greeting(options: &Options, base: &str, home_page: &str) -> String {
    let addresses = format!("listening on {base}\nhome page: {home_page}\n");
    if options.settings.is_some() {
        return addresses;
    }
    let curl = curl::registration(&format!("{home_page}oidc/register"));
    format!("{addresses}\nregister a client:\n\n{curl}\n\n")
}
