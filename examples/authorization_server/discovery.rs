//! The metadata documents: only what is true.

use oauth_dcr::{
    ApiPolicy, ApiSettings, GrantedScope, Grantee, SecurityMode, SubjectType, TenantSettings,
};
use serde_json::{Value, json};

use crate::tenant::Tenant;

/// The document of RFC 8414.
pub(crate) fn oauth(tenant: &Tenant) -> Value {
    let settings = &tenant.settings;
    let auth_methods = &settings.registration.token_endpoint_auth_methods;
    let mut document = json!({
        "issuer": tenant.issuer,
        "authorization_endpoint": tenant.url("/authorize"),
        "token_endpoint": tenant.url("/oauth/token"),
        "token_endpoint_auth_methods_supported": auth_methods,
        "revocation_endpoint": tenant.url("/oauth/revoke"),
        "revocation_endpoint_auth_methods_supported": auth_methods,
        "scopes_supported": scopes(settings),
        "response_types_supported": ["code"],
        "response_modes_supported": ["query", "fragment", "form_post"],
        "grant_types_supported": grant_types(settings),
        "code_challenge_methods_supported": ["S256"],
        "authorization_response_iss_parameter_supported": true,
    });
    if settings.registration.enabled {
        let endpoint = tenant.url(tenant.registration_path());
        document["registration_endpoint"] = endpoint.into();
    }
    if let Some(api) = tenant.items_api() {
        document["protected_resources"] = json!([api.identifier]);
    }
    document
}

/// The document of OpenID Connect Discovery: the same, and the members that are required there.
pub(crate) fn openid(tenant: &Tenant) -> Value {
    let mut document = oauth(tenant);
    document["jwks_uri"] = tenant.url("/.well-known/jwks.json").into();
    document["subject_types_supported"] = json!(["public"]);
    // The member is required, and no ID token is signed here.
    document["id_token_signing_alg_values_supported"] = json!([]);
    // Left out, this one would mean `true`.
    document["request_uri_parameter_supported"] = json!(false);
    document
}

fn grant_types(settings: &TenantSettings) -> &'static [&'static str] {
    match settings.registration.security_mode {
        SecurityMode::Strict => &["authorization_code", "refresh_token"],
        SecurityMode::Permissive => &["authorization_code", "refresh_token", "client_credentials"],
    }
}

/// The scopes that a newly registered client may be given, and the one that asks for a refresh token.
fn scopes(settings: &TenantSettings) -> Vec<&str> {
    let of_api = |api| scopes_of(settings, api);
    let mut scopes: Vec<&str> = settings.apis.iter().flat_map(of_api).collect();
    scopes.push("offline_access");
    scopes.sort_unstable();
    scopes.dedup();
    scopes
}

/// Those of one API.
pub(crate) fn scopes_of<'a>(settings: &'a TenantSettings, api: &'a ApiSettings) -> Vec<&'a str> {
    let is_strict = settings.registration.security_mode == SecurityMode::Strict;
    let is_closed = api.policy == ApiPolicy::Deny || is_strict && api.system;
    let is_open = api.policy == ApiPolicy::AllowAll && !is_strict;
    let default_permissions = settings.client_grants.iter().find(|grant| {
        grant.grantee == Grantee::ThirdPartyClients
            && grant.audience == api.identifier
            && grant.subject_type == SubjectType::User
    });
    let is_given = |scope: &str| match default_permissions.map(|grant| &grant.scope) {
        _ if is_closed => false,
        _ if is_open => true,
        None => false,
        Some(GrantedScope::All) => true,
        Some(GrantedScope::Listed(listed)) => listed.iter().any(|it| it == scope),
    };
    let known = api.scopes.iter().map(String::as_str);
    known.filter(|scope| is_given(scope)).collect()
}
