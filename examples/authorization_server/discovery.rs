//! The metadata documents: only what is true.

use oauth_dcr::TenantSettings;
use serde_json::{Value, json};

/// The document of RFC 8414 for a tenant whose issuer is `issuer`.
pub(crate) fn oauth(tenant: &TenantSettings, issuer: &str) -> Value {
    let registration = &tenant.registration;
    let base = issuer.trim_end_matches('/');
    let mut document = json!({
        "issuer": issuer,
        "authorization_endpoint": format!("{base}/authorize"),
        "token_endpoint": format!("{base}/oauth/token"),
        "response_types_supported": ["code"],
        "grant_types_supported": ["authorization_code", "refresh_token"],
        "token_endpoint_auth_methods_supported": registration.token_endpoint_auth_methods,
        "code_challenge_methods_supported": ["S256"],
    });
    if registration.enabled {
        document["registration_endpoint"] = format!("{base}/oidc/register").into();
    }
    document
}

/// The document of OpenID Connect Discovery: the same, and the members that are required there.
pub(crate) fn openid(tenant: &TenantSettings, issuer: &str) -> Value {
    let mut document = oauth(tenant, issuer);
    let base = issuer.trim_end_matches('/');
    document["jwks_uri"] = format!("{base}/.well-known/jwks.json").into();
    document["subject_types_supported"] = json!(["public"]);
    // The member is required, and no ID token is signed here.
    document["id_token_signing_alg_values_supported"] = json!([]);
    document
}
