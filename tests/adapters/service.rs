//! The tower service without a server: how much of a body it reads, and how long it waits.

use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use bytes::Bytes;
use http::{Method, Request, Response, Version};
use http_body_util::{BodyExt as _, Full};
use oauth_dcr::{MemoryStore, Registrar, TenantSettings, tower::RegistrationService};
use serde_json::{Value, json};
use tokio::time::Instant;
use tower_service::Service;

use crate::{
    faulty_store::{FaultyStore, Pause},
    fixture::{Built, Fixture},
    http_request::{HttpRequest, PUBLIC},
    ports::Limiter,
    script::{Piece, Script},
};

fn post(pieces: impl Into<std::collections::VecDeque<Piece>>) -> Request<Script> {
    HttpRequest::post("").http2_head(Script::new(pieces))
}

/// Status and rule of an answer.
async fn verdict(response: Response<Full<Bytes>>) -> (u16, Option<String>) {
    let status = response.status().as_u16();
    let body = response.into_body().collect().await.unwrap().to_bytes();
    let body: Value = serde_json::from_slice(&body).unwrap_or_default();
    (
        status,
        body["error_detail"]["rule"].as_str().map(ToOwned::to_owned),
    )
}

#[tokio::test]
async fn a_refused_head_leaves_the_body_untouched() {
    let untouchable = |request: HttpRequest| request.http2_head(Script::new([Piece::Untouchable]));
    let known = || Fixture::tenants(json!([{ "id": "t1", "hosts": ["a.example"] }]));
    let blocked = json!({ "user_agents": ["Bad/1"] });
    let redirect = json!({ "redirect": true, "redirect_uri": "https://elsewhere.example/" });
    let post = || HttpRequest::post("");
    for (fixture, request, status) in [
        (known(), post(), 404),
        (known(), post().host("a.example"), 403),
        (
            Fixture::rule(&json!({ "block": true }), &blocked),
            post().with("user-agent", "Bad/1"),
            403,
        ),
        (
            Fixture::rule(&redirect, &blocked),
            post().with("user-agent", "Bad/1"),
            302,
        ),
        (Fixture::open().gated(), post(), 401),
        (Fixture::open(), post().method("PUT"), 405),
        (Fixture::open(), post().method("OPTIONS"), 204),
        (Fixture::open(), post().with("content-length", "65537"), 413),
        (
            Fixture::open(),
            post().with("content-encoding", "gzip"),
            415,
        ),
        (Fixture::open().limiter(Limiter::Fails), post(), 503),
    ] {
        let service = fixture.build().service;
        let answer = service.answer(untouchable(request)).await;
        assert_eq!(answer.status(), status);
    }
    let service = Fixture::open().build().service;
    for _ in 0..5 {
        let answer = service.answer(HttpRequest::post("{").http2()).await;
        assert_eq!(answer.status(), 400);
    }
    assert_eq!(service.answer(untouchable(post())).await.status(), 429);
}

#[tokio::test]
#[should_panic(expected = "the body was polled")]
async fn an_admitted_body_is_read() {
    let service = Fixture::open().build().service;
    service.answer(post([Piece::Untouchable])).await;
}

#[tokio::test(start_paused = true)]
async fn a_late_body_is_refused() {
    let drop_by_drop = |seconds: u64| {
        let mut pieces = vec![Piece::data(PUBLIC)];
        pieces.extend((0..seconds).flat_map(|_| [Piece::pause(1), Piece::data(" ")]));
        pieces
    };
    let late = (408, Some("body_timeout".to_owned()));
    for (pieces, seconds, expected) in [
        (drop_by_drop(4), 4, (201, None)),
        (drop_by_drop(6), 5, late.clone()),
        (drop_by_drop(1_000), 5, late.clone()),
        (vec![Piece::never()], 5, late.clone()),
        (vec![Piece::data(PUBLIC), Piece::never()], 5, late),
    ] {
        let fixture = Fixture::open().body_timeout(Duration::from_secs(5));
        let Built { service, store, .. } = fixture.build();
        let began = Instant::now();
        let answer = service.answer(post(pieces)).await;
        assert_eq!(began.elapsed().as_secs(), seconds);
        assert_eq!(store.clients.len(), usize::from(expected.0 == 201));
        assert_eq!(verdict(answer).await, expected);
    }
}

#[tokio::test(start_paused = true)]
async fn the_default_body_timeout_is_ten_seconds() {
    let service = unhurried();
    let began = Instant::now();
    let answer = service.answer(post([Piece::never()])).await;
    assert_eq!(
        (answer.status().as_u16(), began.elapsed().as_secs()),
        (408, 10)
    );
}

#[tokio::test(start_paused = true)]
async fn the_body_timeout_excludes_the_store() {
    let pause = Arc::<Pause>::default();
    let fixture = Fixture::open()
        .body_timeout(Duration::from_secs(5))
        .store(FaultyStore {
            pause: Some(Arc::clone(&pause)),
            ..FaultyStore::default()
        });
    let service = fixture.build().service;
    let slow_store = async {
        pause.entered.acquire().await.unwrap().forget();
        tokio::time::sleep(Duration::from_mins(1)).await;
        pause.gate.add_permits(1);
    };
    let (answer, ()) = tokio::join!(service.answer(post([Piece::data(PUBLIC)])), slow_store);
    assert_eq!(answer.status(), 201);
}

#[tokio::test]
async fn an_endless_body_is_read_up_to_the_limit() {
    let Built { service, store, .. } = Fixture::open().build();
    let request = post([Piece::endless()]);
    let reads = request.body().reads();
    let answer = service.answer(request).await;
    let too_large = Some("body_too_large".to_owned());
    assert_eq!(verdict(answer).await, (413, too_large));
    // The limit is sixteen pieces of 4 KiB.
    assert_eq!(reads.load(Ordering::SeqCst), 17);
    assert!(store.clients.is_empty());
}

#[tokio::test]
async fn an_incomplete_body_registers_no_client() {
    let Built { service, store, .. } = Fixture::open().build();
    let answer = service
        .answer(post([Piece::data(PUBLIC), Piece::Break]))
        .await;
    let incomplete = Some("body_incomplete".to_owned());
    assert_eq!(verdict(answer).await, (400, incomplete));
    assert!(store.clients.is_empty());
}

#[tokio::test]
async fn the_closure_names_the_tenant_instead_of_the_host() {
    let on = json!({ "enabled": true });
    let Built { service, store, .. } = Fixture::tenants(json!([
        { "id": "a", "hosts": ["a.example"], "registration": on },
        { "id": "b", "hosts": ["auth.example.com"] },
    ]))
    .tenant_by_path()
    .build();
    for (target, status) in [
        ("/tenants/a/register", 201),
        ("/tenants/b/register", 403),
        ("/tenants/c/register", 404),
        ("/tenants/a%20b/register", 404),
        ("/", 404),
    ] {
        let answer = service
            .answer(HttpRequest::public().target(target).http2())
            .await;
        assert_eq!(answer.status(), status, "{target}");
    }
    assert_eq!(store.clients.len(), 1);
}

#[tokio::test]
async fn a_head_response_has_the_omitted_bodys_length() {
    let service = Fixture::open().build().service;
    let answer = service.answer(HttpRequest::to("GET").http2()).await;
    let length = answer.into_body().collect().await.unwrap().to_bytes().len();
    let answer = service.answer(HttpRequest::to("HEAD").http2()).await;
    assert_eq!(answer.headers()["content-length"], length.to_string());
    assert_eq!(answer.status(), 405);
    assert_eq!(answer.into_body().collect().await.unwrap().to_bytes(), "");
}

/// An HTTP/1.1 request that is refused by its head.
fn refused(pieces: impl Into<std::collections::VecDeque<Piece>>) -> Request<Script> {
    let mut request = post(pieces);
    *request.method_mut() = Method::PUT;
    *request.version_mut() = Version::HTTP_11;
    let host = "auth.example.com".parse().unwrap();
    request.headers_mut().insert("host", host);
    request
}

#[tokio::test]
async fn an_http_1_1_request_needs_a_host() {
    for (version, hosts, rule) in [
        (Version::HTTP_11, 0, Some("invalid_host")),
        (Version::HTTP_11, 1, None),
        (Version::HTTP_11, 2, Some("invalid_host")),
        (Version::HTTP_10, 0, None),
        (Version::HTTP_2, 0, None),
    ] {
        let mut request = HttpRequest::public().http2_head(Script::new([Piece::data(PUBLIC)]));
        *request.version_mut() = version;
        *request.uri_mut() = "/oidc/register".parse().unwrap();
        for _ in 0..hosts {
            let host = "auth.example.com".parse().unwrap();
            request.headers_mut().append("host", host);
        }
        let service = Fixture::open().build().service;
        let status = if rule.is_some() { 400 } else { 201 };
        let found = verdict(service.answer(request).await).await;
        let expected = (status, rule.map(ToOwned::to_owned));
        assert_eq!(found, expected, "{version:?} {hosts}");
    }
}

fn is_ended_by(answer: &Response<Full<Bytes>>) -> bool {
    answer
        .headers()
        .get("connection")
        .is_some_and(|it| it == "close")
}

/// With its own timeout.
fn unhurried() -> RegistrationService {
    let registrar = Registrar::builder(MemoryStore::new()).tenant(TenantSettings::new().enabled());
    RegistrationService::new(registrar.build().unwrap())
}

#[tokio::test(start_paused = true)]
async fn the_rest_of_a_refused_body_is_discarded() {
    let service = unhurried();
    for (pieces, seconds, ends) in [
        (vec![], 0, false),
        (vec![Piece::data(PUBLIC)], 0, false),
        (
            vec![Piece::data("{"), Piece::pause(2), Piece::data("}")],
            1,
            true,
        ),
        (vec![Piece::never()], 1, true),
        (vec![Piece::data(PUBLIC), Piece::Break], 0, true),
        (vec![Piece::endless()], 0, true),
    ] {
        let request = refused(pieces);
        let reads = request.body().reads();
        let began = Instant::now();
        let answer = service.answer(request).await;
        assert_eq!(answer.status(), 405);
        assert_eq!(
            (began.elapsed().as_secs(), is_ended_by(&answer)),
            (seconds, ends)
        );
        // At most sixteen pieces of 4 KiB are discarded.
        assert!(reads.load(Ordering::SeqCst) <= 17);
    }
}

#[tokio::test]
async fn a_discarded_body_is_never_requested() {
    let service = Fixture::open().build().service;
    for (name, value) in [("expect", "100-continue"), ("content-length", "65537")] {
        let mut request = refused([Piece::Untouchable]);
        request.headers_mut().insert(name, value.parse().unwrap());
        let answer = service.answer(request).await;
        assert_eq!(answer.status(), 405);
        assert!(is_ended_by(&answer), "{name}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_unread_body_ends_a_persistent_connection() {
    let service = unhurried();
    for (version, connection, ends) in [
        (Version::HTTP_11, None, true),
        (Version::HTTP_10, Some("keep-alive"), true),
        (Version::HTTP_10, None, false),
        (Version::HTTP_2, None, false),
    ] {
        let mut request = refused([Piece::never()]);
        *request.version_mut() = version;
        if let Some(connection) = connection {
            let connection = connection.parse().unwrap();
            request.headers_mut().insert("connection", connection);
        }
        let answer = service.answer(request).await;
        assert_eq!(is_ended_by(&answer), ends, "{version:?}");
    }
}

#[tokio::test]
async fn the_tower_service_answers_the_same() {
    let (service, mut called) = (
        Fixture::open().build().service,
        Fixture::open().build().service,
    );
    let ready = std::future::poll_fn(|context| {
        Service::<Request<Full<Bytes>>>::poll_ready(&mut called, context)
    });
    ready.await.unwrap();
    let answer = called.call(HttpRequest::public().http2()).await.unwrap();
    let same = service.answer(HttpRequest::public().http2()).await;
    assert_eq!(answer.headers(), same.headers());
    let [answer, same] = [answer, same].map(Response::into_body);
    let [answer, same] = [answer.collect().await, same.collect().await];
    assert_eq!(answer.unwrap().to_bytes(), same.unwrap().to_bytes());
}
