//! Connections, and the end of them.

use std::{convert::Infallible, io, sync::Arc, time::Duration};

use http::{Request, StatusCode};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::graceful::GracefulShutdown,
};
use oauth_dcr::PeerAddress;
use tokio::{
    net::TcpListener,
    signal::unix::{Signal, SignalKind, signal},
    time::timeout,
};

use crate::{
    answers::{self, Answer},
    app::App,
    routes,
};

/// A client that has not sent its request head after this long is let go.
const HEAD_TIMEOUT: Duration = Duration::from_secs(10);

/// A request that is not answered after this long, its body included, is dropped.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);

/// How long requests under way may take once the server is asked to end.
const GRACE: Duration = Duration::from_secs(3);

/// The signals that end the server. They are listened for from the moment that this is made.
pub(crate) struct End {
    terminate: Signal,
    interrupt: Signal,
}

impl End {
    pub(crate) fn listen() -> io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
        })
    }

    async fn asked_for(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

/// Serves connections until the process is told to end.
pub(crate) async fn serve(app: Arc<App>, listener: TcpListener, mut end: End) -> io::Result<()> {
    let shutdown = GracefulShutdown::new();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = end.asked_for() => break,
        };
        let Ok((stream, peer)) = accepted else {
            // Out of file descriptors, most likely: others will be freed.
            tokio::time::sleep(Duration::from_millis(50)).await;
            continue;
        };
        let _ = stream.set_nodelay(true);
        let app = Arc::clone(&app);
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(HEAD_TIMEOUT)
            .serve_connection(
                TokioIo::new(stream),
                service_fn(move |mut request: Request<Incoming>| {
                    request.extensions_mut().insert(PeerAddress(peer.ip()));
                    answer(Arc::clone(&app), request)
                }),
            );
        // What goes wrong on a connection is the client's affair: it is gone.
        tokio::spawn(shutdown.watch(connection));
    }
    drop(listener);
    let _ = timeout(GRACE, shutdown.shutdown()).await;
    Ok(())
}

async fn answer(app: Arc<App>, request: Request<Incoming>) -> Result<Answer, Infallible> {
    let answered = timeout(REQUEST_TIMEOUT, routes::route(&app, request)).await;
    Ok(answered.unwrap_or_else(|_| answers::status(StatusCode::REQUEST_TIMEOUT)))
}
