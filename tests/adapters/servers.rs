//! A server of each adapter, on a free loopback port.

use std::{
    convert::Infallible,
    net::{self, SocketAddr},
    thread,
};

use actix_web::{App, HttpServer, dev::ServerHandle, dev::Service as _, rt};
use axum::Router;
use http::Request;
use hyper::{body::Incoming, server::conn, service::service_fn};
use hyper_util::{
    rt::{TokioExecutor, TokioIo},
    server::conn::auto,
    service::TowerToHyperService,
};
use oauth_dcr::{PeerAddress, tower::RegistrationService};
use tokio::{
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};

use crate::fixture::{Built, Fixture};

const DEFAULT_PATH: &str = "/oidc/register";

/// The ways to mount registration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Adapter {
    /// `RegistrationService::answer` in a hyper service.
    Hyper,
    /// `RegistrationService` as a tower service, on hyper.
    Tower,
    Axum,
    Actix,
}

impl Adapter {
    pub(crate) const ALL: [Self; 4] = [Self::Hyper, Self::Tower, Self::Axum, Self::Actix];
}

/// The protocol of a server on hyper alone; the others detect the protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Protocol {
    Http1,
    Http2,
}

/// A server that ends when it is dropped.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    pub(crate) built: Built,
    running: Running,
}

enum Running {
    Task(JoinHandle<()>),
    Thread(ServerHandle, Option<thread::JoinHandle<()>>),
}

impl Server {
    /// To be called on a Tokio runtime.
    pub(crate) fn start(adapter: Adapter, protocol: Protocol, fixture: &Fixture) -> Self {
        let built = fixture.build();
        let service = built.service.clone();
        let listener = net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let address = listener.local_addr().unwrap();
        let on_tokio = |listener| TcpListener::from_std(listener).unwrap();
        let tells_peer = fixture.tells_peer;
        let told = move |peer: SocketAddr| tells_peer.then_some(peer);
        let running = match adapter {
            Adapter::Hyper => Running::Task(tokio::spawn(accept(
                on_tokio(listener),
                move |stream, peer| hyper(protocol, service.clone(), stream, told(peer)),
            ))),
            Adapter::Tower => Running::Task(tokio::spawn(accept(
                on_tokio(listener),
                move |stream, peer| tower(service.clone(), stream, told(peer)),
            ))),
            Adapter::Axum => Running::Task(axum(on_tokio(listener), fixture, service)),
            Adapter::Actix => actix(listener, fixture, service),
        };
        Self {
            address,
            built,
            running,
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        match &mut self.running {
            Running::Task(accepting) => accepting.abort(),
            Running::Thread(handle, thread) => {
                // `ended` alone gives the order; the thread only waits for it.
                drop(handle.stop(false));
                if let Some(thread) = thread.take() {
                    let ended = thread.join();
                    assert!(ended.is_ok() || thread::panicking(), "the server panicked");
                }
            }
        }
    }
}

async fn accept<F>(listener: TcpListener, serve: impl Fn(TcpStream, SocketAddr) -> F)
where
    F: Future<Output = ()> + Send + 'static,
{
    loop {
        let (stream, peer) = listener.accept().await.unwrap();
        tokio::spawn(serve(stream, peer));
    }
}

fn from(peer: Option<SocketAddr>, mut request: Request<Incoming>) -> Request<Incoming> {
    if let Some(peer) = peer {
        request.extensions_mut().insert(PeerAddress(peer.ip()));
    }
    request
}

/// A client may break its connection; the scenario checks what the client received.
async fn hyper(
    protocol: Protocol,
    service: RegistrationService,
    stream: TcpStream,
    peer: Option<SocketAddr>,
) {
    let service = service_fn(move |request| {
        let (service, request) = (service.clone(), from(peer, request));
        async move { Ok::<_, Infallible>(service.answer(request).await) }
    });
    let io = TokioIo::new(stream);
    let _ended = match protocol {
        Protocol::Http1 => {
            conn::http1::Builder::new()
                .serve_connection(io, service)
                .await
        }
        Protocol::Http2 => {
            let connection = conn::http2::Builder::new(TokioExecutor::new());
            connection.serve_connection(io, service).await
        }
    };
}

async fn tower(service: RegistrationService, stream: TcpStream, peer: Option<SocketAddr>) {
    let service = TowerToHyperService::new(service);
    let service =
        service_fn(move |request| hyper::service::Service::call(&service, from(peer, request)));
    let connection = auto::Builder::new(TokioExecutor::new());
    let _ended = connection
        .serve_connection(TokioIo::new(stream), service)
        .await;
}

fn axum(listener: TcpListener, fixture: &Fixture, service: RegistrationService) -> JoinHandle<()> {
    let path = fixture.tenant_path.unwrap_or(DEFAULT_PATH);
    let app = Router::new().merge(oauth_dcr::axum::routes_at(path, service));
    if fixture.tells_peer {
        let app = app.into_make_service_with_connect_info::<SocketAddr>();
        tokio::spawn(async move { axum::serve(listener, app).await.unwrap() })
    } else {
        tokio::spawn(async move { axum::serve(listener, app).await.unwrap() })
    }
}

fn actix(listener: net::TcpListener, fixture: &Fixture, service: RegistrationService) -> Running {
    let path = fixture.tenant_path.unwrap_or(DEFAULT_PATH);
    let (tells_peer, half_closed) = (fixture.tells_peer, fixture.half_closed);
    let (started, handle) = std::sync::mpsc::channel();
    let thread = thread::spawn(move || {
        rt::System::new().block_on(async move {
            let server = HttpServer::new(move || {
                let routes = oauth_dcr::actix_web::routes_at(path, service.clone());
                App::new()
                    .service(routes)
                    .wrap_fn(move |mut request, next| {
                        if !tells_peer {
                            request.head_mut().peer_addr = None;
                        }
                        next.call(request)
                    })
            });
            let server = server
                .workers(1)
                .disable_signals()
                .h1_allow_half_closed(half_closed)
                .listen_auto_h2c(listener)
                .unwrap()
                .run();
            started.send(server.handle()).unwrap();
            server.await.unwrap();
        });
    });
    Running::Thread(handle.recv().unwrap(), Some(thread))
}
