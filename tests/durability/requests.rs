//! Requests, and the settings of the tenants that receive them.

use http::{Request, header::HOST};
use serde_json::{Value, json};
use url::form_urlencoded;

/// The API of every tenant.
pub(crate) const API: &str = "https://items.example";

/// RFC 7636 appendix B.
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

/// Where clients send users back to.
pub(crate) const REDIRECT_URI: &str = "https://app.example.com/callback";

/// A tenant that lets everyone register, within `registration`.
pub(crate) fn tenant(id: &str, mut registration: Value) -> Value {
    registration["enabled"] = true.into();
    json!({
        "id": id,
        "hosts": [host(id)],
        "issuer": format!("https://{}", host(id)),
        "registration": registration,
        "default_audience": API,
        "apis": [{ "identifier": API, "scopes": ["read:items"] }],
        "client_grants": [{ "default_for": "third_party_clients", "audience": API, "scope": ["read:items"] }],
        "connections": [{ "name": "google", "is_domain_connection": true }],
    })
}

fn host(tenant: &str) -> String {
    format!("{tenant}.example")
}

pub(crate) fn register(tenant: &str, metadata: &Value) -> Request<String> {
    let request = Request::post("/oidc/register").header(HOST, host(tenant));
    let request = request.header("content-type", "application/json");
    request.body(metadata.to_string()).unwrap()
}

/// Exchanges a code that was never issued.
pub(crate) fn token(tenant: &str, id: &str, secret: Option<&str>) -> Request<String> {
    let mut form = form_urlencoded::Serializer::new(String::new());
    form.append_pair("grant_type", "authorization_code")
        .append_pair("code", "no-such-code")
        .append_pair("redirect_uri", REDIRECT_URI)
        .append_pair(
            "code_verifier",
            "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk",
        )
        .append_pair("client_id", id);
    if let Some(secret) = secret {
        form.append_pair("client_secret", secret);
    }
    let request = Request::post("/oauth/token").header(HOST, host(tenant));
    let request = request.header("content-type", "application/x-www-form-urlencoded");
    request.body(form.finish()).unwrap()
}

/// The authorization request of a browser that the client has sent to the server.
pub(crate) fn authorize(tenant: &str, id: &str) -> Request<String> {
    let query = form_urlencoded::Serializer::new(String::new())
        .append_pair("response_type", "code")
        .append_pair("client_id", id)
        .append_pair("redirect_uri", REDIRECT_URI)
        .append_pair("scope", "read:items")
        .append_pair("state", "s-7f3a")
        .append_pair("code_challenge", CHALLENGE)
        .append_pair("code_challenge_method", "S256")
        .finish();
    let request = Request::get(format!("/authorize?{query}")).header(HOST, host(tenant));
    request.body(String::new()).unwrap()
}

/// One of many registrations: public and confidential clients, small and large ones, and one
/// program that registers again and again.
pub(crate) fn metadata(number: usize) -> Value {
    let mut metadata = json!({
        "client_name": format!("Client {number}"),
        "redirect_uris": [REDIRECT_URI],
        "grant_types": ["authorization_code", "refresh_token"],
        "token_endpoint_auth_method": "none",
    });
    match number % 5 {
        0 => metadata["client_name"] = format!("𠮷野家 🗝 {number}").into(),
        1 => metadata["token_endpoint_auth_method"] = "client_secret_post".into(),
        2 => {
            metadata["token_endpoint_auth_method"] = "client_secret_post".into();
            enlarge(&mut metadata, number);
        }
        3 => enlarge(&mut metadata, number),
        _ => metadata["client_name"] = "The same program".into(),
    }
    metadata
}

/// Fills every field, beyond the size of one database page.
fn enlarge(metadata: &mut Value, number: usize) {
    let page = |name: &str| format!("https://app.example.com/{name}/{}", "a".repeat(1500));
    metadata["client_name"] = format!("𝔘𝔫𝔦𝔠𝔬𝔡𝔢 🦀 {number}").into();
    metadata["client_name#ja"] = format!("𠮷野家 {number}").into();
    metadata["client_name#de"] = format!("Schlüssel 🗝 {number}").into();
    for name in ["client_uri", "logo_uri", "policy_uri", "tos_uri"] {
        metadata[name] = page(name).into();
    }
    let uris = (0..10).map(|it| format!("https://app.example.com/{number}/callback-{it}"));
    metadata["redirect_uris"] = uris.collect();
    let contacts = (0..10).map(|it| format!("person-{it}@app.example.com"));
    metadata["contacts"] = contacts.collect();
    metadata["software_id"] = format!("software-{number}").into();
    metadata["software_version"] = "1.2.3-🦀".into();
    metadata["scope"] = "read:items offline_access".into();
}
