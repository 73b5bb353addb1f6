//! The metadata documents (RFC 8414, OpenID Connect Discovery): only what is true.

use oauth_dcr::{GrantType, ResponseType, SecurityMode, TenantSettings};
use serde_json::{Value, json};

/// The metadata of a tenant whose issuer is `issuer`.
pub(crate) fn metadata(tenant: &TenantSettings, issuer: &str) -> Value {
    let registration = &tenant.registration;
    let base = issuer.trim_end_matches('/');
    let mode = registration.security_mode;
    let mut document = json!({
        "issuer": issuer,
        "authorization_endpoint": format!("{base}/authorize"),
        "token_endpoint": format!("{base}/oauth/token"),
        "jwks_uri": format!("{base}/.well-known/jwks.json"),
        "response_types_supported": response_types(mode),
        "grant_types_supported": GrantType::allowed_in(mode),
        "token_endpoint_auth_methods_supported": registration.token_endpoint_auth_methods,
        "code_challenge_methods_supported": ["S256"],
        // OpenID Connect requires the two members; no ID token is signed here.
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": [],
    });
    if registration.enabled
        && let Some(members) = document.as_object_mut()
    {
        let endpoint = format!("{base}/oidc/register");
        members.insert("registration_endpoint".to_owned(), endpoint.into());
    }
    document
}

fn response_types(mode: SecurityMode) -> &'static [ResponseType] {
    ResponseType::allowed_in(mode)
}
