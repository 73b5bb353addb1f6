//! The servers of the adapters bench: each framework with a plain handler, and with the crate's adapter.

use std::{
    io,
    net::{Ipv4Addr, SocketAddr},
};

use actix_web::{App, HttpServer, rt::System, web};
use axum::{Router, extract::DefaultBodyLimit, routing::post, serve::ListenerExt as _};
use http::Request;
use hyper::{body::Incoming, service::service_fn};
use oauth_dcr::{PeerAddress, Registrar, actix_web as for_actix, axum as for_axum, tower};
use tokio::{net::TcpListener, runtime};

use crate::{
    baseline::handlers::{MAX_BODY, on_actix, on_axum, on_hyper},
    hyper_host,
    registrar::registrar,
    spawned::{announce, pin},
};

/// A server to measure.
pub struct Host {
    /// The first argument of the server's process.
    pub argument: &'static str,
    serve: fn(&Registrar) -> io::Result<()>,
}

/// A framework: its name, its baseline and the server with the crate's adapter.
pub type Framework = (&'static str, Host, Host);

pub const FRAMEWORKS: [Framework; 3] = [
    (
        "hyper",
        Host::new("serve-hyper-baseline", hyper_baseline),
        Host::new("serve-hyper", hyper),
    ),
    (
        "axum",
        Host::new("serve-axum-baseline", axum_baseline),
        Host::new("serve-axum", axum),
    ),
    (
        "actix",
        Host::new("serve-actix-baseline", actix_baseline),
        Host::new("serve-actix", actix),
    ),
];

impl Host {
    const fn new(argument: &'static str, serve: fn(&Registrar) -> io::Result<()>) -> Self {
        Self { argument, serve }
    }

    pub fn from_argument(argument: &str) -> Option<Self> {
        let hosts = FRAMEWORKS.into_iter().flat_map(|(_, a, b)| [a, b]);
        hosts.into_iter().find(|host| host.argument == argument)
    }

    /// Serves until the process is ended.
    pub fn serve(&self) -> io::Result<()> {
        pin();
        (self.serve)(&registrar(None))
    }
}

fn hyper_baseline(registrar: &Registrar) -> io::Result<()> {
    hyper_host::serve(|peer| {
        let registrar = registrar.clone();
        service_fn(move |request: Request<Incoming>| {
            let registrar = registrar.clone();
            async move { on_hyper(&registrar, peer, request).await }
        })
    })
}

fn hyper(registrar: &Registrar) -> io::Result<()> {
    let service = tower::RegistrationService::new(registrar.clone());
    hyper_host::serve(|peer| {
        let service = service.clone();
        service_fn(move |mut request: Request<Incoming>| {
            request.extensions_mut().insert(PeerAddress(peer.ip()));
            let service = service.clone();
            async move { Ok::<_, io::Error>(service.answer(request).await) }
        })
    })
}

fn axum_baseline(registrar: &Registrar) -> io::Result<()> {
    let baseline = Router::new()
        .route("/oidc/register", post(on_axum))
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .with_state(registrar.clone());
    serve_axum(baseline)
}

fn axum(registrar: &Registrar) -> io::Result<()> {
    serve_axum(for_axum::routes(registrar.clone()))
}

fn serve_axum(router: Router) -> io::Result<()> {
    let runtime = runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        announce(listener.local_addr()?)?;
        let listener = listener.tap_io(|stream| {
            // The load notices a connection that fails.
            let _ = stream.set_nodelay(true);
        });
        let service = router.into_make_service_with_connect_info::<SocketAddr>();
        axum::serve(listener, service).await
    })
}

fn actix_baseline(registrar: &Registrar) -> io::Result<()> {
    let registrar = web::Data::new(registrar.clone());
    serve_actix(move |app| {
        app.app_data(registrar.clone())
            .app_data(web::PayloadConfig::new(MAX_BODY))
            .route("/oidc/register", web::post().to(on_actix));
    })
}

fn actix(registrar: &Registrar) -> io::Result<()> {
    let registrar = registrar.clone();
    serve_actix(move |app| {
        app.service(for_actix::routes(registrar.clone()));
    })
}

/// Serves with one worker, which has the core alone after all connections are accepted.
fn serve_actix(
    configure: impl Fn(&mut web::ServiceConfig) + Clone + Send + 'static,
) -> io::Result<()> {
    System::new().block_on(async {
        let server = HttpServer::new(move || App::new().configure(configure.clone()))
            .workers(1)
            .tcp_nodelay(true)
            .disable_signals()
            .bind((Ipv4Addr::LOCALHOST, 0))?;
        server.addrs().into_iter().try_for_each(announce)?;
        server.run().await
    })
}
