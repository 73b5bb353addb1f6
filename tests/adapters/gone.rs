//! Clients that disconnect while the store has their registration.

use std::sync::Arc;

use http::Version;
use tokio::io::AsyncWriteExt as _;

use crate::{
    faulty_store::{FaultyStore, Pause},
    fixture::Fixture,
    http_request::HttpRequest,
    http1::{Line, within},
    http2::Streams,
    scenarios::created,
    servers::{Adapter, Protocol, Server},
};

#[derive(Clone, Copy, Debug)]
enum Leave {
    /// The client says that it sends no more, and waits.
    HalfClose,
    /// The client closes the connection after it has read everything.
    Close,
    /// The client resets the connection.
    Reset,
}

async fn wait_for(what: &str, count: &tokio::sync::Semaphore) {
    within(what, count.acquire()).await.unwrap().forget();
}

/// A server whose insertions wait.
fn waiting(adapter: Adapter, protocol: Protocol, fixture: Fixture) -> (Server, Arc<Pause>) {
    let pause = Arc::<Pause>::default();
    let fixture = fixture.store(FaultyStore {
        pause: Some(Arc::clone(&pause)),
        ..FaultyStore::default()
    });
    (Server::start(adapter, protocol, &fixture), pause)
}

/// The line of a client whose registration the store has.
async fn inserting(server: &Server, pause: &Pause) -> Line {
    let mut line = Line::open(server).await;
    line.send(&HttpRequest::public().http1()).await;
    wait_for("the insertion", &pause.entered).await;
    line
}

/// The insertion is dropped, and another client is served.
async fn assert_dropped(at: &str, server: &Server, pause: &Pause) {
    wait_for(at, &pause.dropped).await;
    assert!(server.built.store.clients.is_empty(), "{at}");
    pause.gate.add_permits(1);
    let mut line = Line::open(server).await;
    line.send(&HttpRequest::public().http1()).await;
    let answer = line.answer(false).await;
    assert_eq!(answer, created("B").left(3).over(Version::HTTP_11), "{at}");
    assert_eq!(server.built.store.clients.len(), 1, "{at}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disconnected_client_leaves_nothing_behind() {
    for adapter in Adapter::ALL {
        for leave in [Leave::HalfClose, Leave::Close, Leave::Reset] {
            let fixture = Fixture::open().no_half_closed();
            let (server, pause) = waiting(adapter, Protocol::Http1, fixture);
            let mut line = inserting(&server, &pause).await;
            let kept = match leave {
                Leave::HalfClose => {
                    line.stream.shutdown().await.unwrap();
                    Some(line)
                }
                Leave::Close => {
                    drop(line);
                    None
                }
                Leave::Reset => {
                    line.stream.set_zero_linger().unwrap();
                    drop(line);
                    None
                }
            };
            let at = format!("{adapter:?}, {leave:?}: what was begun is dropped");
            assert_dropped(&at, &server, &pause).await;
            drop(kept);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn actix_web_answers_half_closed_clients_by_default() {
    let (server, pause) = waiting(Adapter::Actix, Protocol::Http1, Fixture::open());
    let mut line = inserting(&server, &pause).await;
    line.stream.shutdown().await.unwrap();
    pause.gate.add_permits(1);
    let answer = line.answer(false).await;
    assert_eq!(answer, created("A").left(4).over(Version::HTTP_11));
    assert_eq!(server.built.store.clients.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn actix_web_drops_reset_requests_by_default() {
    let (server, pause) = waiting(Adapter::Actix, Protocol::Http1, Fixture::open());
    let line = inserting(&server, &pause).await;
    line.stream.set_zero_linger().unwrap();
    drop(line);
    assert_dropped("a reset request is dropped", &server, &pause).await;
}

/// Sends a registration over HTTP/2 and resets the stream while the store has the registration.
async fn reset_stream(server: &Server, pause: &Pause) {
    let mut streams = Streams::open(server).await;
    tokio::select! {
        answer = streams.send(HttpRequest::public().http2()) => panic!("{answer:?}"),
        () = wait_for("the insertion", &pause.entered) => {}
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reset_stream_leaves_nothing_behind() {
    for adapter in [Adapter::Hyper, Adapter::Tower, Adapter::Axum] {
        let (server, pause) = waiting(adapter, Protocol::Http2, Fixture::open());
        reset_stream(&server, &pause).await;
        wait_for("the insertion is dropped", &pause.dropped).await;
        assert!(server.built.store.clients.is_empty(), "{adapter:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn actix_web_finishes_a_reset_http2_stream() {
    let (server, pause) = waiting(Adapter::Actix, Protocol::Http2, Fixture::open());
    reset_stream(&server, &pause).await;
    pause.gate.add_permits(1);
    wait_for("the client is stored", &pause.inserted).await;
    assert_eq!(server.built.store.clients.len(), 1);
    assert_eq!(pause.dropped.available_permits(), 0);
}
