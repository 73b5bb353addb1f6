//! Connections, and how long a request may take.

use std::{convert::Infallible, sync::Arc, time::Duration};

use http::{Request, StatusCode};
use hyper::{body::Incoming, service::service_fn};
use oauth_dcr::PeerAddress;
use serve::End;
use tokio::{net::TcpListener, time::timeout};

use crate::{
    answers::{self, Answer},
    app::App,
    explanation::Reader,
    routes,
};

/// A request that is not answered after this long, its body included, is dropped.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);

/// Serves connections until the process is told to end.
pub(crate) async fn serve(app: Arc<App>, listener: TcpListener, end: End) {
    ::serve::serve(listener, end, |peer| {
        let app = Arc::clone(&app);
        service_fn(move |mut request: Request<Incoming>| {
            request.extensions_mut().insert(PeerAddress(peer.ip()));
            answer(Arc::clone(&app), request)
        })
    })
    .await;
}

async fn answer(app: Arc<App>, request: Request<Incoming>) -> Result<Answer, Infallible> {
    let reader = Reader::of(request.headers());
    let answered = timeout(REQUEST_TIMEOUT, routes::route(&app, request)).await;
    let answer = answered.unwrap_or_else(|_| answers::status(StatusCode::REQUEST_TIMEOUT));
    Ok(reader.explain(answer))
}
