//! The picture of the consent page in the README.

use std::{fs, path::Path};

use serde_json::json;

use crate::{
    chromium::{assert_is_picture, drive, screenshots},
    client::Client,
    example_server::ExampleServer,
    wire::with,
};

const MOST_BYTES: usize = 150_000;

/// Makes `target/screenshots/consent-page.png`. Copy the file to `.github` when the page looks different.
#[tokio::test]
async fn the_picture_of_the_readme_can_be_repeated() {
    let api = "https://api.acme.example/calendar";
    let settings = json!({ "tenants": [{
        "id": "acme",
        "registration": { "enabled": true },
        "apis": [{ "identifier": api, "scopes": ["read:events", "create:events"] }],
        "client_grants": [{ "default_for": "third_party_clients", "audience": api,
                            "allow_all_scopes": true }],
        "connections": [{ "name": "acme-staff", "is_domain_connection": true }],
    }] });
    let server = ExampleServer::start_with(Some(&settings), &[]);
    let metadata = json!({
        "token_endpoint_auth_method": "none",
        "client_name": "Meeting Notes Assistant",
        "redirect_uris": ["https://notes.example.com/callback"],
    });
    let client = Client::register(&server.base, metadata).await;
    let request = with(client.authorization(), "audience", api);
    let scope = "read:events create:events offline_access";
    let url = client.authorization_url(&with(request, "scope", scope));

    let file = screenshots().join("consent-page.png");
    let seen = drive("consent_picture.mjs", [url.as_ref(), file.as_ref()]);
    let text = seen["text"].as_str().unwrap();
    assert!(
        text.contains("Meeting Notes Assistant asks for access"),
        "{text}"
    );
    assert_is_picture(&screenshots(), "consent-page");
}

#[test]
fn the_readme_has_a_small_picture() {
    let github = Path::new(env!("CARGO_MANIFEST_DIR")).join(".github");
    assert_is_picture(&github, "consent-page");
    let picture = fs::read(github.join("consent-page.png")).unwrap();
    assert!(picture.len() < MOST_BYTES, "{} bytes", picture.len());
}
