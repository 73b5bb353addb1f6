//! A registration request in bytes, from an untrusted peer and through trusted proxies.
//!
//! The first [`CHOICES`] bytes of the input choose the tenant and the proxies. The rest is an
//! HTTP/1.1 request.

#![no_main]

use std::{net::IpAddr, sync::LazyLock};

use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Uri, header::FORWARDED};
use libfuzzer_sys::{Corpus, fuzz_target};
use oauth_dcr::{RegistrationEndpoint, TenantSettings};
use serde_json::Value;

#[path = "../../support/behind_proxies.rs"]
mod behind_proxies;

use behind_proxies::{
    EDGE_HEADERS, LISTED_ADDRESSES, OTHER_ADDRESSES, Route, Setup, Trust, X_FORWARDED_FOR,
    registrar, respond,
};

const CHOICES: usize = 32;
const MAX_HEADERS: usize = 32;

static TENANTS: LazyLock<Vec<(Setup, TenantSettings)>> = LazyLock::new(|| {
    let setups = Setup::all(&[
        Trust::Networks,
        Trust::Hops(1),
        Trust::Hops(2),
        Trust::Both(2),
    ]);
    setups.into_iter().map(|it| (it, it.tenant())).collect()
});

fuzz_target!(|input: &[u8]| -> Corpus {
    let Some((choices, text)) = input.split_first_chunk::<CHOICES>() else {
        return Corpus::Reject;
    };
    let Some(request) = parse(text) else {
        return Corpus::Reject;
    };
    let mut choices = choices.iter().map(|it| usize::from(*it));
    let mut choose = |bound: usize| choices.next().unwrap_or(0) % bound;
    let (setup, tenant) = &TENANTS[choose(TENANTS.len())];
    let peer = choose(4);
    // Every peer is trusted where proxies are only counted.
    if !matches!(setup.trust, Trust::Hops(_)) {
        untrusted_headers_change_nothing(tenant, &request, peer);
    }
    text_left_of_proxies_opens_nothing(tenant, setup, &request, &Route::choose(setup, &mut choose));
    Corpus::Keep
});

/// The request at the start of `text`, if hyper would take it. All that follows the head is its body.
fn parse(text: &[u8]) -> Option<Request<Vec<u8>>> {
    let mut lines = [httparse::EMPTY_HEADER; MAX_HEADERS];
    let mut parsed = httparse::Request::new(&mut lines);
    let httparse::Status::Complete(length) = parsed.parse(text).ok()? else {
        return None;
    };
    let mut request = Request::new(text[length..].to_vec());
    *request.method_mut() = Method::from_bytes(parsed.method?.as_bytes()).ok()?;
    *request.uri_mut() = parsed.path?.parse::<Uri>().ok()?;
    for line in parsed.headers {
        let name = HeaderName::from_bytes(line.name.as_bytes()).ok()?;
        let value = HeaderValue::from_bytes(line.value).ok()?;
        request.headers_mut().append(name, value);
    }
    Some(request)
}

fn untrusted_headers_change_nothing(
    tenant: &TenantSettings,
    request: &Request<Vec<u8>>,
    peer: usize,
) {
    let peers = [LISTED_ADDRESSES, OTHER_ADDRESSES].concat();
    let peer: IpAddr = peers[peer].parse().unwrap();
    let with = verdict(tenant, request.clone(), peer);
    let without = verdict(tenant, without_claims(request), peer);
    assert_eq!(with, without, "headers of an untrusted peer count");
}

fn text_left_of_proxies_opens_nothing(
    tenant: &TenantSettings,
    setup: &Setup,
    request: &Request<Vec<u8>>,
    route: &Route,
) {
    let rule = setup.signal.name();
    let mut arriving = request.clone();
    route.pass(arriving.headers_mut());
    let with = verdict(tenant, arriving, route.peer);
    let mut arriving = without_claims(request);
    route.pass(arriving.headers_mut());
    let without = verdict(tenant, arriving, route.peer);
    if setup.refuses(route.is_listed) {
        assert_ne!(without.status, 201, "a rule about {rule} stops nobody");
        assert_ne!(with.status, 201, "a client gets past a rule about {rule}");
    }
    if route.covers(setup, request.headers()) {
        assert_eq!(with, without, "text of a client counts for {rule}");
    }
}

/// `request` without the headers that count only from a trusted proxy.
fn without_claims(request: &Request<Vec<u8>>) -> Request<Vec<u8>> {
    let mut request = request.clone();
    let headers: &mut HeaderMap = request.headers_mut();
    for name in EDGE_HEADERS.into_iter().chain([X_FORWARDED_FOR, FORWARDED]) {
        headers.remove(name);
    }
    request
}

/// The client's answer, without the parts that are new in every answer.
#[derive(Debug, PartialEq, Eq)]
struct Verdict {
    status: u16,
    error: Value,
    detail: Value,
}

/// The verdict for a tenant that has no client yet.
fn verdict(tenant: &TenantSettings, request: Request<Vec<u8>>, peer: IpAddr) -> Verdict {
    let (registrar, store) = registrar(tenant.clone());
    let answer = respond(&RegistrationEndpoint::new(registrar), request, peer);
    let status = answer.status().as_u16();
    assert!(status < 500, "{answer:?}");
    assert_eq!(store.len(), usize::from(status == 201), "{answer:?}");
    let mut body = match answer.body() {
        empty if empty.is_empty() => Value::Null,
        json => serde_json::from_slice(json).expect("a body is JSON"),
    };
    assert_eq!(status == 201, body["client_id"].is_string(), "{answer:?}");
    Verdict {
        status,
        error: body["error"].take(),
        detail: body["error_detail"].take(),
    }
}
