//! Many simultaneous requests with one code or one refresh token.
//!
//! `OAUTH_DCR_RACES` sets how many codes and how many refresh tokens are tested.

use std::time::Duration;

use serde_json::json;
use tokio::task::JoinSet;

use crate::{
    client::{Client, Tokens},
    example_server::ExampleServer,
    own_api::start_changed,
    wire::{Answer, Pairs, post},
};

pub(crate) const RACERS: usize = 50;

fn races() -> usize {
    let set = std::env::var("OAUTH_DCR_RACES").ok();
    let races = set.map_or(200, |text| {
        text.parse().expect("OAUTH_DCR_RACES is a number")
    });
    assert_ne!(races, 0, "OAUTH_DCR_RACES is at least 1");
    races
}

/// The answers to several requests that send `form` at once.
pub(crate) async fn race(client: &Client, form: &Pairs) -> Vec<Answer> {
    let mut racers = JoinSet::new();
    for _ in 0..RACERS {
        let (url, form) = (format!("{}/oauth/token", client.base), form.clone());
        racers.spawn(async move { post(&url, &form).await });
    }
    racers.join_all().await
}

/// The tokens of the one successful request. Panics unless all others failed in the same way.
fn winner(answers: &[Answer]) -> Tokens {
    let (good, bad): (Vec<_>, Vec<_>) = answers.iter().partition(|it| it.status == 200);
    assert_eq!(good.len(), 1);
    for answer in bad {
        let told = (answer.status, answer.error());
        assert_eq!(told, (400, "invalid_grant".to_owned()));
    }
    Tokens::of(good[0])
}

pub(crate) async fn assert_is_revoked(client: &Client, tokens: &Tokens) {
    assert_eq!(client.items(&tokens.access).await.status, 401);
    let answer = client.token(&client.refresh(&tokens.refresh)).await;
    assert_eq!(
        (answer.status, answer.error()),
        (400, "invalid_grant".to_owned())
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn one_of_many_code_redemptions_succeeds() {
    let server = ExampleServer::start(None);
    let client = Client::public(&server.base).await;
    for _ in 0..races() {
        let code = client.code().await;
        let tokens = winner(&race(&client, &client.exchange(&code)).await);
        // The other requests were replays, so the code may be stolen.
        assert_is_revoked(&client, &tokens).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_of_many_parallel_refreshes_succeeds() {
    let server = start_changed(&json!({ "refresh_token_leeway_seconds": 0 }));
    let client = Client::public(&server.base).await;
    for _ in 0..races() {
        let first = client.tokens().await;
        let tokens = winner(&race(&client, &client.refresh(&first.refresh)).await);
        assert_is_revoked(&client, &tokens).await;
        assert_eq!(client.items(&first.access).await.status, 401);
    }
}

#[tokio::test]
async fn a_replay_revokes_its_family_and_no_other() {
    let server = ExampleServer::start(None);
    let client = Client::public(&server.base).await;
    let (first, bystander) = (client.tokens().await, client.tokens().await);
    let second = Tokens::of(&client.token(&client.refresh(&first.refresh)).await);
    let third = Tokens::of(&client.token(&client.refresh(&second.refresh)).await);
    assert_eq!(client.items(&third.access).await.status, 200);

    let replay = client.token(&client.refresh(&first.refresh)).await;
    assert_eq!(replay.error(), "invalid_grant");
    for tokens in [&first, &second, &third] {
        assert_is_revoked(&client, tokens).await;
    }
    assert_eq!(client.items(&bystander.access).await.status, 200);
    Tokens::of(&client.token(&client.refresh(&bystander.refresh)).await);
}

/// A confidential client's refresh token is bound to its secret and stays valid.
#[tokio::test]
async fn a_confidential_client_keeps_its_refresh_token() {
    let server = ExampleServer::start(None);
    let client = Client::confidential(&server.base).await;
    let first = client.tokens().await;
    for _ in 0..3 {
        let next = Tokens::of(&client.token(&client.refresh(&first.refresh)).await);
        assert_eq!(next.refresh, "");
        assert_eq!(client.items(&next.access).await.status, 200);
    }
}

/// A replay of a redeemed code shows that the code has leaked, even long after it has expired.
#[tokio::test]
async fn a_replay_of_an_expired_code_revokes_its_tokens() {
    let server = ExampleServer::start_with(None, &["--auto-approve", "--code-lifetime", "3"]);
    let client = Client::public(&server.base).await;
    let code = client.code().await;
    let tokens = Tokens::of(&client.token(&client.exchange(&code)).await);
    tokio::time::sleep(Duration::from_millis(3100)).await;
    let replay = client.token(&client.exchange(&code)).await;
    assert_eq!(replay.error(), "invalid_grant");
    assert_is_revoked(&client, &tokens).await;
}
