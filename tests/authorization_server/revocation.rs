//! `/oauth/revoke` (RFC 7009).

use serde_json::json;

use crate::{
    client::{Client, Tokens},
    example_server::ExampleServer,
    wire::{Answer, pairs, post, with},
};

async fn revoke(client: &Client, token: &str) -> Answer {
    let form = client.authenticated(pairs([("token", token)]));
    post(&format!("{}/oauth/revoke", client.base), &form).await
}

async fn can_refresh(client: &Client, tokens: &Tokens) -> bool {
    let answer = client.token(&client.refresh(&tokens.refresh)).await;
    answer.status == 200
}

#[tokio::test]
async fn revoking_a_refresh_token_ends_its_family() {
    let server = ExampleServer::start(None);
    let client = Client::public(&server.base).await;
    let first = client.tokens().await;
    let second = Tokens::of(&client.token(&client.refresh(&first.refresh)).await);
    // A replaced token still belongs to its family.
    let answer = revoke(&client, &first.refresh).await;
    assert_eq!((answer.status, &*answer.body), (200, ""));
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    assert_eq!(client.items(&first.access).await.status, 401);
    assert_eq!(client.items(&second.access).await.status, 401);
    assert!(!can_refresh(&client, &second).await);
}

#[tokio::test]
async fn revoking_an_access_token_revokes_nothing_else() {
    let server = ExampleServer::start(None);
    let client = Client::confidential(&server.base).await;
    let tokens = client.tokens().await;
    assert_eq!(revoke(&client, &tokens.access).await.status, 200);
    assert_eq!(client.items(&tokens.access).await.status, 401);
    assert!(can_refresh(&client, &tokens).await);
}

#[tokio::test]
async fn another_clients_token_is_not_revoked() {
    let server = ExampleServer::start(None);
    let (owner, other) = (
        Client::public(&server.base).await,
        Client::public(&server.base).await,
    );
    let tokens = owner.tokens().await;
    let of_nobody = revoke(&other, "no-such-token").await;
    for token in [&tokens.access, &tokens.refresh] {
        let answer = revoke(&other, token).await;
        assert_eq!((answer.status, &answer.body), (200, &of_nobody.body));
    }
    assert_eq!(owner.items(&tokens.access).await.status, 200);
    assert!(can_refresh(&owner, &tokens).await);
}

#[tokio::test]
async fn an_unauthenticated_client_revokes_nothing() {
    let server = ExampleServer::start(None);
    let client = Client::confidential(&server.base).await;
    let tokens = client.tokens().await;
    let url = format!("{}/oauth/revoke", server.base);
    let form = client.authenticated(pairs([("token", &tokens.access)]));
    for form in [
        with(form.clone(), "client_secret", "wrong"),
        with(form.clone(), "client_id", "tpc_NOPE"),
        pairs([("token", &tokens.access)]),
    ] {
        let answer = post(&url, &form).await;
        let told = (answer.status, answer.error());
        assert_eq!(told, (401, "invalid_client".to_owned()));
    }
    let nothing = post(&url, &client.authenticated(Vec::new())).await;
    assert_eq!(nothing.json()["error"], json!("invalid_request"));
    assert_eq!(client.items(&tokens.access).await.status, 200);
}
