//! Requests of widespread programs.

use serde_json::{Value, json};
use sqlx::{ConnectOptions as _, sqlite::SqliteConnectOptions};

use crate::{
    client::{Client, Tokens},
    example_server::ExampleServer,
    fixture::two_scopes,
    person::Person,
    temporary::TemporaryDir,
    wire::{Pairs, get, pairs, post, with, without},
};

const FAILED: &str = "client authentication failed: authenticate with the method that the \
                      client registered; supported methods: none, client_secret_post; if the registration is gone, \
                      register again";

fn registered_is_enough() -> Value {
    let mut settings = two_scopes("strict");
    settings["tenants"][0]["refresh_token_when"] = "registered".into();
    settings
}

/// The authorization request of a program that asks for what the metadata of the API lists.
async fn as_the_metadata_says(client: &Client) -> Pairs {
    let url = format!("{}/.well-known/oauth-protected-resource/api", client.base);
    let metadata = get(&url).await.json();
    let scopes = metadata["scopes_supported"].as_array().unwrap().iter();
    let scopes: Vec<_> = scopes.map(|scope| scope.as_str().unwrap()).collect();
    let request = without(client.authorization(), "audience");
    let request = with(request, "resource", metadata["resource"].as_str().unwrap());
    with(request, "scope", &scopes.join(" "))
}

#[tokio::test]
async fn listed_scopes_can_give_a_refresh_token() {
    let server = ExampleServer::start(Some(&registered_is_enough()));
    for client in [
        Client::public(&server.base).await,
        Client::confidential(&server.base).await,
    ] {
        let code = client.code_for(&as_the_metadata_says(&client).await).await;
        let first = Tokens::of(&client.token(&client.exchange(&code)).await);
        assert_ne!(first.refresh, "");
        assert_eq!(first.scope, "read:items write:items offline_access");
        let next = Tokens::of(&client.token(&client.refresh(&first.refresh)).await);
        assert_eq!(next.scope, first.scope);
        assert_eq!(client.items(&next.access).await.status, 200);
    }
}

#[tokio::test]
async fn listed_scopes_give_no_refresh_token_by_default() {
    let server = ExampleServer::start(Some(&two_scopes("strict")));
    let client = Client::public(&server.base).await;
    let code = client.code_for(&as_the_metadata_says(&client).await).await;
    let tokens = Tokens::of(&client.token(&client.exchange(&code)).await);
    let told = (&*tokens.refresh, &*tokens.scope);
    assert_eq!(told, ("", "read:items write:items"));
}

#[tokio::test]
async fn the_user_decides_on_an_unrequested_refresh_token() {
    let server = ExampleServer::start_with(Some(&registered_is_enough()), &[]);
    let client = Client::public(&server.base).await;
    for (ticked, scope) in [
        (&["read:items"][..], "read:items"),
        (
            &["read:items", "offline_access"],
            "read:items offline_access",
        ),
    ] {
        let mut person = Person::new(&server.base);
        let url = client.authorization_url(&as_the_metadata_says(&client).await);
        let page = person.open(&url).await;
        let page = person.sign_in(&page, "ada", "google").await;
        assert!(page.says("Keep this access while you are away"));
        let answer = person.decide(&page, "approve", ticked).await;
        let code = answer.redirected_with("code").unwrap();
        let tokens = Tokens::of(&client.token(&client.exchange(&code)).await);
        assert_eq!(tokens.scope, scope);
        assert_eq!(tokens.refresh.is_empty(), ticked.len() == 1);
    }
}

#[tokio::test]
async fn a_refresh_may_repeat_the_first_scopes() {
    let server = ExampleServer::start(None);
    let client = Client::public(&server.base).await;
    let scope = "openid read:items write:items admin offline_access";
    let request = with(client.authorization(), "scope", scope);
    let code = client.code_for(&request).await;
    let mut tokens = Tokens::of(&client.token(&client.exchange(&code)).await);
    assert_eq!(tokens.scope, "read:items offline_access");
    for repeated in [scope, "openid offline_access", scope, ""] {
        let form = with(client.refresh(&tokens.refresh), "scope", repeated);
        tokens = Tokens::of(&client.token(&form).await);
        assert_eq!(tokens.scope, "read:items offline_access");
        assert_eq!(client.items(&tokens.access).await.status, 200);
    }
    let form = with(client.refresh(&tokens.refresh), "scope", "openid admin");
    let refused = client.token(&form).await;
    let told = (refused.status, refused.error());
    assert_eq!(told, (400, "invalid_scope".to_owned()));
    // The refusal has used nothing up.
    Tokens::of(&client.token(&client.refresh(&tokens.refresh)).await);
}

#[tokio::test]
async fn a_deleted_client_is_told_to_register_again() {
    let dir = TemporaryDir::new();
    let path = dir.path().join("clients");
    let store = format!("sqlite:{}", path.display());
    let server = ExampleServer::start_with(None, &["--auto-approve", "--store", &store]);
    let client = Client::public(&server.base).await;
    let (tokens, code) = (client.tokens().await, client.code().await);

    let mut file = SqliteConnectOptions::new()
        .filename(&path)
        .connect()
        .await
        .unwrap();
    let deleted = sqlx::query("DELETE FROM oauth_dcr_clients WHERE client_id = ?")
        .bind(&client.id)
        .execute(&mut file)
        .await
        .unwrap();
    assert_eq!(deleted.rows_affected(), 1);

    let revocation = client.authenticated(pairs([("token", &tokens.refresh)]));
    let revocation_url = format!("{}/oauth/revoke", server.base);
    let stranger = with(client.refresh("x"), "client_id", "tpc_NOPE");
    for answer in [
        client.token(&client.refresh(&tokens.refresh)).await,
        client.token(&client.exchange(&code)).await,
        client.token(&stranger).await,
        post(&revocation_url, &revocation).await,
    ] {
        assert_eq!(answer.status, 401, "{answer:?}");
        let expected = json!({ "error": "invalid_client", "error_description": FAILED });
        assert_eq!(answer.json(), expected);
        assert_eq!(answer.header("www-authenticate"), None);
    }
    let again = Client::public(&server.base).await;
    assert_ne!(again.id, client.id);
    again.tokens().await;
}
