//! A person at the consent page.

use serde_json::{Value, json};

use crate::{
    client::Client,
    example_server::ExampleServer,
    person::{Page, Person},
    wire::{Answer, with, without},
};

/// The only connection of a server without settings.
pub(crate) const CONNECTION: &str = "demonstration";

/// A person at the consent page.
pub(crate) struct Fixture {
    _server: ExampleServer,
    pub(crate) client: Client,
    pub(crate) person: Person,
    pub(crate) sign_in: Page,
    pub(crate) consent: Page,
}

impl Fixture {
    pub(crate) async fn new() -> Self {
        let server = ExampleServer::start_with(None, &[]);
        let client = Client::public(&server.base).await;
        let mut person = Person::new(&server.base);
        let url = client.authorization_url(&client.authorization());
        let sign_in = person.open(&url).await;
        let consent = person.sign_in(&sign_in, "grace", CONNECTION).await;
        assert_eq!(consent.answer.status, 200, "{:?}", consent.answer);
        Self {
            _server: server,
            client,
            person,
            sign_in,
            consent,
        }
    }

    pub(crate) async fn approve(&mut self) -> Answer {
        let consent = &self.consent;
        self.person
            .decide(consent, "approve", &["read:items"])
            .await
    }
}

pub(crate) fn assert_is_refused(answer: &Answer) {
    assert_eq!(answer.status, 403, "{answer:?}");
    assert_eq!(answer.header("location"), None);
    assert_eq!(answer.header("set-cookie"), None);
}

/// A tenant that grants every client both scopes of its API.
pub(crate) fn two_scopes(mode: &str) -> Value {
    json!({ "tenants": [{
        "id": "acme",
        "registration": { "enabled": true, "security_mode": mode },
        "default_audience": "https://items.example",
        "apis": [{ "identifier": "https://items.example",
                   "scopes": ["read:items", "write:items"] }],
        "client_grants": [{ "default_for": "third_party_clients",
            "audience": "https://items.example", "allow_all_scopes": true }],
        "connections": [{ "name": "google", "is_domain_connection": true }],
    }] })
}

pub(crate) async fn consent_page(client: &Client) -> (Person, Page) {
    let request = without(client.authorization(), "audience");
    let scope = "read:items write:items offline_access";
    let request = with(request, "scope", scope);
    let mut person = Person::new(&client.base);
    let page = person.open(&client.authorization_url(&request)).await;
    let consent = person.sign_in(&page, "ada", "google").await;
    (person, consent)
}
