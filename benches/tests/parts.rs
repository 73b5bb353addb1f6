//! Checks what the benches rely on. No bench runs for that. The benches over HTTP themselves stop if the answers
//! of both sides differ in length.

use std::net::{IpAddr, Ipv4Addr};

use bytes::Bytes;
use http::{Request, Response, StatusCode, header::CONTENT_LENGTH};
use http_body_util::{BodyExt as _, Full};
use oauth_dcr::{PeerAddress, tower::RegistrationService};
use oauth_dcr_benches::{
    baseline::{headers::HEADERS, register::Baseline},
    fixtures::{CREATED, PUBLIC},
    registrar::registrar,
    spread::Spread,
};

/// The crate's answer in the benches.
async fn ours() -> Response<Bytes> {
    let request = Request::post("/oidc/register")
        .header("host", "auth.example.com")
        .header("accept", "*/*")
        .header("content-type", "application/json")
        .extension(PeerAddress(IpAddr::V4(Ipv4Addr::LOCALHOST)))
        .body(Full::new(Bytes::from_static(PUBLIC.as_bytes())))
        .unwrap();
    let service = RegistrationService::new(registrar(None));
    let (head, body) = service.answer(request).await.into_parts();
    assert_eq!(head.status, StatusCode::CREATED);
    let body = body.collect().await.unwrap().to_bytes();
    Response::from_parts(head, body)
}

#[tokio::test]
async fn baselines_send_the_crates_headers() {
    let mut ours = ours().await;
    // The frameworks add this header on both sides.
    ours.headers_mut().remove(CONTENT_LENGTH);
    let ours = ours.headers().iter();
    let mut ours: Vec<_> = ours
        .map(|(name, value)| (name.as_str(), value.to_str().unwrap()))
        .collect();
    let mut baselines = HEADERS.to_vec();
    ours.sort_unstable();
    baselines.sort_unstable();
    assert_eq!(baselines, ours);
}

#[tokio::test]
async fn baseline_bodies_are_as_long_as_the_crates() {
    let ours = ours().await.into_body();
    assert_eq!(CREATED.len(), ours.len(), "{ours:?}");
    let written = Baseline::new(None).register(PUBLIC.as_bytes()).unwrap();
    assert_eq!(written.len(), ours.len(), "{ours:?}");
}

#[test]
fn median_is_the_middle_figure() {
    assert_eq!(
        Spread::of(vec![7.0]).to_string(),
        "    7.00     7.00     7.00"
    );
    assert_eq!(
        Spread::of(vec![9.0, 1.0, 2.0]).to_string(),
        "    1.00     2.00     9.00"
    );
}

#[test]
fn median_of_two_middle_figures_is_their_mean() {
    assert_eq!(
        Spread::of(vec![2.0, 1.0]).to_string(),
        "    1.00     1.50     2.00"
    );
    assert_eq!(
        Spread::of(vec![9.0, 1.0, 3.0, 2.0]).to_string(),
        "    1.00     2.50     9.00"
    );
}
