//! A server on each framework, with the timeouts that a public server should have.

use std::{
    convert::Infallible,
    io,
    net::{Ipv4Addr, SocketAddr},
    time::Duration,
};

use actix_web::{App, HttpServer, rt::System};
use axum::extract::ConnectInfo;
use http::{Request, Response};
use hyper::{
    body::{Body, Incoming},
    service::{Service, service_fn},
};
use oauth_dcr::{
    MemoryStore, PeerAddress, Registrar, TenantSettings, actix_web as for_actix, axum as for_axum,
    tower::RegistrationService,
};
use tokio::net::TcpListener;
use tower_service::Service as _;

use crate::{
    process::announce,
    serve::{End, serve},
    slow::About,
};

/// A client that has not sent the head of a request after this time is disconnected.
const HEAD_TIMEOUT: Duration = Duration::from_secs(10);

const BODY_TIMEOUT: Duration = Duration::from_secs(10);

/// The maximum size of a body, as in the default settings.
pub(crate) const MAX_BODY: usize = 65_536;

const WORKERS: usize = 2;

/// A framework that has an adapter.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Framework {
    Hyper,
    Axum,
    Actix,
}

impl Framework {
    /// The phases for which the framework has timeouts. actix-web has none for the head of a later
    /// request.
    pub(crate) const fn timed(self) -> &'static [About] {
        match self {
            Self::Hyper | Self::Axum => &[About::Head, About::Body, About::SecondHead],
            Self::Actix => &[About::Head, About::Body],
        }
    }

    /// Serves until the process is ended.
    pub(crate) fn serve(self) -> io::Result<()> {
        let mut tenant = TenantSettings::new().enabled();
        tenant.registration.rate_limit = None;
        assert_eq!(tenant.registration.max_body_bytes, MAX_BODY);
        let registrar = Registrar::builder(MemoryStore::new())
            .tenant(tenant)
            .build()
            .unwrap();
        let service = RegistrationService::new(registrar).body_timeout(BODY_TIMEOUT);
        match self {
            Self::Hyper => on_hyper(&service),
            Self::Axum => on_axum(service),
            Self::Actix => on_actix(service),
        }
    }
}

#[tokio::main(worker_threads = 2)]
async fn on_hyper(service: &RegistrationService) -> io::Result<()> {
    serve_each(|peer| {
        let service = service.clone();
        service_fn(move |mut request: Request<Incoming>| {
            request.extensions_mut().insert(PeerAddress(peer.ip()));
            let service = service.clone();
            async move { Ok(service.answer(request).await) }
        })
    })
    .await
}

#[tokio::main(worker_threads = 2)]
async fn on_axum(service: RegistrationService) -> io::Result<()> {
    let router = for_axum::routes::<()>(service);
    serve_each(|peer| {
        let router = router.clone();
        service_fn(move |mut request: Request<Incoming>| {
            request.extensions_mut().insert(ConnectInfo(peer));
            router.clone().call(request)
        })
    })
    .await
}

/// Uses the same loop as the examples.
async fn serve_each<S, B>(service: impl Fn(SocketAddr) -> S) -> io::Result<()>
where
    S: Service<Request<Incoming>, Response = Response<B>, Error = Infallible> + Send + 'static,
    S::Future: Send,
    B: Body<Data: Send, Error: Into<Box<dyn std::error::Error + Send + Sync>>> + Send + 'static,
{
    let end = End::listen()?;
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    announce(listener.local_addr()?);
    serve(listener, end, service).await;
    Ok(())
}

fn on_actix(service: RegistrationService) -> io::Result<()> {
    System::new().block_on(async {
        let routes = move || App::new().service(for_actix::routes(service.clone()));
        let server = HttpServer::new(routes)
            .workers(WORKERS)
            .tcp_nodelay(true)
            .client_request_timeout(HEAD_TIMEOUT)
            // The rest of a refused body is read for at most this long.
            .client_disconnect_timeout(Duration::from_secs(1))
            .bind((Ipv4Addr::LOCALHOST, 0))?;
        server.addrs().into_iter().for_each(announce);
        server.run().await
    })
}
