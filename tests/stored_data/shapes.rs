//! Clients of every shape, and the tenants with which they register.

use oauth_dcr::{
    Registrar, RegistrationRequest, TenantId, Tenants, registration::Field,
    settings::SettingsDocument, store::ClientStore,
};
use serde_json::json;

use crate::{
    fixed::{FixedClock, FixedRandom},
    requests::Differs,
};

pub(crate) const API: &str = "https://api.example.com";

/// A client, and how its authorization request differs from the usual one.
pub(crate) struct Shape {
    pub(crate) name: &'static str,
    pub(crate) tenant: &'static str,
    pub(crate) request: RegistrationRequest,
    pub(crate) differs: &'static Differs,
}

/// The two tenants.
pub(crate) fn settings() -> SettingsDocument {
    let grant = |subject: &str| {
        json!({
            "default_for": "third_party_clients", "audience": API, "subject_type": subject,
            "scope": ["read:items", "write:items"],
        })
    };
    let tenant = |id: &str, methods: &[&str]| {
        json!({
            "id": id,
            "hosts": [format!("{id}.example")],
            "issuer": format!("https://{id}.example"),
            "registration": {
                "enabled": true,
                "security_mode": id,
                "rate_limit": null,
                "token_endpoint_auth_methods": methods,
                "redirect_uris": { "schemes": ["cursor"], "single_label_hosts": true },
                "max_clients": 1_000_000,
                "remove_unused_after_seconds": 86_400,
                "fold_identical": true,
            },
            "apis": [{
                "identifier": API, "policy": "allow_all",
                "scopes": ["read:items", "write:items", "delete:items"],
            }],
            "client_grants": [grant("user"), grant("client")],
            "connections": [
                { "name": "google", "is_domain_connection": true }, { "name": "staff-ldap" },
            ],
        })
    };
    let document = json!({ "tenants": [
        tenant("strict", &["none", "client_secret_post"]),
        tenant("permissive", &["none", "client_secret_post", "client_secret_basic"]),
    ] });
    SettingsDocument::from_json(&document.to_string()).unwrap()
}

/// A registrar of both tenants that saves its clients in `store`.
pub(crate) fn registrar(store: impl ClientStore) -> Registrar {
    Registrar::builder(store)
        .tenants(Tenants::new(settings()))
        .clock(FixedClock)
        .random(FixedRandom::default())
        .build()
        .unwrap()
}

pub(crate) fn tenant(id: &str) -> TenantId {
    TenantId::parse(id).unwrap()
}

fn public(redirect_uris: &[&str]) -> RegistrationRequest {
    RegistrationRequest::new(redirect_uris.to_vec())
        .token_endpoint_auth_method("none")
        .grant_types(["authorization_code", "refresh_token"])
}

fn confidential(redirect_uri: &str) -> RegistrationRequest {
    RegistrationRequest::new([redirect_uri])
        .token_endpoint_auth_method("client_secret_post")
        .grant_types(["refresh_token", "authorization_code"])
}

const CALLBACK: &str = "https://app.example.com/callback";

/// A public client with only a name, one redirect URI and the grant types for refresh tokens.
pub(crate) fn named(name: &str) -> RegistrationRequest {
    public(&[CALLBACK]).client_name(name)
}

pub(crate) fn all() -> Vec<Shape> {
    let strict = |name, request| Shape {
        name,
        tenant: "strict",
        request,
        differs: &[],
    };
    vec![
        strict("public", named("My Dynamic Application")),
        strict("confidential", confidential(CALLBACK).client_name("Server")),
        strict("every_member", every_member()),
        strict("private_use_schemes", private_use_schemes()),
        Shape {
            differs: &[("redirect_uri", "")],
            ..strict(
                "single_label_host",
                public(&["https://intranet/cb?tenant=7"]),
            )
        },
        strict("loopback", loopback()),
        strict("astral_name", named("𝕏 🦀 𠮷野家 👩🏽\u{200d}🚀 𐎠")),
        strict("blocked", named("Blocked")),
        strict("redirection_policy", named("Trusted")),
        strict(
            "rotated_secret",
            confidential(CALLBACK).client_name("Rotated"),
        ),
        strict("updated", named("Before the update")),
        strict("used", named("Used")),
        Shape {
            tenant: "permissive",
            differs: &[
                ("code_challenge", ""),
                ("code_challenge_method", ""),
                ("response_type", "code id_token"),
                ("response_mode", "form_post"),
                ("scope", "openid read:items email offline_access"),
            ],
            ..strict("permissive", permissive())
        },
        Shape {
            tenant: "permissive",
            ..strict("permissive_public", named("My Dynamic Application"))
        },
    ]
}

fn every_member() -> RegistrationRequest {
    let site = |path: &str| format!("https://app.example.com/{path}");
    public(&[CALLBACK, "https://app.example.com/two?q=%22&r=1"])
        .application_type("web")
        .client_name("\"Quotes\" \\ back / slash 'n' & é")
        .localized(Field::ClientName, "ja-Jpan-JP", "クライアント")
        .localized(Field::ClientName, "he", "שָׁלוֹם")
        .localized(Field::ClientName, "fa", "می\u{200c}خواهم")
        .client_uri(site(""))
        .logo_uri(site("logo.png"))
        .localized(Field::LogoUri, "ja", site("ja.png"))
        .policy_uri(site("policy"))
        .tos_uri(site("terms"))
        .contacts([
            "ops@app.example.com",
            "\"Ops\" \\ <ops@app.example.com>",
            "運用",
        ])
        .scope("read:items write:items urn:example:x")
        .software_id("4NRB1-0XZABZI9E6-5SM3R")
        .software_version("2.1 \"beta\" \\ 🦀")
}

fn private_use_schemes() -> RegistrationRequest {
    public(&[
        "cursor://anysphere.cursor-mcp/oauth/callback",
        "com.example.app:/callback",
    ])
    .application_type("native")
}

fn loopback() -> RegistrationRequest {
    public(&[
        "http://127.0.0.1:33418/callback",
        "http://[::1]/callback",
        "http://localhost:8080/callback",
        "https://127.0.0.1/callback",
    ])
}

fn permissive() -> RegistrationRequest {
    RegistrationRequest::new([CALLBACK])
        .token_endpoint_auth_method("client_secret_basic")
        .application_type("web")
        .client_name("All grants")
        .grant_types([
            "authorization_code",
            "refresh_token",
            "implicit",
            "client_credentials",
            "urn:ietf:params:oauth:grant-type:device_code",
        ])
        .response_types([
            "code",
            "token",
            "id_token",
            "id_token token",
            "code id_token",
            "code token",
            "code id_token token",
        ])
}
