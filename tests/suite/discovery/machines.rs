//! Hosts whose clients never use the authorization endpoint.

use oauth_dcr::{discovery::ServerMetadataError as Error, types::TokenEndpointAuthMethod};
use serde_json::{Value, json};

use super::{
    merged,
    trial::{Trial, open_tenant},
};
use crate::support::tenants::{API, t1};

const DEVICE: &str = "urn:ietf:params:oauth:grant-type:device_code";

/// A document with these grants and the members about the authorization endpoint.
fn document(grants: &[&str]) -> Value {
    json!({
        "authorization_endpoint": "https://auth.example.com/authorize",
        "token_endpoint": "https://auth.example.com/token",
        "device_authorization_endpoint": "https://auth.example.com/device",
        "grant_types_supported": grants,
        "response_modes_supported": ["query", "jwt"],
        "code_challenge_methods_supported": ["plain"],
        "prompt_values_supported": ["login"],
        "protected_resources": [API],
    })
}

#[test]
fn without_redirect_grants_no_authorization_endpoint() {
    let tenant = t1().permissive();
    for grants in [
        &["client_credentials"][..],
        &[DEVICE],
        &[DEVICE, "refresh_token"],
        &["password", "client_credentials", DEVICE],
    ] {
        // It makes no difference whether the host lists the absent response types as empty.
        let silent = document(grants);
        let mut says_code = silent.clone();
        says_code["response_types_supported"] = json!(["code", "token"]);
        let mut says_none = silent.clone();
        says_none["response_types_supported"] = json!([]);
        for document in [silent, says_code, says_none] {
            let metadata = merged(&tenant, document);
            // This member is required, and it is empty: without it, clients would assume `code`.
            assert_eq!(metadata["response_types_supported"], json!([]));
            for member in [
                "authorization_endpoint",
                "response_modes_supported",
                "code_challenge_methods_supported",
                "prompt_values_supported",
            ] {
                assert_eq!(metadata.get(member), None, "{member}");
            }
            let has_device = metadata.get("device_authorization_endpoint").is_some();
            assert_eq!(has_device, grants.contains(&DEVICE));
            assert_eq!(metadata["token_endpoint"], "https://auth.example.com/token");
            assert_eq!(merged(&tenant, metadata.clone()), metadata);
        }
    }
}

#[test]
fn one_redirect_grant_keeps_the_authorization_endpoint() {
    for (grant, response_type) in [("authorization_code", "code"), ("implicit", "token")] {
        let mut document = document(&["client_credentials", grant]);
        document["response_types_supported"] = json!([response_type]);
        document["code_challenge_methods_supported"] = json!(["S256"]);
        let metadata = merged(&t1().permissive(), document);
        assert_eq!(metadata["response_types_supported"], json!([response_type]));
        assert_eq!(metadata["response_modes_supported"], json!(["query"]));
        assert_eq!(metadata["prompt_values_supported"], json!(["login"]));
        let endpoint = "https://auth.example.com/authorize";
        assert_eq!(metadata["authorization_endpoint"], endpoint);
    }
}

#[test]
fn error_names_grants_that_cannot_start() {
    let mut without_secrets = t1().permissive();
    without_secrets.registration.token_endpoint_auth_methods =
        [TokenEndpointAuthMethod::None].into_iter().collect();
    for (tenant, grants) in [
        (t1(), &["client_credentials"][..]),
        (t1(), &[DEVICE, "refresh_token"]),
        (t1().permissive(), &["refresh_token"]),
        (t1().permissive(), &[]),
        (without_secrets, &["client_credentials", "refresh_token"]),
    ] {
        let error = tenant.server_metadata(document(grants)).unwrap_err();
        let is_named =
            matches!(error, Error::NothingLeft { member } if member == "grant_types_supported");
        assert!(is_named, "{grants:?}: {error}");
    }
}

#[tokio::test]
async fn client_can_use_advertised_grants_without_redirects() {
    for (grant, scopes) in [
        (
            "client_credentials",
            vec!["delete:items", "read:items", "write:items"],
        ),
        (DEVICE, vec!["read:items", "write:items"]),
    ] {
        let trial = Trial::new(open_tenant().permissive());
        let metadata = merged(&trial.tenant, document(&[grant]));
        assert_eq!(metadata["grant_types_supported"], json!([grant]));
        assert_eq!(metadata["protected_resources"], json!([API]));
        assert_eq!(metadata["scopes_supported"], json!(scopes));

        let registration = json!({ "grant_types": [grant] });
        let it = trial.register("client_secret_post", registration).await;
        let it = it.unwrap();
        let given = match grant {
            DEVICE => trial.on_device(&it, &scopes.join(" ")),
            _ => trial.by_itself(&it, &scopes.join(" ")),
        };
        let given = given.unwrap();
        assert_eq!(given.access().audience(), Some(API));
        assert_eq!(given.access().scopes().collect::<Vec<_>>(), scopes);
        // What the document leaves out is not available at the authorization endpoint.
        assert!(trial.authorize(&it, &[]).is_err());
    }
}
