//! A server on hyper alone, with one thread.

use std::{
    io,
    net::{Ipv4Addr, SocketAddr},
};

use hyper::{
    body::{Body, Incoming},
    server::conn::http1,
    service::HttpService,
};
use hyper_util::rt::TokioIo;
use tokio::{net::TcpListener, runtime, task::LocalSet};

use crate::spawned::announce;

/// Serves until the process is ended. Each connection has its own service.
pub(crate) fn serve<S>(service: impl Fn(SocketAddr) -> S) -> io::Result<()>
where
    S: HttpService<Incoming> + 'static,
    S::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    S::ResBody: Body + 'static,
    <S::ResBody as Body>::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let runtime = runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    LocalSet::new().block_on(&runtime, accept(service))
}

async fn accept<S>(service: impl Fn(SocketAddr) -> S) -> io::Result<()>
where
    S: HttpService<Incoming> + 'static,
    S::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    S::ResBody: Body + 'static,
    <S::ResBody as Body>::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    announce(listener.local_addr()?)?;
    loop {
        let (stream, peer) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let connection =
            http1::Builder::new().serve_connection(TokioIo::new(stream), service(peer));
        tokio::task::spawn_local(async {
            // The load notices a connection that fails: it gets no answer.
            let _ = connection.await;
        });
    }
}
