//! A fault of one HTTP/2 stream does not affect the other streams.

use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use http::{HeaderMap, Version};
use tokio::sync::Semaphore;

use crate::{
    answer::{Answer, Expected},
    fixture::Fixture,
    http_request::{HttpRequest, PUBLIC},
    http1::MOST_TAKEN,
    http2::Streams,
    ports::Limiter,
    scenarios::{created, late, too_large},
    script::{Piece, Script},
    servers::{Adapter, Protocol, Server},
};

async fn start(adapter: Adapter, fixture: &Fixture) -> (Server, Streams<Script>) {
    let server = Server::start(adapter, Protocol::Http2, fixture);
    let streams = Streams::open(&server).await;
    (server, streams)
}

async fn post(streams: &mut Streams<Script>, body: Script) -> Answer {
    streams.send(HttpRequest::post("").http2_head(body)).await
}

/// The connection takes another request, which registers the first client.
async fn assert_goes_on(at: Adapter, server: &Server, streams: &mut Streams<Script>, left: u32) {
    assert!(server.built.store.clients.is_empty(), "{at:?}");
    let answer = post(streams, Script::new([Piece::data(PUBLIC)])).await;
    assert_is(at, &answer, &created("A").left(left));
    assert_eq!(server.built.store.clients.len(), 1, "{at:?}");
}

fn assert_is(at: Adapter, answer: &Answer, expected: &Expected) {
    assert_eq!(*answer, expected.over(Version::HTTP_2), "{at:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endless_body_affects_no_other_stream() {
    for adapter in Adapter::ALL {
        let (server, mut streams) = start(adapter, &Fixture::open()).await;
        let body = Script::new([Piece::endless()]);
        let reads = body.reads();
        let answer = post(&mut streams, body).await;
        assert_is(adapter, &answer, &too_large().left(4));
        assert!(
            reads.load(Ordering::SeqCst) * 4096 < MOST_TAKEN,
            "{adapter:?}"
        );
        assert_goes_on(adapter, &server, &mut streams, 3).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_body_affects_no_other_stream() {
    for adapter in Adapter::ALL {
        let fixture = Fixture::open().body_timeout(Duration::from_millis(50));
        let (server, mut streams) = start(adapter, &fixture).await;
        let body = Script::new([Piece::data(PUBLIC), Piece::never()]);
        let answer = post(&mut streams, body).await;
        assert_is(adapter, &answer, &late().left(4));
        assert!(server.built.store.clients.is_empty(), "{adapter:?}");
        let other = streams
            .send(HttpRequest::to("OPTIONS").http2_head(Script::new([])))
            .await;
        assert_eq!(other.status(), 204, "{adapter:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_incomplete_body_affects_no_other_stream() {
    for adapter in Adapter::ALL {
        let admitted = Arc::new(Semaphore::new(0));
        let limiter = Limiter::Counts(Arc::clone(&admitted));
        let (server, mut streams) = start(adapter, &Fixture::open().limiter(limiter)).await;
        // After a shorter pause the server might never see the request.
        let admitted = Piece::after(async move { admitted.acquire().await.unwrap().forget() });
        let body = Script::new([Piece::data(PUBLIC), admitted, Piece::Break]);
        let request = HttpRequest::post("").http2_head(body);
        assert!(streams.try_send(request).await.is_err(), "{adapter:?}");
        assert_goes_on(adapter, &server, &mut streams, 4).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn trailers_are_discarded() {
    for adapter in Adapter::ALL {
        let (server, mut streams) = start(adapter, &Fixture::open()).await;
        let trailers = HeaderMap::from_iter([(
            http::HeaderName::from_static("x-trailer"),
            http::HeaderValue::from_static("1"),
        )]);
        let body = Script::new([Piece::data(PUBLIC), Piece::Trailers(trailers)]);
        let answer = post(&mut streams, body).await;
        assert_is(adapter, &answer, &created("A").left(4));
        assert_eq!(server.built.store.clients.len(), 1, "{adapter:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_waiting_body_delays_no_other_stream() {
    for adapter in Adapter::ALL {
        let (server, mut streams) = start(adapter, &Fixture::open()).await;
        let gate = Arc::new(Semaphore::new(0));
        let opened = Arc::clone(&gate);
        let opened = Piece::after(async move { opened.acquire().await.unwrap().forget() });
        let body = Script::new([Piece::data(PUBLIC), opened, Piece::data(" ")]);
        let mut other = streams.clone();
        let first = tokio::spawn(async move { post(&mut other, body).await });
        let second = post(&mut streams, Script::new([Piece::data(PUBLIC)])).await;
        gate.add_permits(1);
        let first = first.await.unwrap();
        assert_eq!([first.status(), second.status()], [201, 201], "{adapter:?}");
        assert!(second.body.contains("tpc_AAAA"), "{adapter:?}: {second:?}");
        assert!(first.body.contains("tpc_BBBB"), "{adapter:?}: {first:?}");
        assert_eq!(server.built.store.clients.len(), 2, "{adapter:?}");
    }
}
