//! What an adapter passes on about the mount path and the peer, in the frameworks' routers.

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    sync::{Arc, Mutex},
};

use actix_web::{
    App, HttpMessage as _,
    dev::{Extensions, HttpServiceFactory, Service as _},
    test, web,
};
use axum::{
    Router,
    body::Body,
    extract::{ConnectInfo, OriginalUri},
};
use http::{Request, request::Parts};
use oauth_dcr::{
    PeerAddress, TenantId,
    acl::{Ja4, Signals},
    actix_web as actix, axum as on_axum,
    settings::SettingsDocument,
    tower::RegistrationService,
};
use serde_json::{Value, json};
use tower_service::Service as _;

use crate::{
    fixture::Fixture,
    http_request::{HttpRequest, PUBLIC},
};

const MOUNTED: &str = "/tenants/{tenant}/oidc/register";

/// One tenant that takes registrations and one that does not; the issuer of each has a path.
fn tenants() -> Value {
    let tenant = |id: &str, enabled: bool| {
        json!({
            "id": id,
            // Several tenants need different hosts, even if the host's closure chooses the tenant.
            "hosts": [format!("{id}.example")],
            "issuer": format!("https://auth.example.com/tenants/{id}"),
            "registration": { "enabled": enabled },
        })
    };
    json!([tenant("acme", true), tenant("other", false)])
}

/// The path of the URL at which clients of the first tenant are told to register.
fn advertised() -> String {
    let document = json!({ "tenants": tenants() }).to_string();
    let document = SettingsDocument::from_json(&document).unwrap();
    let endpoint = document.tenants()[0].registration_endpoint().unwrap();
    let path = endpoint.strip_prefix("https://auth.example.com").unwrap();
    path.to_owned()
}

/// The paths that `tenant_by` received.
#[derive(Clone, Default)]
struct Seen(Arc<Mutex<Vec<String>>>);

impl Seen {
    /// A service that takes the tenant from the path that `whole` reads from a head, and records
    /// the path.
    fn service(&self, whole: fn(&Parts) -> &str) -> RegistrationService {
        let seen = self.clone();
        let service = Fixture::tenants(tenants()).build().service;
        service.tenant_by(move |head| {
            seen.0.lock().unwrap().push(head.uri.path().to_owned());
            TenantId::parse(whole(head).split('/').nth(2)?).ok()
        })
    }

    fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

fn its_path(head: &Parts) -> &str {
    head.uri.path()
}

fn path_before_nesting(head: &Parts) -> &str {
    let OriginalUri(uri) = head.extensions.get().unwrap();
    uri.path()
}

/// The registration of a public client, at `path`.
fn post(path: &str) -> Request<Body> {
    let mut request = HttpRequest::public().http2().map(Body::new);
    *request.uri_mut() = format!("http://auth.example.com{path}").parse().unwrap();
    request
}

async fn status_on_axum(app: &Router, request: Request<Body>) -> u16 {
    app.clone().call(request).await.unwrap().status().as_u16()
}

/// With the middleware of a host that records what it knows about a request.
async fn status_on_actix(
    endpoint: impl HttpServiceFactory + 'static,
    path: &str,
    note: impl Fn(&mut Extensions) + Clone + 'static,
) -> u16 {
    let app = App::new().service(endpoint).wrap_fn(move |request, next| {
        note(&mut request.extensions_mut());
        next.call(request)
    });
    let app = test::init_service(app).await;
    let request = test::TestRequest::post()
        .uri(path)
        .peer_addr(LOOPBACK)
        .insert_header(("host", "auth.example.com"))
        .insert_header(("content-type", "application/json"))
        .set_payload(PUBLIC);
    let response = app.call(request.to_request()).await.unwrap();
    response.status().as_u16()
}

fn nothing(_: &mut Extensions) {}

#[actix_web::test]
async fn a_client_registers_where_an_issuer_with_a_path_says() {
    let path = advertised();
    assert_eq!(path, "/tenants/acme/oidc/register");
    let others = path.replace("acme", "other");
    let nobodys = path.replace("acme", "nobody");
    for (path, status) in [(&path, 201), (&others, 403), (&nobodys, 404)] {
        let seen = Seen::default();
        let service = || seen.service(its_path);

        let answer = service().answer(post(path)).await;
        assert_eq!(answer.status(), status);
        let answer = service().call(post(path)).await.unwrap();
        assert_eq!(answer.status(), status);

        let app = on_axum::routes_at(MOUNTED, service());
        assert_eq!(status_on_axum(&app, post(path)).await, status);
        let routes = actix::routes_at(MOUNTED, service());
        assert_eq!(status_on_actix(routes, path, nothing).await, status);
        let scope = web::scope("/tenants/{tenant}");
        let scope = scope.service(actix::routes_at("/oidc/register", service()));
        assert_eq!(status_on_actix(scope, path, nothing).await, status);
        // A scope of actix-web leaves the path whole.
        assert_eq!(seen.take(), [path.as_str(); 5]);

        let service = seen.service(path_before_nesting);
        let nested = on_axum::routes_at("/oidc/register", service);
        let app = Router::new().nest("/tenants/{tenant}", nested);
        assert_eq!(status_on_axum(&app, post(path)).await, status);
        // axum removes the prefix under which a router is nested.
        assert_eq!(seen.take(), ["/oidc/register"]);
    }
}

#[actix_web::test]
async fn an_endpoint_outside_its_issuer_is_not_advertised() {
    let (seen, path) = (Seen::default(), advertised());
    let app = on_axum::routes(seen.service(its_path));
    assert_eq!(status_on_axum(&app, post(&path)).await, 404);
    let routes = actix::routes(seen.service(its_path));
    assert_eq!(status_on_actix(routes, &path, nothing).await, 404);
    // The frameworks' own 404; `tenant_by` is not called.
    assert!(seen.take().is_empty());
}

const LOOPBACK: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 4711);
/// What a host has found out by itself, for example from the PROXY protocol.
const FOUND_OUT: PeerAddress = PeerAddress(IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1)));

/// The networks that a rule blocks and the two answers: to a connection from [`LOOPBACK`], and to
/// the same connection if the host says [`FOUND_OUT`].
const BLOCKED: [(&str, u16, u16); 3] = [
    ("127.0.0.0/8", 403, 201),
    ("192.0.2.0/24", 201, 403),
    ("198.51.100.0/24", 201, 201),
];

fn blocking(network: &str) -> RegistrationService {
    let matched = json!({ "connecting_ipv4_cidrs": [network] });
    let fixture = Fixture::rule(&json!({ "block": true }), &matched);
    fixture.build().service
}

#[tokio::test]
async fn axum_prefers_the_hosts_address() {
    for (network, of_connection, of_host) in BLOCKED {
        let app = || on_axum::routes(blocking(network));
        let connected = || {
            let mut request = post("/oidc/register");
            request.extensions_mut().insert(ConnectInfo(LOOPBACK));
            request
        };
        let status = status_on_axum(&app(), connected()).await;
        assert_eq!(status, of_connection, "{network}");
        let mut told = connected();
        told.extensions_mut().insert(FOUND_OUT);
        let status = status_on_axum(&app(), told).await;
        assert_eq!(status, of_host, "{network}");
        // With neither address, the rule denies access.
        let status = status_on_axum(&app(), post("/oidc/register")).await;
        assert_eq!(status, 503, "{network}");
    }
}

#[actix_web::test]
async fn actix_web_prefers_the_hosts_address() {
    for (network, of_connection, of_host) in BLOCKED {
        let routes = || actix::routes(blocking(network));
        let status = status_on_actix(routes(), "/oidc/register", nothing).await;
        assert_eq!(status, of_connection, "{network}");
        let note = |extensions: &mut Extensions| {
            extensions.insert(FOUND_OUT);
        };
        let status = status_on_actix(routes(), "/oidc/register", note).await;
        assert_eq!(status, of_host, "{network}");
    }
}

#[actix_web::test]
async fn the_hosts_tenant_reaches_the_closure() {
    let by_extension = || {
        let service = Fixture::tenants(tenants()).build().service;
        service.tenant_by(|head| head.extensions.get::<TenantId>().cloned())
    };
    for (tenant, status) in [(Some("acme"), 201), (Some("other"), 403), (None, 404)] {
        let tenant = tenant.map(|id| TenantId::parse(id).unwrap());
        let mut request = post("/oidc/register");
        if let Some(tenant) = tenant.clone() {
            request.extensions_mut().insert(tenant);
        }
        let app = on_axum::routes(by_extension());
        assert_eq!(status_on_axum(&app, request).await, status, "{tenant:?}");

        let found = tenant.clone();
        let note = move |extensions: &mut Extensions| {
            if let Some(tenant) = found.clone() {
                extensions.insert(tenant);
            }
        };
        let routes = actix::routes(by_extension());
        let answered = status_on_actix(routes, "/oidc/register", note).await;
        assert_eq!(answered, status, "{tenant:?}");
    }
}

const FINGERPRINT: &str = "t13d1516h2_8daaf6152771_e5627efa2ab1";

/// Blocks a fingerprint that the host sets itself.
fn blocking_a_fingerprint() -> RegistrationService {
    let matched = json!({ "ja4_fingerprints": [FINGERPRINT] });
    let rule = json!({ "action": { "block": true }, "match": matched, "scope": "dcr" });
    let fixture = Fixture::tenant(json!({
        "acl": [{ "priority": 1, "rule": rule }], "signals_from_host": ["ja4_fingerprints"]
    }));
    fixture.build().service
}

#[actix_web::test]
async fn signals_of_the_host_reach_the_rules() {
    let listed = Signals::new().ja4(Ja4::parse(FINGERPRINT).unwrap());
    for (signals, status) in [
        (Some(listed), 403),
        (Some(Signals::new()), 201),
        (None, 503),
    ] {
        let mut request = post("/oidc/register");
        request.extensions_mut().insert(ConnectInfo(LOOPBACK));
        if let Some(signals) = signals {
            request.extensions_mut().insert(signals);
        }
        let app = on_axum::routes(blocking_a_fingerprint());
        assert_eq!(status_on_axum(&app, request).await, status);

        let note = move |extensions: &mut Extensions| {
            if let Some(signals) = signals {
                extensions.insert(signals);
            }
        };
        let routes = actix::routes(blocking_a_fingerprint());
        assert_eq!(
            status_on_actix(routes, "/oidc/register", note).await,
            status
        );
    }
}
