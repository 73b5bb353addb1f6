//! Members that a host's document leaves out or sets to `null`.

use serde::Serialize;
use serde_json::{Value, json};

use super::merged;
use crate::support::tenants::{API, t1};

/// The document of a host that offers some of the features.
#[derive(Default, Serialize)]
struct Document {
    issuer: Option<&'static str>,
    token_endpoint: Option<&'static str>,
    userinfo_endpoint: Option<&'static str>,
    registration_endpoint: Option<&'static str>,
    revocation_endpoint: Option<&'static str>,
    device_authorization_endpoint: Option<&'static str>,
    pushed_authorization_request_endpoint: Option<&'static str>,
    revocation_endpoint_auth_methods_supported: Option<Vec<&'static str>>,
    grant_types_supported: Option<Vec<&'static str>>,
    response_types_supported: Option<Vec<&'static str>>,
    response_modes_supported: Option<Vec<&'static str>>,
    code_challenge_methods_supported: Option<Vec<&'static str>>,
    scopes_supported: Option<Vec<&'static str>>,
    protected_resources: Option<Vec<&'static str>>,
    prompt_values_supported: Option<Vec<&'static str>>,
    claims_parameter_supported: Option<bool>,
    require_pushed_authorization_requests: Option<bool>,
    signed_metadata: Option<&'static str>,
    mtls_endpoint_aliases: Option<Aliases>,
}

#[derive(Default, Serialize)]
struct Aliases {
    token_endpoint: Option<&'static str>,
    pushed_authorization_request_endpoint: Option<&'static str>,
}

fn merged_of(document: &Document) -> Value {
    merged(&t1(), serde_json::to_value(document).unwrap())
}

#[test]
fn host_can_use_a_custom_document_type() {
    let document = Document {
        token_endpoint: Some("https://auth.example.com/token"),
        ..Document::default()
    };
    let metadata = t1().server_metadata(document).unwrap();
    let metadata = serde_json::to_value(metadata).unwrap();
    assert_eq!(metadata["token_endpoint"], "https://auth.example.com/token");
    let grants = json!(["authorization_code", "refresh_token"]);
    assert_eq!(metadata["grant_types_supported"], grants);
}

#[test]
fn null_members_count_as_absent() {
    let written = serde_json::to_value(Document::default()).unwrap();
    assert_eq!(written["response_modes_supported"], Value::Null);
    for tenant in [t1(), t1().permissive()] {
        let metadata = merged(&tenant, written.clone());
        assert_eq!(metadata, merged(&tenant, json!({})));
        let mut values = metadata.as_object().unwrap().values();
        assert!(values.all(|value| !value.is_null()));
    }
    // This includes members that this crate does not know; their contents are the host's.
    let document = json!({ "x-null": null, "x-deep": [null, { "null": null }] });
    let metadata = merged(&t1(), document.clone());
    assert_eq!(metadata.get("x-null"), None);
    assert_eq!(metadata["x-deep"], document["x-deep"]);
}

#[test]
fn empty_lists_are_left_out() {
    let mut bare = t1();
    bare.apis.clear();
    bare.client_grants.clear();
    let document = json!({
        "grant_types_supported": ["authorization_code"],
        "scopes_supported": ["read:items"],
        "protected_resources": [API],
        "prompt_values_supported": ["none"],
        "claims_supported": [],
        "id_token_signing_alg_values_supported": [],
        "ui_locales_supported": [],
        "x-of-the-host": [],
        "x-nested": { "list": [] },
    });
    for tenant in [bare.clone(), bare.permissive()] {
        let metadata = merged(&tenant, document.clone());
        let mut values = metadata.as_object().unwrap().values();
        assert!(values.all(|value| *value != json!([])), "{metadata}");
        assert_eq!(metadata["x-nested"], document["x-nested"]);
        for member in [
            "scopes_supported",
            "protected_resources",
            "claims_supported",
        ] {
            assert_eq!(metadata.get(member), None, "{member}");
        }
    }
}

#[test]
fn mtls_aliases_stay_if_any_address_is_left() {
    let aliases = |mtls_endpoint_aliases| Document {
        mtls_endpoint_aliases,
        ..Document::default()
    };
    for none_left in [
        None,
        Some(Aliases::default()),
        Some(Aliases {
            pushed_authorization_request_endpoint: Some("https://mtls.example.com/par"),
            ..Aliases::default()
        }),
    ] {
        let metadata = merged_of(&aliases(none_left));
        assert_eq!(metadata.get("mtls_endpoint_aliases"), None);
    }
    let token = Aliases {
        token_endpoint: Some("https://mtls.example.com/token"),
        ..Aliases::default()
    };
    let left = json!({ "token_endpoint": "https://mtls.example.com/token" });
    let metadata = merged_of(&aliases(Some(token)));
    assert_eq!(metadata["mtls_endpoint_aliases"], left);
}
