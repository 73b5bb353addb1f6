//! The metadata document that a host serves, and its address.

mod behaviour;
mod left_out;
mod machines;
mod reach;
mod trial;
mod well_known;

use std::error::Error as _;

use oauth_dcr::{
    TenantSettings, discovery::ServerMetadataError as Error, settings::Issuer,
    types::TokenEndpointAuthMethod,
};
use serde_json::{Value, json};

use super::support::tenants::{API, t1};

const ISSUER: &str = "https://auth.example.com";

fn merged(tenant: &TenantSettings, document: Value) -> Value {
    serde_json::to_value(tenant.server_metadata(document).unwrap()).unwrap()
}

/// The document of a host that offers every feature.
fn widest() -> Value {
    json!({
        "authorization_endpoint": format!("{ISSUER}/authorize"),
        "token_endpoint": format!("{ISSUER}/token"),
        "revocation_endpoint": format!("{ISSUER}/revoke"),
        "device_authorization_endpoint": format!("{ISSUER}/device"),
        "token_endpoint_auth_methods_supported": [
            "private_key_jwt", "client_secret_basic", "tls_client_auth", "client_secret_post",
            "client_secret_jwt", "none",
        ],
        "revocation_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post", "none"],
        "grant_types_supported": [
            "client_credentials", "authorization_code", "implicit", "refresh_token", "password",
            "urn:ietf:params:oauth:grant-type:device_code",
            "urn:ietf:params:oauth:grant-type:token-exchange",
            "urn:ietf:params:oauth:grant-type:jwt-bearer",
        ],
        "response_types_supported": [
            "code", "token", "id_token", "token id_token", "code id_token", "code token",
            "code id_token token", "none",
        ],
        "response_modes_supported": ["query", "fragment", "form_post", "query.jwt", "jwt"],
        "code_challenge_methods_supported": ["plain", "S256"],
        "scopes_supported": [
            "openid", "profile", "email", "address", "offline_access", "read:items", "write:items",
            "delete:items",
        ],
        "prompt_values_supported": ["none", "login", "consent"],
        "protected_resources": [API, "https://other.example"],
        "claims_parameter_supported": true,
        "request_parameter_supported": true,
        "request_uri_parameter_supported": true,
    })
}

#[test]
fn a_silent_host_advertises_only_known_features() {
    let metadata = merged(&t1(), json!({}));
    let expected = json!({
        "issuer": ISSUER,
        "registration_endpoint": format!("{ISSUER}/oidc/register"),
        "token_endpoint_auth_methods_supported": ["none", "client_secret_post"],
        "grant_types_supported": ["authorization_code", "refresh_token"],
        "response_types_supported": ["code"],
        "code_challenge_methods_supported": ["S256"],
        "scopes_supported": ["offline_access", "read:items", "write:items"],
        "authorization_response_iss_parameter_supported": true,
        "claims_parameter_supported": false,
        "request_parameter_supported": false,
        "request_uri_parameter_supported": false,
    });
    assert_eq!(metadata, expected);
    // Only the host knows whether it has the other flows and `claims`.
    let mut permissive = expected;
    permissive
        .as_object_mut()
        .unwrap()
        .remove("claims_parameter_supported");
    assert_eq!(merged(&t1().permissive(), json!({})), permissive);
}

#[test]
fn a_strict_tenants_lists_are_narrowed() {
    let metadata = merged(&t1(), widest());
    for (member, left) in [
        (
            "token_endpoint_auth_methods_supported",
            json!(["client_secret_post", "none"]),
        ),
        (
            "revocation_endpoint_auth_methods_supported",
            json!(["client_secret_post", "none"]),
        ),
        (
            "grant_types_supported",
            json!(["authorization_code", "refresh_token"]),
        ),
        ("response_types_supported", json!(["code"])),
        (
            "response_modes_supported",
            json!(["query", "fragment", "form_post"]),
        ),
        ("code_challenge_methods_supported", json!(["S256"])),
        (
            "scopes_supported",
            json!(["offline_access", "read:items", "write:items"]),
        ),
        ("prompt_values_supported", json!(["login", "consent"])),
        ("protected_resources", json!([API])),
        ("claims_parameter_supported", json!(false)),
        ("request_parameter_supported", json!(false)),
        ("request_uri_parameter_supported", json!(false)),
    ] {
        assert_eq!(metadata[member], left, "{member}");
    }
    assert_eq!(metadata.get("device_authorization_endpoint"), None);
}

#[test]
fn permissive_tenants_lists_keep_the_hosts_values() {
    let metadata = merged(&t1().permissive(), widest());
    let grants = json!([
        "client_credentials",
        "authorization_code",
        "implicit",
        "refresh_token",
        "urn:ietf:params:oauth:grant-type:device_code",
    ]);
    assert_eq!(metadata["grant_types_supported"], grants);
    let device = "device_authorization_endpoint";
    assert_eq!(metadata[device], widest()[device]);
    // All but `none`, spelled as the host spells them.
    let response_types = metadata["response_types_supported"].as_array().unwrap();
    let all = widest();
    let all = all["response_types_supported"].as_array().unwrap();
    assert_eq!(response_types[..], all[..7]);
    let scopes = json!([
        "openid",
        "profile",
        "email",
        "offline_access",
        "read:items",
        "write:items"
    ]);
    assert_eq!(metadata["scopes_supported"], scopes);
    assert_eq!(metadata["claims_parameter_supported"], true);
    assert_eq!(metadata["request_uri_parameter_supported"], false);
}

#[test]
fn response_type_is_listed_only_with_its_grants() {
    let document = json!({
        "grant_types_supported": ["authorization_code"],
        "response_types_supported": ["code", "token", "code id_token"],
    });
    let metadata = merged(&t1().permissive(), document);
    assert_eq!(metadata["response_types_supported"], json!(["code"]));
    // Without refresh tokens, `offline_access` has no effect.
    let scopes = json!(["read:items", "write:items"]);
    assert_eq!(metadata["scopes_supported"], scopes);
}

#[test]
fn client_credentials_are_not_advertised_without_secrets() {
    let mut tenant = t1().permissive();
    tenant.registration.token_endpoint_auth_methods =
        [TokenEndpointAuthMethod::None].into_iter().collect();
    let document = json!({ "grant_types_supported": ["client_credentials", "authorization_code"] });
    let metadata = merged(&tenant, document);
    assert_eq!(
        metadata["grant_types_supported"],
        json!(["authorization_code"])
    );
}

#[test]
fn unusable_endpoints_are_removed_with_their_aliases() {
    let mut document = json!({
        "mtls_endpoint_aliases": {
            "token_endpoint": "https://mtls.example.com/token",
            "pushed_authorization_request_endpoint": "https://mtls.example.com/par",
            "device_authorization_endpoint": "https://mtls.example.com/device",
            "registration_endpoint": "https://mtls.example.com/register",
        },
        "device_authorization_endpoint": "https://auth.example.com/device",
        "registration_endpoint": "https://auth.example.com/oidc/register",
        "require_pushed_authorization_requests": false,
    });
    let never = [
        "pushed_authorization_request_endpoint",
        "request_object_signing_alg_values_supported",
        "authorization_signing_alg_values_supported",
        "token_endpoint_auth_signing_alg_values_supported",
        "revocation_endpoint_auth_signing_alg_values_supported",
        "backchannel_authentication_endpoint",
        "authorization_details_types_supported",
        "require_request_uri_registration",
    ];
    for member in never {
        document[member] = json!(["x"]);
    }
    let mut off = t1();
    off.registration.enabled = false;
    let metadata = merged(&off, document.clone());
    let members = never
        .into_iter()
        .chain(["device_authorization_endpoint", "registration_endpoint"]);
    for member in members {
        assert_eq!(metadata.get(member), None, "{member}");
    }
    let aliases = json!({ "token_endpoint": "https://mtls.example.com/token" });
    assert_eq!(metadata["mtls_endpoint_aliases"], aliases);
    assert_eq!(metadata["require_pushed_authorization_requests"], false);

    let aliases = &merged(&t1(), document)["mtls_endpoint_aliases"];
    let registration = &aliases["registration_endpoint"];
    assert_eq!(*registration, "https://mtls.example.com/register");
}

#[test]
fn other_members_come_from_the_host() {
    let document = json!({
        "jwks_uri": "https://auth.example.com/keys",
        "introspection_endpoint": "https://auth.example.com/introspect",
        "introspection_endpoint_auth_methods_supported": ["private_key_jwt"],
        "dpop_signing_alg_values_supported": ["ES256"],
        "client_id_metadata_document_supported": true,
        "x-of-the-host": { "deep": [null, 1.5, "two", { "three": false }] },
    });
    let metadata = merged(&t1(), document.clone());
    for (member, value) in document.as_object().unwrap() {
        assert_eq!(metadata.get(member), Some(value), "{member}");
    }
}

#[test]
fn disabling_registration_removes_only_its_endpoint() {
    let on = t1();
    let mut off = t1();
    off.registration.enabled = false;
    for document in [json!({}), widest()] {
        let mut metadata = merged(&on, document.clone());
        let endpoint = metadata
            .as_object_mut()
            .unwrap()
            .remove("registration_endpoint");
        assert_eq!(endpoint, Some(json!(format!("{ISSUER}/oidc/register"))));
        assert_eq!(merged(&off, document), metadata);
    }
}

#[test]
fn merging_twice_changes_nothing() {
    for tenant in [t1(), t1().permissive()] {
        for document in [json!({}), widest()] {
            let metadata = tenant.server_metadata(document).unwrap();
            let again = tenant.server_metadata(&metadata).unwrap();
            assert_eq!(again, metadata);
            let text: Value = serde_json::from_str(&metadata.to_string()).unwrap();
            assert_eq!(text, serde_json::to_value(&metadata).unwrap());
        }
    }
}

fn refused(tenant: &TenantSettings, document: Value) -> String {
    tenant.server_metadata(document).unwrap_err().to_string()
}

#[test]
fn error_names_the_contradiction() {
    let differs = |member: &str| format!("{member} differs from the tenant's settings");
    for (member, value, message) in [
        (
            "issuer",
            json!("https://auth.example.com/"),
            differs("issuer"),
        ),
        ("issuer", json!(1), differs("issuer")),
        (
            "registration_endpoint",
            json!("https://auth.example.com/register"),
            differs("registration_endpoint"),
        ),
        (
            "require_pushed_authorization_requests",
            json!(true),
            "require_pushed_authorization_requests is not compatible with dynamic client registration"
                .to_owned(),
        ),
        (
            "require_signed_request_object",
            json!("true"),
            "require_signed_request_object is not compatible with dynamic client registration"
                .to_owned(),
        ),
        (
            "signed_metadata",
            json!("e30.e30."),
            "signed_metadata is not compatible with dynamic client registration".to_owned(),
        ),
        (
            "grant_types_supported",
            json!("authorization_code"),
            "grant_types_supported is not a list of strings".to_owned(),
        ),
        (
            "scopes_supported",
            json!(["read:items", 1]),
            "scopes_supported is not a list of strings".to_owned(),
        ),
    ] {
        assert_eq!(refused(&t1(), json!({ member: value })), message);
    }
}

#[test]
fn error_names_a_list_that_becomes_empty() {
    for (member, values) in [
        (
            "token_endpoint_auth_methods_supported",
            json!(["private_key_jwt"]),
        ),
        ("token_endpoint_auth_methods_supported", json!([])),
        ("grant_types_supported", json!(["client_credentials"])),
        // A strict client needs another grant as well.
        ("grant_types_supported", json!(["refresh_token"])),
        ("response_types_supported", json!(["token"])),
        ("response_modes_supported", json!(["jwt"])),
        ("code_challenge_methods_supported", json!(["plain"])),
    ] {
        let message = format!("{member} has no value that a registered client could use");
        assert_eq!(refused(&t1(), json!({ member: values })), message);
    }
    let document = json!({
        "revocation_endpoint": "https://auth.example.com/revoke",
        "revocation_endpoint_auth_methods_supported": ["private_key_jwt"],
    });
    let message = "revocation_endpoint_auth_methods_supported has no value that a registered client could use";
    assert_eq!(refused(&t1(), document), message);

    let mut nobody = t1();
    nobody.registration.token_endpoint_auth_methods = [].into_iter().collect();
    let message =
        "token_endpoint_auth_methods_supported has no value that a registered client could use";
    assert_eq!(refused(&nobody, json!({})), message);
}

#[test]
fn an_empty_optional_list_is_omitted() {
    let mut tenant = t1();
    tenant.apis.clear();
    let document = json!({
        "grant_types_supported": ["authorization_code"],
        "scopes_supported": ["openid", "profile"],
        "protected_resources": [API],
        "prompt_values_supported": ["none"],
    });
    let metadata = merged(&tenant, document);
    for member in [
        "scopes_supported",
        "protected_resources",
        "prompt_values_supported",
    ] {
        assert_eq!(metadata.get(member), None, "{member}");
    }
}

#[test]
fn an_invalid_document_is_refused() {
    let tenant = t1();
    for document in [json!([]), json!(null), json!("{}")] {
        let error = tenant.server_metadata(document).unwrap_err();
        assert!(matches!(error, Error::NotAnObject), "{error}");
    }
    let unwritable = std::collections::BTreeMap::from([((1, 2), 3)]);
    let error = tenant.server_metadata(unwritable).unwrap_err();
    assert!(matches!(error, Error::Unwritable(_)), "{error}");
    assert_ne!(error.source().unwrap().to_string(), error.to_string());

    let mut nameless = t1();
    nameless.issuer = None;
    let error = nameless.server_metadata(json!({ "issuer": ISSUER }));
    assert!(matches!(error, Err(Error::NoIssuer)), "{error:?}");
}

#[test]
fn endpoints_are_below_the_issuers_path() {
    for issuer in [
        "https://auth.example.com/tenants/acme",
        "https://auth.example.com/tenants/acme/",
    ] {
        let mut tenant = t1();
        tenant.issuer = Some(Issuer::parse(issuer).unwrap());
        let metadata = merged(&tenant, json!({}));
        assert_eq!(metadata["issuer"], issuer);
        let endpoint = "https://auth.example.com/tenants/acme/oidc/register";
        assert_eq!(metadata["registration_endpoint"], endpoint);
    }
}
