//! Families of refresh tokens at a tenant with a leeway.

use std::time::Duration;

use serde_json::Value;

use crate::{
    client::{Client, Tokens},
    example_server::ExampleServer,
    fixture::two_scopes,
    races::{RACERS, assert_is_revoked, race},
};

/// How many races for tokens there are.
const RACES: usize = 10;

fn settings(leeway_seconds: u8) -> Value {
    let mut settings = two_scopes("strict");
    settings["tenants"][0]["refresh_token_leeway_seconds"] = leeway_seconds.into();
    settings
}

/// A server, and a public client of the API that it serves.
async fn start(leeway_seconds: u8) -> (ExampleServer, Client) {
    let server = ExampleServer::start(Some(&settings(leeway_seconds)));
    let mut client = Client::public(&server.base).await;
    "https://items.example".clone_into(&mut client.api);
    (server, client)
}

async fn refresh(client: &Client, tokens: &Tokens) -> Tokens {
    Tokens::of(&client.token(&client.refresh(&tokens.refresh)).await)
}

async fn assert_ends_family(client: &Client, presented: &Tokens, others: &[&Tokens]) {
    let answer = client.token(&client.refresh(&presented.refresh)).await;
    let told = (answer.status, answer.error());
    assert_eq!(told, (400, "invalid_grant".to_owned()), "{answer:?}");
    for tokens in others {
        assert_is_revoked(client, tokens).await;
    }
}

async fn wait(seconds: u64) {
    tokio::time::sleep(Duration::from_secs(seconds) + Duration::from_millis(100)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn parallel_refreshes_within_the_leeway_all_succeed() {
    let (_server, client) = start(60).await;
    for _ in 0..RACES {
        let first = client.tokens().await;
        let answers = race(&client, &client.refresh(&first.refresh)).await;
        let all: Vec<Tokens> = answers.iter().map(Tokens::of).collect();
        assert_eq!(all.len(), RACERS);
        for tokens in &all {
            assert_eq!(tokens.scope, "read:items offline_access");
            assert_eq!(client.items(&tokens.access).await.status, 200);
        }
        // Each of these refresh tokens works, and all of them belong to one family.
        for tokens in &all {
            let next = refresh(&client, tokens).await;
            assert_eq!(client.items(&next.access).await.status, 200);
        }
        assert_ends_family(&client, &first, &[&all[0], &all[RACERS - 1]]).await;
    }
}

#[tokio::test]
async fn a_late_replaced_token_ends_the_family() {
    let (_server, client) = start(3).await;
    let first = client.tokens().await;
    let second = refresh(&client, &first).await;
    let again = refresh(&client, &first).await;
    assert_ne!(second.refresh, again.refresh);
    wait(3).await;
    assert_ends_family(&client, &first, &[&first, &second, &again]).await;
}

#[tokio::test]
async fn a_stolen_token_ends_the_family_at_refresh() {
    let (_server, client) = start(3).await;
    let first = client.tokens().await;
    let owners = refresh(&client, &first).await;
    let thiefs = refresh(&client, &first).await;
    wait(3).await;
    let newest = refresh(&client, &owners).await;
    wait(3).await;
    assert_ends_family(&client, &thiefs, &[&owners, &thiefs, &newest]).await;
}

#[tokio::test]
async fn an_older_token_ends_the_family_within_the_leeway() {
    let (_server, client) = start(60).await;
    let first = client.tokens().await;
    let second = refresh(&client, &first).await;
    let third = refresh(&client, &second).await;
    assert_ends_family(&client, &first, &[&second, &third]).await;
}

#[tokio::test]
async fn ending_one_family_keeps_another_alive() {
    let (_server, client) = start(60).await;
    let (first, bystander) = (client.tokens().await, client.tokens().await);
    let second = refresh(&client, &first).await;
    let third = refresh(&client, &second).await;
    assert_ends_family(&client, &first, &[&third]).await;
    assert_eq!(client.items(&bystander.access).await.status, 200);
    refresh(&client, &bystander).await;
}
