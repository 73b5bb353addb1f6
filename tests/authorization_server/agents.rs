//! AI agents register at a server without settings.

use http::Request;
use serde_json::{Value, json};
use tokio::{
    task::JoinSet,
    time::{Duration, sleep},
};

use crate::{
    example_server::ExampleServer,
    wire::{Answer, send},
};

/// Recorded registrations of Cursor, VS Code, Claude Code, Claude, ChatGPT and Gemini CLI.
const AGENTS: [&str; 12] = [
    "cursor-three-uris",
    "cursor-hosted-only",
    "cursor-3.20-five-uris",
    "vscode-current",
    "pub-vscode-insiders-scheme",
    "claude-code-as-figma",
    "claude-code-loopback-nogrant",
    "claude-code-cimd-document",
    "claude-ai-web-plain",
    "claude-ai-web-scope",
    "chatgpt-legacy-callback",
    "gemini-cli-empty-scope",
];

/// The body with this id in the corpus.
fn body(id: &str) -> Value {
    let corpus = include_str!("../corpus/interop.jsonl");
    let mut cases = corpus
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap());
    let case = cases.rfind(|case| case["id"] == id);
    case.unwrap_or_else(|| panic!("{id} is not in the corpus"))["body"].clone()
}

async fn register(base: String, body: Value) -> Answer {
    let request = Request::post(format!("{base}/oidc/register"))
        .header("content-type", "application/json")
        .body(body.to_string());
    send(request.unwrap()).await
}

#[tokio::test]
async fn agents_register_without_settings() {
    let server = ExampleServer::start_with(None, &[]);
    for id in AGENTS {
        let answer = register(server.base.clone(), body(id)).await;
        assert_eq!(answer.status, 201, "{id}: {answer:?}");
        sleep(Duration::from_millis(100)).await;
    }
}

#[tokio::test]
async fn refused_redirect_uris_are_left_out() {
    let server = ExampleServer::start_with(None, &[]);
    let answer = register(server.base.clone(), body("cursor-3.20-five-uris")).await;
    let uris = answer.json()["redirect_uris"].clone();
    assert_eq!(uris.as_array().map(Vec::len), Some(4), "{answer:?}");
    assert!(!answer.body.contains("grokbot"), "{answer:?}");
}

#[tokio::test]
async fn eight_clients_register_at_once() {
    let server = ExampleServer::start_with(None, &[]);
    // 16 registrations, with a burst of 20.
    for _ in 0..2 {
        let mut clients = JoinSet::new();
        for at in 0..8 {
            let body = json!({
                "client_name": format!("Agent {at}"), "token_endpoint_auth_method": "none",
                "redirect_uris": [format!("http://localhost:{}/callback", 40_000 + at)],
                "grant_types": ["authorization_code", "refresh_token"],
            });
            clients.spawn(register(server.base.clone(), body));
        }
        for answer in clients.join_all().await {
            assert_eq!(answer.status, 201, "{answer:?}");
        }
    }
}

#[test]
fn the_server_logs_no_warning() {
    let log = crate::temporary::TemporaryDir::new();
    let file = log.path().join("log");
    let stderr = std::fs::File::create(&file).unwrap();
    let mut server = ExampleServer::start_logged(None, &[], stderr.into());
    assert!(server.terminate().is_some());
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "");
}
