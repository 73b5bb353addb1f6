//! Chromium goes through sign-in and consent, with and without scripts.
//!
//! Its pictures of the pages are in `target/screenshots`.

use std::{fs, path::Path, process::Command};

use serde_json::{Value, json};

use crate::{
    client::{Client, Tokens},
    example_server::ExampleServer,
    installed::clients,
    wire::with,
};

/// What the browser saw from the authorization URL on.
fn browse(url: &str, folder: &Path) -> Value {
    let output = Command::new("node")
        .arg(clients().join("browser.mjs"))
        .arg(url)
        .arg(folder)
        .output()
        .unwrap();
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{complaint}");
    serde_json::from_slice(&output.stdout).expect("the script prints one line of JSON")
}

#[tokio::test]
async fn a_person_gets_from_the_application_to_consent_and_back() {
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

    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/screenshots");
    fs::create_dir_all(&folder).unwrap();
    let seen = browse(&client.authorization_url(&request), &folder);
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
        let picture = fs::read(folder.join(format!("{page}.png"))).unwrap();
        assert!(
            picture.starts_with(b"\x89PNG") && picture.len() > 5_000,
            "{page}"
        );
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
    // A violated policy, a script that was stopped: the browser would have complained.
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
    assert_eq!(tokens.scope, "read:items", "{way}");
    let items = client.items(&tokens.access).await.json();
    assert_eq!(items["user"], "grace", "{way}");
}
