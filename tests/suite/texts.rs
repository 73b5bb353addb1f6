//! Characters that cause trouble in databases, in every text of a registration. An accepted text is
//! returned as it was sent, whatever the store; other texts are refused before a store sees them.

use oauth_dcr::{MemoryStore, postgres::PostgresStore, sqlite::SqliteStore, store::ClientStore};
use private_servers::PrivatePostgres;
use serde_json::{Value, json};

use crate::{support::fixture::Fixture, temporary::TemporaryDir};

/// The NUL character as it is written in JSON.
const NUL: &str = r"\u0000";

/// Half of a surrogate pair is not a character, so a text that contains one is not JSON (RFC 8259
/// section 8.2).
const HALF: &str = r"\ud800";

/// Characters of four bytes, written directly and as a surrogate pair.
const LONG: [&str; 2] = ["\u{20bb7}", r"\ud83e\udd80"];

/// The outcome for each member, in which `@` stands for a character: first for NUL, then for a long
/// character. The value is kept byte for byte, left out, changed, or refused by a rule.
const MEMBERS: [(&str, &str, &str); 20] = [
    (r#""client_name": "a@b""#, METADATA_CONTROL, KEPT),
    (r#""client_name": "@""#, METADATA_CONTROL, KEPT),
    (r#""client_name#ja": "a@b""#, METADATA_CONTROL, KEPT),
    (r#""client_name#@": "a""#, LANGUAGE, LANGUAGE),
    (
        r#""client_uri": "https://a.example/@""#,
        METADATA_URI,
        METADATA_URI,
    ),
    (
        r#""logo_uri": "https://a.example/@""#,
        METADATA_URI,
        METADATA_URI,
    ),
    (
        r#""policy_uri": "https://a@.example/""#,
        METADATA_URI,
        METADATA_URI,
    ),
    (
        r#""tos_uri#ja": "https://a.example/?@""#,
        METADATA_URI,
        METADATA_URI,
    ),
    (r#""contacts": ["a", "a@b"]"#, METADATA_CONTROL, KEPT),
    (r#""scope": "a@b""#, SCOPE, SCOPE),
    (r#""software_id": "a@b""#, METADATA_CONTROL, KEPT),
    (r#""software_version": "@""#, METADATA_CONTROL, KEPT),
    (
        r#""redirect_uris": ["https://a.example/@"]"#,
        REDIRECT_URI,
        REDIRECT_URI,
    ),
    (
        r#""token_endpoint_auth_method": "none@""#,
        UNSUPPORTED,
        UNSUPPORTED,
    ),
    (
        r#""grant_types": ["authorization_code", "a@b"]"#,
        r#"["authorization_code"]"#,
        r#"["authorization_code"]"#,
    ),
    (
        r#""response_types": ["code", "a@b"]"#,
        r#"["code"]"#,
        r#"["code"]"#,
    ),
    (r#""application_type": "web@""#, UNSUPPORTED, UNSUPPORTED),
    (r#""jwks_uri": "a@b""#, LEFT_OUT, LEFT_OUT),
    (r#""x_note": {"a@": ["a@b"]}"#, LEFT_OUT, LEFT_OUT),
    (r#""a@b": "a""#, LEFT_OUT, LEFT_OUT),
];

const KEPT: &str = "kept";
const LEFT_OUT: &str = "left out";
const METADATA_CONTROL: &str = "invalid_client_metadata: control_character";
const METADATA_URI: &str = "invalid_client_metadata: illegal_character";
const LANGUAGE: &str = "invalid_client_metadata: invalid_language_tag";
const SCOPE: &str = "invalid_client_metadata: invalid_scope";
const UNSUPPORTED: &str = "invalid_client_metadata: not_supported";
const REDIRECT_URI: &str = "invalid_redirect_uri: illegal_character";
const NOT_JSON: &str = "invalid_request: invalid_escape";

/// Registers every member of the table with a store and compares the outcomes.
async fn judge<S: ClientStore + Clone>(store: S) {
    let fixture = Fixture::with_store(store, json!({}));
    let mut wrong = Vec::new();
    for (member, with_nul, with_long) in MEMBERS {
        for (character, expected) in [
            (NUL, with_nul),
            (HALF, NOT_JSON),
            (LONG[0], with_long),
            (LONG[1], with_long),
        ] {
            let member = member.replace('@', character);
            let found = outcome(&fixture, &member).await;
            if found != expected {
                wrong.push(format!("{member}: {found}, not {expected}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Registers a client with `member` and returns the outcome.
async fn outcome<S: ClientStore + Clone>(fixture: &Fixture<S>, member: &str) -> String {
    let redirect_uris = if member.contains("redirect_uris") {
        ""
    } else {
        r#", "redirect_uris": ["https://a.example/cb"]"#
    };
    let (status, answer) = fixture.send(format!("{{{member}{redirect_uris}}}")).await;
    if status != 201 {
        let rule = answer["error_detail"]["rule"].as_str().unwrap();
        return format!("{}: {rule}", answer["error"].as_str().unwrap());
    }
    let sent: Value = serde_json::from_str(&format!("{{{member}}}")).unwrap();
    let (name, value) = sent.as_object().unwrap().iter().next().unwrap();
    let stored = fixture
        .stored(&answer)
        .await
        .expect("a registered client is stored");
    let kept = serde_json::to_value(stored.metadata()).unwrap();
    assert_eq!(
        kept.get(name),
        answer.get(name),
        "{member}: stored and returned values differ"
    );
    match kept.get(name) {
        None => LEFT_OUT.to_owned(),
        Some(kept) if kept == value => KEPT.to_owned(),
        Some(kept) => format!("{kept}"),
    }
}

#[tokio::test]
async fn the_store_in_memory_keeps_every_text() {
    judge(MemoryStore::new()).await;
}

#[tokio::test]
async fn the_store_in_sqlite_keeps_every_text() {
    let dir = TemporaryDir::new();
    judge(SqliteStore::open(dir.path().join("clients")).await.unwrap()).await;
}

#[tokio::test]
async fn the_store_in_postgresql_keeps_every_text() {
    let postgres = PrivatePostgres::start();
    judge(PostgresStore::connect(&postgres.url()).await.unwrap()).await;
}

#[tokio::test]
async fn encoded_surrogate_half_is_not_utf_8() {
    let fixture = Fixture::new(json!({}));
    let body =
        b"{\"redirect_uris\": [\"https://a.example/cb\"], \"software_id\": \"\xed\xa0\x80\"}";
    let (status, answer) = fixture.send(&body[..]).await;
    assert_eq!(status, 400);
    assert_eq!(answer["error_detail"]["rule"], "not_utf8");
    assert!(fixture.store.is_empty());
}
