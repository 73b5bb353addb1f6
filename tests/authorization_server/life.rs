//! Clients that are evicted for other clients, and clients that are not.

use http::Request;
use serde_json::{Value, json};

use crate::{
    client::{Client, Tokens},
    example_server::ExampleServer,
    fixture::{consent_page, two_scopes},
    wire::{Answer, send, without},
};

/// A tenant with a limit of one client.
fn room_for_one() -> Value {
    let mut settings = two_scopes("strict");
    settings["tenants"][0]["registration"]["max_clients"] = 1.into();
    settings
}

async fn register(server: &ExampleServer) -> Answer {
    let body = json!({
        "redirect_uris": ["https://other.example.com/cb"], "token_endpoint_auth_method": "none",
    });
    let request = Request::post(format!("{}/oidc/register", server.base))
        .header("content-type", "application/json");
    send(request.body(body.to_string()).unwrap()).await
}

#[tokio::test]
async fn a_client_with_a_code_is_not_evicted() {
    let server = ExampleServer::start(Some(&room_for_one()));
    let client = Client::public(&server.base).await;
    let request = without(client.authorization(), "audience");
    let code = client.code_for(&request).await;
    for _ in 0..2 {
        let refused = register(&server).await;
        assert_eq!(refused.status, 403, "{refused:?}");
        assert_eq!(refused.json()["error"], "too_many_entities");
    }
    let tokens = Tokens::of(&client.token(&client.exchange(&code)).await);
    let refreshed = client.token(&client.refresh(&tokens.refresh)).await;
    assert_eq!(refreshed.status, 200, "{refreshed:?}");
}

#[tokio::test]
async fn a_client_evicted_during_consent_gets_no_code() {
    let server = ExampleServer::start_with(Some(&room_for_one()), &[]);
    let client = Client::public(&server.base).await;
    let (mut person, consent) = consent_page(&client).await;
    assert_eq!(consent.answer.status, 200, "{:?}", consent.answer);
    assert_eq!(register(&server).await.status, 201);
    let answer = person.decide(&consent, "approve", &["read:items"]).await;
    assert_eq!(answer.status, 400, "{answer:?}");
    assert_eq!(answer.header("location"), None);
    // No later request gets this far with the client.
    let again = client.authorize(&client.authorization()).await;
    assert_eq!(again.status, 400, "{again:?}");
}
