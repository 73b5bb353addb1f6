//! Chromium shows refusals, and a person in it refuses.
//!
//! Its pictures of the pages are in `target/screenshots`.

use serde_json::{Value, json};

use crate::{
    chromium::{assert_is_picture, drive, screenshots},
    client::Client,
    example_server::ExampleServer,
    wire::{Pairs, with},
};

const OPEN: &str = "https://items.example";
const CLOSED: &str = "https://billing.example";

fn settings() -> Value {
    json!({ "tenants": [{
        "id": "acme",
        "registration": { "enabled": true },
        "apis": [{ "identifier": OPEN, "scopes": ["read:items"] },
                 { "identifier": CLOSED, "scopes": ["read:bills"] }],
        "client_grants": [{ "default_for": "third_party_clients", "audience": OPEN,
                            "allow_all_scopes": true }],
        "connections": [{ "name": "google", "is_domain_connection": true }],
    }] })
}

async fn client_at(base: &str, uri: &str) -> (Client, Pairs) {
    let metadata = json!({
        "token_endpoint_auth_method": "none",
        "client_name": "Notebook",
        "redirect_uris": [uri],
    });
    let client = Client::register(base, metadata).await;
    let request = with(client.authorization(), "audience", OPEN);
    (client, request)
}

#[tokio::test]
async fn a_person_can_act_on_every_refusal() {
    let server = ExampleServer::start_with(Some(&settings()), &[]);
    let (site, asked) = client_at(&server.base, "https://app.example.com/callback").await;
    let (program, asked_by_program) = client_at(&server.base, "http://127.0.0.1/callback").await;
    let forgotten = with(asked.clone(), "client_id", "tpc_GONE");
    let closed = with(asked.clone(), "audience", CLOSED);
    let as_form = with(asked.clone(), "response_mode", "form_post");
    let visits = json!([
        { "name": "forgotten", "url": site.authorization_url(&forgotten) },
        { "name": "closed", "url": site.authorization_url(&closed) },
        { "name": "denied", "url": site.authorization_url(&asked), "denies": true },
        { "name": "denied-form", "url": site.authorization_url(&as_form), "denies": true },
        { "name": "denied-program", "denies": true,
          "url": program.authorization_url(&asked_by_program) },
    ]);
    let folder = screenshots();
    let seen = drive(
        "refusals.mjs",
        [folder.as_ref(), visits.to_string().as_ref()],
    );

    assert_reads(
        &seen["forgotten"],
        "remove the connection to this service and add it again",
    );
    assert_eq!(seen["forgotten"]["links"], 0);
    assert_reads(&seen["closed"], "The application has done nothing wrong.");
    assert_sends_on_click(&seen["closed"], "error=unauthorized_client&");
    assert_reads(&seen["denied"], "The application did not get access.");
    assert_sends_on_click(&seen["denied"], "error=access_denied&");
    assert_sends_on_click(&seen["denied-form"], "https://app.example.com/callback");

    // Only the program on the device is told without a click.
    assert_reads(&seen["denied-program"], "The application has been told.");
    let told = seen["denied-program"]["toldUnasked"][0]["url"]
        .as_str()
        .unwrap();
    assert!(told.starts_with("/callback?error=access_denied&"), "{told}");
    for name in ["forgotten", "closed", "denied", "denied-form"] {
        let page = &seen[name];
        assert_eq!(page["toldUnasked"], json!([]), "{name}");
        assert_eq!(
            (&page["isTooWide"], &page["complaints"]),
            (&json!(false), &json!([])),
            "{name}"
        );
        for picture in [
            name.to_owned(),
            format!("{name}-400"),
            format!("{name}-dark"),
        ] {
            assert_is_picture(&folder, &picture);
        }
    }
}

#[track_caller]
fn assert_reads(page: &Value, text: &str) {
    assert!(page["text"].as_str().unwrap().contains(text), "{page}");
}

#[track_caller]
fn assert_sends_on_click(page: &Value, what: &str) {
    assert_eq!(page["links"], 1, "{page}");
    let told = page["told"].as_array().unwrap();
    assert_eq!(
        (told.len(), &told[0]["referrer"]),
        (1, &Value::Null),
        "{page}"
    );
    assert!(told[0]["url"].as_str().unwrap().contains(what), "{page}");
}
