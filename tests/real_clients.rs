//! OAuth client libraries of other languages register at the example server.

#[path = "support/example_server.rs"]
mod example_server;
#[path = "support/installed.rs"]
mod installed;
#[path = "support/library.rs"]
mod library;

use std::{
    io::{Read as _, Write as _},
    net::TcpStream,
};

use example_server::ExampleServer;
use library::{Interpreter, Library};
use oauth_dcr::ClientId;
use serde_json::{Value, json};

const OAUTH4WEBAPI: Library = Library {
    interpreter: Interpreter::Node,
    script: "oauth4webapi.mjs",
};

const MCP_TYPESCRIPT: Library = Library {
    interpreter: Interpreter::Node,
    script: "mcp_sdk.mjs",
};

const MCP_PYTHON: Library = Library {
    interpreter: Interpreter::Python,
    script: "mcp_provider.py",
};

/// Every library registers these two redirect URIs.
fn redirect_uris() -> Value {
    json!([
        "http://127.0.0.1:33418/callback",
        "https://app.example.com/callback?from=a%2fb",
    ])
}

fn assert_discovers(library: Library, documents: &[&str]) {
    let server = ExampleServer::start(None);
    let seen = library.run(&[&server.base]);
    for document in documents {
        let metadata = &seen["discovered"][document];
        assert_eq!(metadata["issuer"], server.base, "{document}");
        let endpoint = format!("{}/oidc/register", server.base);
        assert_eq!(metadata["registration_endpoint"], endpoint, "{document}");
    }
}

fn assert_registers_public(library: Library) {
    let server = ExampleServer::start(None);
    let client = &library.run(&[&server.base])["public"];
    assert_third_party_id(client);
    assert_eq!(client["client_secret"], Value::Null);
    assert_eq!(client["token_endpoint_auth_method"], "none");
    assert_eq!(
        client["grant_types"],
        json!(["authorization_code", "refresh_token"])
    );
    assert_eq!(client["redirect_uris"], redirect_uris());
}

fn assert_registers_confidential(library: Library) {
    let server = ExampleServer::start(None);
    let client = &library.run(&[&server.base])["confidential"];
    assert_third_party_id(client);
    assert_eq!(client["client_secret"].as_str().map(str::len), Some(43));
    assert_eq!(client["token_endpoint_auth_method"], "client_secret_post");
    assert_eq!(client["grant_types"], json!(["authorization_code"]));
    assert_eq!(client["redirect_uris"], redirect_uris());
}

fn assert_third_party_id(client: &Value) {
    let id = client["client_id"].as_str().unwrap();
    let drawn = id.strip_prefix(ClientId::STRICT_PREFIX).unwrap();
    assert_eq!(drawn.len(), 32, "{id}");
    assert!(drawn.bytes().all(|it| it.is_ascii_alphanumeric()), "{id}");
}

fn assert_is_refused(library: Library) {
    let server = ExampleServer::start(None);
    let seen = library.run(&[&server.base]);
    assert_eq!(seen["refused"], "invalid_redirect_uri");
}

#[test]
fn oauth4webapi_discovers_by_either_document() {
    assert_discovers(OAUTH4WEBAPI, &["oauth2", "oidc"]);
}

#[test]
fn oauth4webapi_registers_a_public_client() {
    assert_registers_public(OAUTH4WEBAPI);
}

#[test]
fn oauth4webapi_registers_a_confidential_client() {
    assert_registers_confidential(OAUTH4WEBAPI);
}

#[test]
fn oauth4webapi_reports_a_refused_redirect_uri() {
    assert_is_refused(OAUTH4WEBAPI);
}

#[test]
fn mcp_typescript_sdk_discovers_by_either_document() {
    assert_discovers(MCP_TYPESCRIPT, &["oauth2", "oidc"]);
}

#[test]
fn mcp_typescript_sdk_registers_a_public_client() {
    assert_registers_public(MCP_TYPESCRIPT);
}

#[test]
fn mcp_typescript_sdk_registers_a_confidential_client() {
    assert_registers_confidential(MCP_TYPESCRIPT);
}

#[test]
fn mcp_typescript_sdk_reports_a_refused_redirect_uri() {
    assert_is_refused(MCP_TYPESCRIPT);
}

#[test]
fn mcp_python_provider_discovers_from_a_protected_resource() {
    assert_discovers(MCP_PYTHON, &["oauth2"]);
}

#[test]
fn mcp_python_provider_registers_a_public_client() {
    assert_registers_public(MCP_PYTHON);
}

#[test]
fn mcp_python_provider_registers_a_confidential_client() {
    assert_registers_confidential(MCP_PYTHON);
}

#[test]
fn mcp_python_provider_reports_a_refused_redirect_uri() {
    assert_is_refused(MCP_PYTHON);
}

#[test]
fn sigterm_ends_the_server_despite_open_connections() {
    let mut server = ExampleServer::start(None);
    let _idle = idle_connection(&server.base);
    let status = server.terminate().expect("the server ends in time");
    assert_eq!(status.code(), Some(0));
}

/// A connection that stays open after one answer.
fn idle_connection(base: &str) -> TcpStream {
    let address = base.strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(address).unwrap();
    write!(
        stream,
        "GET /.well-known/jwks.json HTTP/1.1\r\nhost: {address}\r\n\r\n"
    )
    .unwrap();
    let mut answer = [0; 12];
    stream.read_exact(&mut answer).unwrap();
    assert_eq!(&answer, b"HTTP/1.1 200");
    stream
}
