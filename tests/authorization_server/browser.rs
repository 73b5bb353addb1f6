//! Chromium goes through sign-in and consent, with and without scripts.
//!
//! Its pictures of the pages are in `target/screenshots`.

use serde_json::{Value, json};

use crate::{
    chromium::{assert_is_picture, drive, screenshots},
    client::{Client, Tokens},
    example_server::ExampleServer,
    wire::with,
};

#[tokio::test]
async fn a_person_consents_and_returns_to_the_application() {
    let api = "https://api.acme.example";
    let settings = json!({ "tenants": [{
        "id": "acme",
        "registration": { "enabled": true },
        "apis": [{ "identifier": api, "scopes": ["read:items", "write:items"] }],
        "client_grants": [{ "default_for": "third_party_clients", "audience": api,
                            "allow_all_scopes": true }],
        "connections": [{ "name": "google", "is_domain_connection": true },
                        { "name": "acme-staff", "is_domain_connection": true }],
    }] });
    let server = ExampleServer::start_with(Some(&settings), &["--protect-name", "Acme"]);
    let metadata = json!({
        "token_endpoint_auth_method": "none",
        "client_name": "Acme Helper",
        "redirect_uris": ["http://127.0.0.1:33418/callback", "https://app.example.com/callback"],
    });
    let client = Client::register(&server.base, metadata).await;
    let request = with(client.authorization(), "audience", api);
    let scope = "read:items write:items offline_access";
    let request = with(request, "scope", scope);

    let folder = screenshots();
    let url = client.authorization_url(&request);
    let seen = drive("browser.mjs", [url.as_ref(), folder.as_ref()]);
    for way in ["withScript", "withoutScript"] {
        assert_went_through(way, &seen[way], &client).await;
    }
    for page in [
        "sign-in",
        "sign-in-400",
        "consent",
        "consent-400",
        "consent-dark",
    ] {
        assert_is_picture(&folder, page);
    }
    for page in ["signIn", "consent"] {
        assert_eq!(seen["withScript"][page]["isTooWide"], false, "{page}");
    }
}

async fn assert_went_through(way: &str, seen: &Value, client: &Client) {
    assert_eq!(seen["signIn"]["heading"], "Sign in", "{way}");
    let consent = seen["consent"]["text"].as_str().unwrap();
    for text in [
        "Acme Helper asks for access",
        "Not verified",
        "This name looks like “Acme”",
        "https://api.acme.example",
        "read:items",
        "while you are away",
        "a program on this device (127.0.0.1)",
        "Grace Hopper",
    ] {
        assert!(consent.contains(text), "{way}: {text} is not in {consent}");
    }
    // The browser complains about a violated policy or a stopped script.
    assert_eq!(seen["complaints"], json!([]), "{way}");
    assert_eq!(seen["cookies"], json!([]), "{way}");

    let received = seen["received"].as_array().unwrap();
    assert_eq!(received.len(), 1, "{way}");
    assert_eq!(received[0]["state"], "s-7f3a", "{way}");
    assert_eq!(received[0]["iss"], client.base, "{way}");
    let form = client.exchange(received[0]["code"].as_str().unwrap());
    let form = with(form, "redirect_uri", seen["redirectUri"].as_str().unwrap());
    let tokens = Tokens::of(&client.token(&form).await);
    // The other scope was unticked.
    assert_eq!(tokens.scope, "read:items offline_access", "{way}");
    let items = client.items(&tokens.access).await.json();
    assert_eq!(items["user"], "grace", "{way}");
}
