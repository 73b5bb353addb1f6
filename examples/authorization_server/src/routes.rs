//! The routes: which function answers a request.

use http::{
    HeaderValue, Method, Request, StatusCode, Version,
    header::{CONNECTION, HOST},
};
use hyper::body::{Body as _, Incoming};
use oauth_dcr::{
    discovery::MetadataDocument,
    settings::EndpointPath,
    tenants::{TenantDirectory as _, TenantSelector},
};
use serde_json::json;

use crate::{
    answers::{self, Answer, for_any_origin, method_not_allowed, preflight},
    app::App,
    assets, authorize, demonstration_page, discovery, home_page, interaction, items, revocation,
    tenant::{self, Tenant},
    token_endpoint,
};

pub(crate) async fn route(app: &App, request: Request<Incoming>) -> Answer {
    let (head, body) = request.into_parts();
    let host = tenant::host(&head).map(str::to_owned);
    let found = app.tenants.find(TenantSelector::Host(host.as_deref()));
    let settings = found.await.ok().flatten();
    let registration = settings
        .as_ref()
        .map_or_else(EndpointPath::default, |it| it.registration.path.clone());
    let request = Request::from_parts(head, body);
    // The registration endpoint refuses a request without a host itself.
    if request.uri().path() == registration.as_str() {
        return app.registration.answer(request).await;
    }
    let tenant = host
        .as_deref()
        .zip(settings)
        .and_then(|(host, settings)| Tenant::at(host, settings));
    let has_body = !request.body().is_end_stream();
    let mut answer = match &tenant {
        _ if !has_one_host(&request) => answers::status(StatusCode::BAD_REQUEST),
        Some(tenant) => route_of_tenant(app, tenant, request).await,
        None => route_without_tenant(app, host.as_deref(), &request),
    };
    // The body was not read, so the connection ends. A proxy that keeps connections has to know.
    let is_unread = matches!(
        answer.status(),
        StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED
    );
    if has_body && is_unread {
        let close = HeaderValue::from_static("close");
        answer.headers_mut().insert(CONNECTION, close);
    }
    answer
}

/// Whether `path` belongs to something other than the registration endpoint.
pub(crate) fn is_taken(path: &str) -> bool {
    let endpoints = [
        "/",
        demonstration_page::CALLBACK_PATH,
        assets::SCRIPT_PATH,
        assets::ICON_PATH,
        "/authorize",
        "/interaction",
        "/interaction/sign-in",
        "/interaction/consent",
        "/oauth/token",
        "/oauth/revoke",
        "/api/items",
    ];
    endpoints.contains(&path) || path.starts_with("/.well-known/")
}

/// Whether the request has one `Host` header, as HTTP/1.1 requires (RFC 9112 section 3.2).
fn has_one_host<B>(request: &Request<B>) -> bool {
    let hosts = request.headers().get_all(HOST).iter().count();
    hosts == 1 || (hosts == 0 && request.version() != Version::HTTP_11)
}

async fn route_of_tenant(app: &App, tenant: &Tenant, request: Request<Incoming>) -> Answer {
    let (method, uri) = (request.method().clone(), request.uri().clone());
    match (uri.path(), &method) {
        ("/authorize", &Method::GET | &Method::POST) => {
            authorize::answer(app, tenant, request).await
        }
        ("/authorize", _) => method_not_allowed("GET, POST"),
        ("/interaction", &Method::GET) => interaction::show(app, tenant, &request).await,
        ("/interaction", _) => method_not_allowed("GET"),
        ("/interaction/sign-in", &Method::POST) => interaction::sign_in(app, tenant, request).await,
        ("/interaction/consent", &Method::POST) => interaction::consent(app, tenant, request).await,
        ("/interaction/sign-in" | "/interaction/consent", _) => method_not_allowed("POST"),

        ("/oauth/token" | "/oauth/revoke", &Method::OPTIONS) => preflight("POST, OPTIONS"),
        ("/oauth/token", &Method::POST) => {
            for_any_origin(token_endpoint::answer(app, tenant, request).await)
        }
        ("/oauth/revoke", &Method::POST) => {
            for_any_origin(revocation::answer(app, tenant, request).await)
        }
        ("/oauth/token" | "/oauth/revoke", _) => {
            for_any_origin(method_not_allowed("POST, OPTIONS"))
        }

        ("/api/items", &Method::OPTIONS) => preflight("GET, OPTIONS"),
        ("/api/items", &Method::GET) => {
            for_any_origin(items::answer(app, tenant, request.headers()))
        }
        ("/api/items", _) => for_any_origin(method_not_allowed("GET, OPTIONS")),

        ("/", _) => readable(&method, || home_page::show(app, tenant)),
        (demonstration_page::CALLBACK_PATH, _) => readable(&method, demonstration_page::callback),

        (path, _) => match document(tenant, path) {
            Some(document) => public(&method, document),
            None => file(&method, path),
        },
    }
}

/// The answer at a host that leads to no tenant.
fn route_without_tenant(app: &App, host: Option<&str>, request: &Request<Incoming>) -> Answer {
    match request.uri().path() {
        "/" => readable(request.method(), || {
            home_page::show_without_tenant(app, host)
        }),
        path => file(request.method(), path),
    }
}

fn file(method: &Method, path: &str) -> Answer {
    match assets::file(path) {
        Some(file) => readable(method, || file),
        None => answers::not_found(),
    }
}

/// A page or a file, which can only be read.
fn readable(method: &Method, answer: impl FnOnce() -> Answer) -> Answer {
    match *method {
        Method::GET | Method::HEAD => answer(),
        _ => method_not_allowed("GET, HEAD"),
    }
}

/// The documents that anybody may read.
fn document(tenant: &Tenant, path: &str) -> Option<Answer> {
    if let Some((document, issuer_path)) = MetadataDocument::at(path) {
        let is_ours = issuer_path == tenant.issuer.path();
        return is_ours.then(|| match discovery::metadata(tenant, document) {
            Ok(metadata) => answers::json(StatusCode::OK, &metadata),
            // The settings were checked when the server started.
            Err(_) => answers::unavailable(),
        });
    }
    let document = match path.strip_prefix("/.well-known/")? {
        "jwks.json" => Some(json!({ "keys": [] })),
        // RFC 9728 section 3.1 appends the path of the resource. Clients try the path that refused them first
        // and the root last.
        "oauth-protected-resource"
        | "oauth-protected-resource/api"
        | "oauth-protected-resource/api/items" => items::metadata(tenant),
        _ => None,
    };
    document.map(|document| answers::json(StatusCode::OK, &document))
}

fn public(method: &Method, document: Answer) -> Answer {
    match *method {
        Method::GET | Method::HEAD => for_any_origin(document),
        Method::OPTIONS => preflight("GET, HEAD, OPTIONS"),
        _ => for_any_origin(method_not_allowed("GET, HEAD, OPTIONS")),
    }
}
