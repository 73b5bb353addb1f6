//! A client whose record in the store can not be read.

use std::fs::{self, File};

use http::Request;
use serde_json::{Value, json};
use sqlx::{ConnectOptions as _, SqliteConnection, sqlite::SqliteConnectOptions};

use crate::{
    client::{Client, Tokens},
    example_server::ExampleServer,
    fixture::{consent_page, two_scopes},
    temporary::TemporaryDir,
    wire::{Answer, post, send, with},
};

/// A server whose clients are in a file to which a test can write.
pub(crate) struct Fixture {
    pub(crate) server: ExampleServer,
    file: SqliteConnection,
    dir: TemporaryDir,
}

impl Fixture {
    pub(crate) async fn new(settings: Option<&Value>, options: &[&str]) -> Self {
        let dir = TemporaryDir::new();
        let path = dir.path().join("clients");
        let store = format!("sqlite:{}", path.display());
        let options = [options, &["--store", &store]].concat();
        let log = File::create(dir.path().join("log")).unwrap();
        let server = ExampleServer::start_logged(settings, &options, log.into());
        let file = SqliteConnectOptions::new().filename(&path).connect().await;
        Self {
            server,
            file: file.unwrap(),
            dir,
        }
    }

    /// Cuts the record of `client` in the middle. Returns the complete record.
    async fn damage(&mut self, client: &Client) -> String {
        let sql = "SELECT record FROM oauth_dcr_clients WHERE client_id = ?";
        let record = sqlx::query_scalar(sql).bind(&client.id);
        let record: String = record.fetch_one(&mut self.file).await.unwrap();
        self.write(client, &record[..record.len() / 2]).await;
        record
    }

    /// The lines of the log that name `client`.
    fn logged(&self, client: &Client) -> Vec<String> {
        let log = fs::read_to_string(self.dir.path().join("log")).unwrap();
        let lines = log.lines().filter(|line| line.contains(&client.id));
        lines.map(ToOwned::to_owned).collect()
    }

    async fn write(&mut self, client: &Client, record: &str) {
        let sql = "UPDATE oauth_dcr_clients SET record = ? WHERE client_id = ?";
        let write = sqlx::query(sql).bind(record).bind(&client.id);
        let written = write.execute(&mut self.file).await.unwrap();
        assert_eq!(written.rows_affected(), 1);
    }

    pub(crate) async fn block(&mut self, client: &Client) {
        let sql = "UPDATE oauth_dcr_clients SET blocked = 1 WHERE client_id = ?";
        let block = sqlx::query(sql).bind(&client.id);
        let blocked = block.execute(&mut self.file).await.unwrap();
        assert_eq!(blocked.rows_affected(), 1);
    }

    pub(crate) async fn delete(&mut self, client: &Client) {
        let sql = "DELETE FROM oauth_dcr_clients WHERE client_id = ?";
        let delete = sqlx::query(sql).bind(&client.id);
        let deleted = delete.execute(&mut self.file).await.unwrap();
        assert_eq!(deleted.rows_affected(), 1);
    }
}

fn assert_must_retry(answer: &Answer) {
    assert_eq!(answer.status, 503, "{answer:?}");
    assert_eq!(answer.header("retry-after"), Some("1"), "{answer:?}");
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    assert_eq!(answer.header("location"), None);
    assert!(!answer.body.contains("invalid_client"), "{answer:?}");
    assert!(!answer.body.contains("unknown"), "{answer:?}");
}

#[tokio::test]
async fn an_unreadable_client_is_told_to_retry() {
    let mut fixture = Fixture::new(None, &["--auto-approve"]).await;
    let base = fixture.server.base.clone();
    for client in [
        Client::public(&base).await,
        Client::confidential(&base).await,
    ] {
        let other = Client::public(&base).await;
        let tokens = client.tokens().await;
        let code = client.code().await;
        let record = fixture.damage(&client).await;
        let revocation = client.authenticated(vec![("token".into(), tokens.refresh.clone())]);
        for answer in [
            client.authorize(&client.authorization()).await,
            client.token(&client.exchange(&code)).await,
            client.token(&client.refresh(&tokens.refresh)).await,
            post(&format!("{base}/oauth/revoke"), &revocation).await,
        ] {
            assert_must_retry(&answer);
        }
        // The client's credentials do not matter here.
        let wrong = with(client.exchange(&code), "client_secret", "wrong");
        assert_must_retry(&client.token(&wrong).await);
        other.tokens().await;
        // The code was not used up.
        fixture.write(&client, &record).await;
        Tokens::of(&client.token(&client.exchange(&code)).await);
        Tokens::of(&client.token(&client.refresh(&tokens.refresh)).await);
    }
}

#[tokio::test]
async fn an_unreadable_client_is_logged_once_a_minute() {
    let mut fixture = Fixture::new(None, &["--auto-approve"]).await;
    let client = Client::public(&fixture.server.base).await;
    let code = client.code().await;
    fixture.damage(&client).await;
    assert_eq!(fixture.logged(&client), [""; 0]);
    assert_must_retry(&client.authorize(&client.authorization()).await);
    assert_must_retry(&client.token(&client.exchange(&code)).await);
    let lines = fixture.logged(&client);
    let [line] = &*lines else {
        panic!("{lines:?}");
    };
    for told in [
        "ERROR",
        "client unreadable",
        "it is not the JSON of a client",
        "count=1",
    ] {
        assert!(line.contains(told), "{line}");
    }
    assert!(!line.contains("app.example.com"), "{line}");
}

#[tokio::test]
async fn a_duplicate_of_an_unreadable_client_is_told_to_retry() {
    let mut settings = two_scopes("strict");
    settings["tenants"][0]["registration"]["fold_identical"] = true.into();
    let mut fixture = Fixture::new(Some(&settings), &["--auto-approve"]).await;
    let base = fixture.server.base.clone();
    let client = Client::public(&base).await;
    let record = fixture.damage(&client).await;
    let body = json!({
        "token_endpoint_auth_method": "none",
        "redirect_uris": [&client.redirect_uri],
        "grant_types": ["authorization_code", "refresh_token"],
    });
    let request = Request::post(format!("{base}/oidc/register"))
        .header("content-type", "application/json")
        .body(body.to_string())
        .unwrap();
    let answer = send(request).await;
    assert_eq!(answer.status, 503, "{answer:?}");
    assert!(answer.header("retry-after").is_some(), "{answer:?}");
    assert_eq!(answer.error(), "temporarily_unavailable");
    // A different client registers.
    let other = json!({ "token_endpoint_auth_method": "none", "client_name": "Other" });
    assert_ne!(Client::register(&base, other).await.id, client.id);
    fixture.write(&client, &record).await;
    assert_eq!(Client::public(&base).await.id, client.id);
}

#[tokio::test]
async fn consent_to_an_unreadable_client_is_told_to_retry() {
    let mut fixture = Fixture::new(Some(&two_scopes("strict")), &[]).await;
    let client = Client::public(&fixture.server.base).await;
    let (mut person, consent) = consent_page(&client).await;
    assert_eq!(consent.answer.status, 200, "{:?}", consent.answer);
    fixture.damage(&client).await;
    let answer = person.decide(&consent, "approve", &["read:items"]).await;
    assert_must_retry(&answer);
    assert_eq!(fixture.logged(&client).len(), 1);
}
