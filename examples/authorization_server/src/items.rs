//! The API that takes the tokens, `GET /api/items`, and the metadata that says where to get tokens.

use http::{
    HeaderMap, HeaderValue, StatusCode,
    header::{AUTHORIZATION, CACHE_CONTROL, WWW_AUTHENTICATE},
};
use oauth_dcr::{access::NewClientAccess, settings::ApiSettings};
use serde_json::{Value, json};

use crate::{
    answers::{self, Answer, NO_STORE},
    app::App,
    demonstration::READ_ITEMS,
    tenant::Tenant,
    tokens::Access,
};

/// Why a request does not get the items (RFC 6750 section 3.1).
enum Refusal {
    /// The request has no token. The challenge then names no error.
    NoToken,
    InvalidToken,
    InsufficientScope,
}

pub(crate) fn answer(app: &App, tenant: &Tenant, headers: &HeaderMap) -> Answer {
    let Some(api) = tenant.items_api() else {
        return answers::not_found();
    };
    match check(app, tenant, api, headers) {
        Ok(access) => answers::private_json(StatusCode::OK, &items(&access)),
        Err(refusal) => refused(&refusal, tenant),
    }
}

/// Checks that the token has not ended and is for this API and this scope.
fn check(
    app: &App,
    tenant: &Tenant,
    api: &ApiSettings,
    headers: &HeaderMap,
) -> Result<Access, Refusal> {
    let token = bearer_token(headers).ok_or(Refusal::NoToken)?;
    let access = app.tokens.find_access(token).ok_or(Refusal::InvalidToken)?;
    let is_for_this = access.grant.tenant() == &tenant.settings.id
        && access.given.audience() == Some(&api.identifier);
    if !is_for_this {
        return Err(Refusal::InvalidToken);
    }
    if access.given.scopes().any(|scope| scope == READ_ITEMS) {
        Ok(access)
    } else {
        Err(Refusal::InsufficientScope)
    }
}

/// The token in the header. A token in a URL is ignored, because URLs end up in logs (RFC 9700 section 4.3.2).
fn bearer_token(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    let is_bearer = scheme.eq_ignore_ascii_case("Bearer");
    is_bearer.then(|| token.trim_matches(' '))
}

fn items(access: &Access) -> Value {
    json!({
        "items": [
            { "id": 1, "name": "Difference Engine" },
            { "id": 2, "name": "Analytical Engine" },
        ],
        "user": access.grant.user.map(|user| user.id),
        "client_id": access.grant.client_id(),
    })
}

fn refused(refusal: &Refusal, tenant: &Tenant) -> Answer {
    let (status, error) = match refusal {
        Refusal::NoToken => (StatusCode::UNAUTHORIZED, String::new()),
        Refusal::InvalidToken => {
            let error = r#", error="invalid_token""#;
            (StatusCode::UNAUTHORIZED, error.to_owned())
        }
        Refusal::InsufficientScope => {
            let error = format!(r#", error="insufficient_scope", scope="{READ_ITEMS}""#);
            (StatusCode::FORBIDDEN, error)
        }
    };
    // RFC 9728 section 5.1.
    let metadata = tenant.url("/.well-known/oauth-protected-resource/api");
    let challenge = format!(r#"Bearer resource_metadata="{metadata}"{error}"#);
    let mut answer = answers::status(status);
    let headers = answer.headers_mut();
    if let Ok(challenge) = HeaderValue::from_str(&challenge) {
        headers.insert(WWW_AUTHENTICATE, challenge);
    }
    headers.insert(CACHE_CONTROL, NO_STORE);
    answer
}

/// The metadata of the API (RFC 9728 section 2). Clients ask for the scopes that it lists, so it
/// lists the scopes that they can get. It leaves out an empty list (section 3.2).
pub(crate) fn metadata(tenant: &Tenant) -> Option<Value> {
    let api = tenant.items_api()?;
    let mut metadata = json!({
        "resource": api.identifier,
        "resource_name": "Items",
        "authorization_servers": [tenant.issuer],
        "bearer_methods_supported": ["header"],
    });
    let scopes = NewClientAccess::of(&tenant.settings).scopes(&api.identifier);
    if let Some(scopes) = scopes.filter(|scopes| !scopes.is_empty()) {
        metadata["scopes_supported"] = json!(scopes);
    }
    Some(metadata)
}
