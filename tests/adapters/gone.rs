//! Clients that go away while the store has their registration.

use std::sync::Arc;

use http::Version;
use tokio::io::AsyncWriteExt as _;

use crate::{
    fixture::Fixture,
    http_request::HttpRequest,
    http1::{Line, within},
    http2::Streams,
    ports::{Insert, Wait},
    scenarios::created,
    servers::{Adapter, Protocol, Server},
};

#[derive(Clone, Copy, Debug)]
enum Leave {
    /// It says that it sends no more, and waits.
    HalfClose,
    /// It is gone, and has read all there was.
    Close,
    /// It is gone without a word.
    Reset,
}

async fn came(what: &str, count: &tokio::sync::Semaphore) {
    within(what, count.acquire()).await.unwrap().forget();
}

/// A server whose insertions wait.
fn waiting(adapter: Adapter, protocol: Protocol, fixture: Fixture) -> (Server, Arc<Wait>) {
    let wait = Wait::new();
    let fixture = fixture.insert(Insert::Waits(Arc::clone(&wait)));
    (Server::start(adapter, protocol, &fixture), wait)
}

/// The line of a client whose registration the store has.
async fn inserting(server: &Server, wait: &Wait) -> Line {
    let mut line = Line::open(server).await;
    line.send(&HttpRequest::public().http1()).await;
    came("the insertion", &wait.entered).await;
    line
}

/// What was inserted is dropped, and another client is served.
async fn assert_dropped(at: &str, server: &Server, wait: &Wait) {
    came(at, &wait.dropped).await;
    assert!(server.built.store.clients.is_empty(), "{at}");
    wait.gate.add_permits(1);
    let mut line = Line::open(server).await;
    line.send(&HttpRequest::public().http1()).await;
    let answer = line.answer(false).await;
    assert_eq!(answer, created("B").left(3).over(Version::HTTP_11), "{at}");
    assert_eq!(server.built.store.clients.len(), 1, "{at}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_goes_away_leaves_nothing_behind() {
    for adapter in Adapter::ALL {
        for leave in [Leave::HalfClose, Leave::Close, Leave::Reset] {
            let fixture = Fixture::open().no_half_closed();
            let (server, wait) = waiting(adapter, Protocol::Http1, fixture);
            let mut line = inserting(&server, &wait).await;
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
            assert_dropped(&at, &server, &wait).await;
            drop(kept);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn actix_web_answers_half_closed_clients_by_default() {
    let (server, wait) = waiting(Adapter::Actix, Protocol::Http1, Fixture::open());
    let mut line = inserting(&server, &wait).await;
    line.stream.shutdown().await.unwrap();
    wait.gate.add_permits(1);
    let answer = line.answer(false).await;
    assert_eq!(answer, created("A").left(4).over(Version::HTTP_11));
    assert_eq!(server.built.store.clients.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn actix_web_by_default_drops_what_was_reset() {
    let (server, wait) = waiting(Adapter::Actix, Protocol::Http1, Fixture::open());
    let line = inserting(&server, &wait).await;
    line.stream.set_zero_linger().unwrap();
    drop(line);
    assert_dropped("what was reset is dropped", &server, &wait).await;
}

/// Sends a registration over HTTP/2 and takes it back while the store has it.
async fn take_back(server: &Server, wait: &Wait) {
    let mut streams = Streams::open(server).await;
    tokio::select! {
        answer = streams.send(HttpRequest::public().http2()) => panic!("{answer:?}"),
        () = came("the insertion", &wait.entered) => {}
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_that_is_reset_leaves_nothing_behind() {
    for adapter in [Adapter::Hyper, Adapter::Tower, Adapter::Axum] {
        let (server, wait) = waiting(adapter, Protocol::Http2, Fixture::open());
        take_back(&server, &wait).await;
        came("what was begun is dropped", &wait.dropped).await;
        assert!(server.built.store.clients.is_empty(), "{adapter:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn actix_web_finishes_a_begun_http2_stream() {
    let (server, wait) = waiting(Adapter::Actix, Protocol::Http2, Fixture::open());
    take_back(&server, &wait).await;
    wait.gate.add_permits(1);
    came("the client is there, whole", &wait.inserted).await;
    assert_eq!(server.built.store.clients.len(), 1);
    assert_eq!(wait.dropped.available_permits(), 0);
}
