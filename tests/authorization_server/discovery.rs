//! The metadata documents are true.

use http::Request;
use serde_json::{Value, json};

use crate::{
    client::{Client, Tokens},
    example_server::ExampleServer,
    wire::{get, pairs, post, send, with},
};

async fn document(base: &str, name: &str) -> Value {
    let answer = get(&format!("{base}/.well-known/{name}")).await;
    assert_eq!(answer.status, 200, "{name}");
    assert_eq!(answer.header("access-control-allow-origin"), Some("*"));
    answer.json()
}

fn strings(list: &Value) -> Vec<&str> {
    let list = list.as_array().unwrap();
    list.iter().map(|it| it.as_str().unwrap()).collect()
}

#[tokio::test]
async fn everything_that_is_advertised_works() {
    let server = ExampleServer::start(None);
    let base = &server.base;
    let metadata = document(base, "oauth-authorization-server").await;
    assert_eq!(metadata["issuer"], *base);
    for (name, path) in [
        ("authorization_endpoint", "/authorize"),
        ("token_endpoint", "/oauth/token"),
        ("revocation_endpoint", "/oauth/revoke"),
        ("registration_endpoint", "/oidc/register"),
    ] {
        assert_eq!(metadata[name], format!("{base}{path}"));
    }
    assert_eq!(
        metadata["authorization_response_iss_parameter_supported"],
        true
    );
    assert_eq!(
        metadata["code_challenge_methods_supported"],
        json!(["S256"])
    );
    assert_eq!(
        metadata["protected_resources"],
        json!([format!("{base}/api")])
    );

    for method in strings(&metadata["token_endpoint_auth_methods_supported"]) {
        let registration = json!({ "token_endpoint_auth_method": method });
        let client = Client::register(base, registration).await;
        let tokens = client.tokens().await;
        let form = client.authenticated(pairs([("token", &tokens.access)]));
        let revoked = post(&format!("{base}/oauth/revoke"), &form).await;
        assert_eq!(revoked.status, 200, "{method}");
    }
    let client = Client::public(base).await;
    for response_mode in strings(&metadata["response_modes_supported"]) {
        let request = with(client.authorization(), "response_mode", response_mode);
        let answer = client.authorize(&request).await;
        let place = match response_mode {
            "form_post" => answer.body.as_str(),
            _ => answer.header("location").unwrap(),
        };
        assert!(place.contains("code"), "{response_mode}");
    }
    let scope = strings(&metadata["scopes_supported"]).join(" ");
    let request = with(client.authorization(), "scope", &scope);
    let code = client.code_for(&request).await;
    let tokens = Tokens::of(&client.token(&client.exchange(&code)).await);
    let mut granted: Vec<_> = tokens.scope.split(' ').collect();
    granted.sort_unstable();
    assert_eq!(granted.join(" "), scope);
    assert_ne!(tokens.refresh, "");
}

#[tokio::test]
async fn both_discovery_documents_agree() {
    let server = ExampleServer::start(None);
    let oauth = document(&server.base, "oauth-authorization-server").await;
    let openid = document(&server.base, "openid-configuration").await;
    for (name, value) in oauth.as_object().unwrap() {
        assert_eq!(openid[name], *value, "{name}");
    }
    assert_eq!(openid["request_uri_parameter_supported"], false);
}

#[tokio::test]
async fn the_openid_document_has_what_openid_clients_require() {
    let server = ExampleServer::start(None);
    let openid = document(&server.base, "openid-configuration").await;
    let required = "id_token_signing_alg_values_supported";
    assert_eq!(openid[required], json!(["RS256"]));
    assert_eq!(openid["subject_types_supported"], json!(["public"]));
    assert_eq!(
        openid["jwks_uri"],
        format!("{}/.well-known/jwks.json", server.base)
    );
    let scopes = openid["scopes_supported"].as_array();
    assert!(
        scopes.is_none_or(|it| !it.contains(&json!("openid"))),
        "{openid}"
    );
    let oauth = document(&server.base, "oauth-authorization-server").await;
    assert_eq!(oauth.get(required), None);
}

#[tokio::test]
async fn no_document_has_an_empty_list() {
    let tenant = |mode: &str| json!({ "tenants": [{ "id": "acme", "registration": { "enabled": true, "security_mode": mode } }] });
    for settings in [None, Some(tenant("strict")), Some(tenant("permissive"))] {
        let server = ExampleServer::start(settings.as_ref());
        for name in ["oauth-authorization-server", "openid-configuration"] {
            let metadata = document(&server.base, name).await;
            let mut values = metadata.as_object().unwrap().values();
            assert!(values.all(|it| *it != json!([])), "{metadata}");
        }
    }
}

#[tokio::test]
async fn a_new_client_can_have_every_listed_scope() {
    let tenant = |mode: &str| {
        json!({ "tenants": [{
            "id": "acme",
            "issuer": "https://auth.acme.example",
            "registration": { "enabled": true, "security_mode": mode },
            "apis": [
                { "identifier": "https://listed.example", "scopes": ["l1", "l2"] },
                { "identifier": "https://all.example", "scopes": ["a1"] },
                { "identifier": "https://open.example", "scopes": ["o1"], "policy": "allow_all" },
                { "identifier": "https://closed.example", "scopes": ["c1"], "policy": "deny" },
                { "identifier": "https://system.example", "scopes": ["s1"], "system": true },
                { "identifier": "https://ungranted.example", "scopes": ["u1"] },
            ],
            "client_grants": [
                { "default_for": "third_party_clients", "audience": "https://listed.example",
                  "scope": ["l1", "gone"] },
                { "default_for": "third_party_clients", "audience": "https://all.example",
                  "allow_all_scopes": true },
                { "default_for": "third_party_clients", "audience": "https://closed.example",
                  "allow_all_scopes": true },
                { "default_for": "third_party_clients", "audience": "https://ungranted.example",
                  "allow_all_scopes": true, "subject_type": "client" },
            ],
        }] })
    };
    let strict = ExampleServer::start(Some(&tenant("strict")));
    let metadata = document(&strict.base, "oauth-authorization-server").await;
    assert_eq!(metadata["issuer"], "https://auth.acme.example");
    assert_eq!(
        metadata["authorization_endpoint"],
        "https://auth.acme.example/authorize"
    );
    assert_eq!(
        metadata["scopes_supported"],
        json!(["a1", "l1", "offline_access"])
    );
    let grants = json!(["authorization_code", "refresh_token"]);
    assert_eq!(metadata["grant_types_supported"], grants);

    let permissive = ExampleServer::start(Some(&tenant("permissive")));
    let metadata = document(&permissive.base, "oauth-authorization-server").await;
    // The last grant is for clients that request access on their own behalf, which permissive
    // clients can do.
    let scopes = json!(["a1", "l1", "o1", "offline_access", "u1"]);
    assert_eq!(metadata["scopes_supported"], scopes);
    let grants = json!(["authorization_code", "refresh_token", "client_credentials"]);
    assert_eq!(metadata["grant_types_supported"], grants);
}

#[tokio::test]
async fn refused_features_are_not_advertised() {
    let settings = json!({ "tenants": [{
        "id": "acme",
        "registration": {
            "enabled": false,
            "security_mode": "permissive",
            "token_endpoint_auth_methods": ["none"],
        },
    }] });
    let server = ExampleServer::start(Some(&settings));
    for name in ["oauth-authorization-server", "openid-configuration"] {
        let metadata = document(&server.base, name).await;
        assert_eq!(metadata.get("registration_endpoint"), None);
        let methods = json!(["none"]);
        assert_eq!(metadata["token_endpoint_auth_methods_supported"], methods);
        let revocation = &metadata["revocation_endpoint_auth_methods_supported"];
        assert_eq!(*revocation, methods);
        // A client without a secret gets no token of its own.
        let grants = json!(["authorization_code", "refresh_token"]);
        assert_eq!(metadata["grant_types_supported"], grants);
        assert_eq!(metadata["request_uri_parameter_supported"], false);
    }
}

#[tokio::test]
async fn documents_of_other_issuers_are_missing() {
    let server = ExampleServer::start(None);
    for path in [
        "/.well-known/oauth-authorization-server/other",
        "/.well-known/openid-configuration/other",
        "/other/.well-known/openid-configuration",
    ] {
        let answer = get(&format!("{}{path}", server.base)).await;
        assert_eq!(answer.status, 404, "{path}");
    }
}

#[tokio::test]
async fn the_api_names_its_authorization_server() {
    let server = ExampleServer::start(None);
    for path in ["", "/api", "/api/items"] {
        let name = format!("oauth-protected-resource{path}");
        let metadata = document(&server.base, &name).await;
        assert_eq!(metadata["resource"], format!("{}/api", server.base));
        assert_eq!(metadata["authorization_servers"], json!([server.base]));
        assert_eq!(metadata["bearer_methods_supported"], json!(["header"]));
        // `write:items` is missing, because no default permission covers it.
        assert_eq!(metadata["scopes_supported"], json!(["read:items"]));
    }
}

#[tokio::test]
async fn api_documents_have_no_empty_list() {
    let settings = json!({ "tenants": [{
        "id": "acme",
        "registration": { "enabled": true },
        "apis": [{ "identifier": "https://items.example", "scopes": ["read:items"] }],
    }] });
    let server = ExampleServer::start(Some(&settings));
    for name in [
        "oauth-authorization-server",
        "openid-configuration",
        "oauth-protected-resource",
    ] {
        let metadata = document(&server.base, name).await;
        let is_empty = |value: &Value| value.as_array().is_some_and(Vec::is_empty);
        let members = metadata.as_object().unwrap();
        assert!(!members.is_empty(), "{name}");
        let empty: Vec<_> = members.iter().filter(|(_, it)| is_empty(it)).collect();
        assert!(empty.is_empty(), "{name}: {empty:?}");
    }
}

#[tokio::test]
async fn the_api_is_the_first_resource_with_items() {
    let settings = json!({ "tenants": [{
        "id": "acme",
        "apis": [
            { "identifier": "https://system.example", "scopes": ["read:items"], "system": true },
            { "identifier": "https://other.example", "scopes": ["read:users"] },
            { "identifier": "https://items.example", "scopes": ["read:items"] },
        ],
    }] });
    let server = ExampleServer::start(Some(&settings));
    let metadata = document(&server.base, "oauth-protected-resource/api").await;
    assert_eq!(metadata["resource"], "https://items.example");

    let settings = json!({ "tenants": [{ "id": "acme" }] });
    let server = ExampleServer::start(Some(&settings));
    for path in ["/api/items", "/.well-known/oauth-protected-resource/api"] {
        assert_eq!(get(&format!("{}{path}", server.base)).await.status, 404);
    }
}

#[tokio::test]
async fn an_invalid_host_appears_in_no_answer() {
    let server = ExampleServer::start(None);
    for path in ["/api/items", "/.well-known/oauth-authorization-server"] {
        for host in [
            r#"x", error="y"#,
            "127.0.0.1/evil",
            "localhost/a",
            "u@127.0.0.1",
            "127.0.0.1?a",
        ] {
            let request = Request::get(format!("{}{path}", server.base))
                .header("host", host)
                .body(String::new());
            let answer = send(request.unwrap()).await;
            assert_eq!(answer.status, 404, "{host} {path}");
            assert_eq!(answer.header("www-authenticate"), None);
        }
    }
}
