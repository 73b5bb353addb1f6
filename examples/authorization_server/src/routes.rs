//! Which request is answered by what.

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
    authorize, discovery, interaction, items, revocation,
    tenant::{self, Tenant},
    token_endpoint,
};

pub(crate) async fn route(app: &App, request: Request<Incoming>) -> Answer {
    let (head, body) = request.into_parts();
    let host = tenant::host(&head);
    let found = app.tenants.find(TenantSelector::Host(host)).await;
    let settings = found.ok().flatten();
    let registration = settings
        .as_ref()
        .map_or_else(EndpointPath::default, |it| it.registration.path.clone());
    let tenant = host
        .zip(settings)
        .and_then(|(host, settings)| Tenant::at(host, settings));
    let request = Request::from_parts(head, body);
    // The registration endpoint refuses such a request itself.
    let has_one_host = has_one_host(&request);
    if request.uri().path() == registration.as_str() {
        return app.registration.answer(request).await;
    }
    let has_body = !request.body().is_end_stream();
    let mut answer = match &tenant {
        _ if !has_one_host => answers::status(StatusCode::BAD_REQUEST),
        Some(tenant) => route_of_tenant(app, tenant, request).await,
        None => answers::not_found(),
    };
    // Nobody reads the body then, so the connection ends. A proxy that keeps connections has to know.
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

/// Whether something else than the registration endpoint stands at `path`.
pub(crate) fn is_taken(path: &str) -> bool {
    let endpoints = [
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

/// Whether the request has one `Host` header, as HTTP/1.1 wants it (RFC 9112 section 3.2).
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

        (path, _) => match document(tenant, path) {
            Some(document) => public(&method, document),
            None => answers::not_found(),
        },
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
        // RFC 9728 section 3.1 puts the path of the resource after it; clients look there first for
        // what they were refused at, and at the root last.
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
