//! One account that registers as many clients as it can, and another account that still gets in.

use private_servers::PrivatePostgres;
use serde_json::{Value, json};

use crate::{
    client::{Client, Tokens},
    example_server::ExampleServer,
    fixture::two_scopes,
    person::Person,
    temporary::TemporaryDir,
    wire::{with, without},
};

const MAX_CLIENTS: usize = 50;
const MAX_CLIENTS_PER_USER: usize = 5;

/// More clients than the tenant's limit.
const CLIENTS: usize = 60;

/// When the other user registers: an earlier client would be safe anyway.
const LATE: usize = 55;

fn settings() -> Value {
    let mut settings = two_scopes("strict");
    let registration = &mut settings["tenants"][0]["registration"];
    registration["rate_limit"] = Value::Null;
    registration["max_clients"] = MAX_CLIENTS.into();
    registration["max_clients_per_user"] = MAX_CLIENTS_PER_USER.into();
    settings
}

/// A registered client to which `user` gives access while they are away.
async fn granted(server: &ExampleServer, user: &str) -> (Client, Tokens) {
    let metadata = json!({ "token_endpoint_auth_method": "none", "client_name": user });
    let client = Client::register(&server.base, metadata).await;
    let request = without(client.authorization(), "audience");
    let request = with(request, "scope", "read:items offline_access");
    let mut person = Person::new(&client.base);
    let page = person.open(&client.authorization_url(&request)).await;
    let consent = person.sign_in(&page, user, "google").await;
    assert_eq!(consent.answer.status, 200, "{:?}", consent.answer);
    let scopes = ["read:items", "offline_access"];
    let answer = person.decide(&consent, "approve", &scopes).await;
    let code = answer.redirected_with("code").expect("there is a code");
    let tokens = Tokens::of(&client.token(&client.exchange(&code)).await);
    (client, tokens)
}

async fn refreshed(client: &Client, tokens: &Tokens) -> Tokens {
    Tokens::of(&client.token(&client.refresh(&tokens.refresh)).await)
}

/// Registers, consents and refreshes for one account, again and again.
async fn one_account_loops(store: &str) {
    let server = ExampleServer::start_with(Some(&settings()), &["--store", store]);
    let mut theirs = None;
    let mut clients = Vec::new();
    for round in 0..CLIENTS {
        let (client, tokens) = granted(&server, "ada").await;
        let tokens = refreshed(&client, &tokens).await;
        clients.push((client, tokens));
        if round == LATE {
            theirs = Some(granted(&server, "grace").await);
        }
    }
    // The other user's client gets in, and keeps its refresh token until it is used.
    let (client, tokens) = theirs.expect("the client got in");
    let tokens = refreshed(&client, &tokens).await;
    assert_eq!(client.items(&tokens.access).await.status, 200);

    let newest = CLIENTS - MAX_CLIENTS_PER_USER;
    for (number, (client, tokens)) in clients.into_iter().enumerate() {
        let answer = client.token(&client.refresh(&tokens.refresh)).await;
        let items = client.items(&tokens.access).await;
        if number < newest {
            assert_eq!(answer.status, 401, "{number} was evicted: {answer:?}");
            assert_eq!(answer.json()["error"], "invalid_client");
            assert_eq!(items.status, 401, "its tokens have ended: {items:?}");
        } else {
            assert_eq!(answer.status, 200, "{number} is left: {answer:?}");
            assert_eq!(items.status, 200, "{items:?}");
        }
    }
}

#[tokio::test]
async fn one_account_locks_no_other_out_in_memory() {
    one_account_loops("memory").await;
}

#[tokio::test]
async fn one_account_locks_no_other_out_in_sqlite() {
    let dir = TemporaryDir::new();
    let file = dir.path().join("clients");
    one_account_loops(&format!("sqlite:{}", file.display())).await;
}

#[tokio::test]
async fn one_account_locks_no_other_out_in_postgresql() {
    let postgres = PrivatePostgres::start();
    one_account_loops(&postgres.create_database()).await;
}
