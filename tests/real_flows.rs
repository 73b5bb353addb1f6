//! OAuth client libraries of other languages complete the whole flow at the example server: from
//! the API's challenge through discovery, registration, authorization and code exchange to an API
//! call, a refresh, and a call with the new token.

#[path = "support/example_server.rs"]
mod example_server;
#[path = "support/installed.rs"]
mod installed;
#[path = "support/library.rs"]
mod library;
#[path = "support/own_api.rs"]
mod own_api;
#[path = "support/protected_resource.rs"]
mod protected_resource;

use example_server::ExampleServer;
use library::{Interpreter, Library};
use own_api::start_changed;
use protected_resource::ProtectedResource;
use serde_json::{Value, json};

const OPENID_CLIENT: Library = Library {
    interpreter: Interpreter::Node,
    script: "flow_openid_client.mjs",
};

const MCP_TYPESCRIPT: Library = Library {
    interpreter: Interpreter::Node,
    script: "flow_mcp_sdk.mjs",
};

const MCP_PYTHON: Library = Library {
    interpreter: Interpreter::Python,
    script: "flow_mcp_provider.py",
};

/// What a library recorded during the flow, and the server's address.
struct Flow {
    base: String,
    seen: Value,
}

impl Flow {
    /// With the built-in tenant.
    fn of(library: Library, name: &str) -> Self {
        Self::at(&ExampleServer::start(None), library, name)
    }

    fn at(server: &ExampleServer, library: Library, name: &str) -> Self {
        let api = format!("{}/api/items", server.base);
        let seen = library.run(&[name, &api]);
        Self {
            base: server.base.clone(),
            seen,
        }
    }

    fn list(&self, name: &str) -> &[Value] {
        self.seen[name].as_array().unwrap()
    }

    /// The status and the error code of each answer to a refresh request.
    fn refreshes(&self) -> Vec<(u64, Option<&str>)> {
        let refreshes = self.list("requests").iter().filter(|request| {
            request["path"] == "/oauth/token" && request["form"]["grant_type"] == "refresh_token"
        });
        refreshes
            .map(|it| (it["status"].as_u64().unwrap(), it["error"].as_str()))
            .collect()
    }

    fn assert_complete(&self) {
        assert_eq!(self.seen["issuer"], self.base);
        self.assert_requested("read:items offline_access");
        let (first, refreshed) = (&self.list("tokens")[0], &self.list("tokens")[1]);
        assert_grants(first, "read:items offline_access");
        assert!(first["refresh_token"].is_string());
        assert_grants(refreshed, "read:items offline_access");
        assert_ne!(first["access_token"], refreshed["access_token"]);
        // The requests without a token, with the first token, and with the refreshed token.
        assert_eq!(self.list("api")[..3], [json!(401), json!(200), json!(200)]);
    }

    fn assert_requested(&self, scope: &str) {
        let request = &self.seen["authorization"];
        assert_eq!(request["scope"], scope);
        assert_eq!(request["resource"], format!("{}/api", self.base));
        assert_eq!(request["client_id"], self.seen["client"]["client_id"]);
        assert_eq!(request["code_challenge_method"], "S256");
    }

    /// Every posted form named the client, and contained the secret exactly if the client has one.
    fn assert_authenticates_by_form(&self) {
        let client = &self.seen["client"];
        for request in self.list("requests") {
            let form = &request["form"];
            assert_eq!(form["client_id"], client["client_id"], "{request}");
            assert_eq!(form["client_secret"], client["client_secret"], "{request}");
            assert_eq!(request["authorization"], Value::Null, "{request}");
        }
    }
}

fn assert_grants(tokens: &Value, scope: &str) {
    assert_eq!(tokens["scope"], scope);
    let token_type = tokens["token_type"].as_str().unwrap();
    assert!(token_type.eq_ignore_ascii_case("Bearer"), "{token_type}");
    assert!(tokens["expires_in"].as_u64().unwrap() > 0);
}

fn assert_completes_as_public_client(library: Library) {
    let flow = Flow::of(library, "public");
    flow.assert_complete();
    assert_eq!(flow.seen["client"]["token_endpoint_auth_method"], "none");
    assert_eq!(flow.seen["client"]["client_secret"], Value::Null);
    flow.assert_authenticates_by_form();
}

fn assert_completes_as_confidential_client(library: Library) {
    let flow = Flow::of(library, "confidential");
    flow.assert_complete();
    let client = &flow.seen["client"];
    assert_eq!(client["token_endpoint_auth_method"], "client_secret_post");
    assert_eq!(client["client_secret"].as_str().map(str::len), Some(43));
    flow.assert_authenticates_by_form();
    // A confidential client may reuse its refresh token.
    assert_eq!(flow.refreshes(), [(200, None), (200, None)]);
}

fn assert_may_come_back_at_another_port(library: Library) {
    let flow = Flow::of(library, "public");
    let registered = &flow.seen["client"]["redirect_uris"];
    assert_eq!(*registered, json!(["http://127.0.0.1:33418/callback"]));
    let landed = flow.seen["landed"].as_str().unwrap();
    assert!(
        landed.starts_with("http://127.0.0.1:45123/callback?"),
        "{landed}"
    );
}

/// Without leeway, the refresh token of a public client works once. A second use means that the
/// token was stolen, and ends its successor too (RFC 9700 section 4.14.2).
fn assert_replayed_refresh_token_ends_the_family(library: Library) {
    let server = start_changed(&json!({ "refresh_token_leeway_seconds": 0 }));
    let flow = Flow::at(&server, library, "replay");
    let (first, refreshed) = (&flow.list("tokens")[0], &flow.list("tokens")[1]);
    assert!(refreshed["refresh_token"].is_string());
    assert_ne!(first["refresh_token"], refreshed["refresh_token"]);
    let refused = (400, Some("invalid_grant"));
    assert_eq!(flow.refreshes(), [(200, None), refused, refused]);
}

/// With a default permission, the client gets a code. Without one, the user sees an error and is
/// not redirected, so that the server can not be used as an open redirect.
fn assert_needs_a_default_permission(library: Library) {
    let resource = ProtectedResource::bind();
    let permission = json!([resource.default_permission()]);
    let answer = answer_to_browser(library, resource, &permission);
    assert_eq!(answer["status"], 303);
    let location = answer["location"].as_str().unwrap();
    assert!(location.contains("code="), "{location}");

    let answer = answer_to_browser(library, ProtectedResource::bind(), &json!([]));
    assert_eq!(answer["status"], 400);
    assert_eq!(answer["location"], Value::Null);
    let media_type = answer["contentType"].as_str().unwrap();
    assert!(media_type.starts_with("text/html"), "{media_type}");
}

fn answer_to_browser(library: Library, resource: ProtectedResource, grants: &Value) -> Value {
    let server = ExampleServer::start(Some(&resource.settings(grants)));
    let api = resource.identifier();
    let _serving = resource.serve(&server.base);
    library.run(&["authorization", &api])["browser"].take()
}

/// A revoked access token opens nothing, and a revoked refresh token gives no tokens.
fn assert_revokes(name: &str) {
    let flow = Flow::of(OPENID_CLIENT, name);
    flow.assert_authenticates_by_form();
    assert_eq!(flow.list("api"), [401, 200, 200, 401]);
    assert_eq!(flow.seen["revoked"], "invalid_token");
    let refused = (400, Some("invalid_grant"));
    assert_eq!(flow.refreshes(), [(200, None), refused]);
}

#[test]
fn openid_client_completes_the_public_flow() {
    assert_completes_as_public_client(OPENID_CLIENT);
}

#[test]
fn openid_client_completes_the_confidential_flow() {
    assert_completes_as_confidential_client(OPENID_CLIENT);
}

#[test]
fn openid_client_may_use_another_port() {
    assert_may_come_back_at_another_port(OPENID_CLIENT);
}

#[test]
fn openid_client_ends_a_family_by_replay() {
    assert_replayed_refresh_token_ends_the_family(OPENID_CLIENT);
}

#[test]
fn openid_client_needs_a_default_permission() {
    assert_needs_a_default_permission(OPENID_CLIENT);
}

#[test]
fn openid_client_revokes_public_tokens() {
    assert_revokes("public-revocation");
}

#[test]
fn openid_client_revokes_confidential_tokens() {
    assert_revokes("confidential-revocation");
}

#[test]
fn openid_client_learns_the_missing_scope() {
    let flow = Flow::of(OPENID_CLIENT, "unscoped");
    assert_eq!(flow.seen["authorization"]["scope"], Value::Null);
    assert_eq!(flow.list("api"), [401, 403]);
    assert_eq!(flow.seen["refused"]["error"], "insufficient_scope");
    assert_eq!(flow.seen["refused"]["scope"], "read:items");
}

#[test]
fn mcp_typescript_sdk_completes_the_public_flow() {
    assert_completes_as_public_client(MCP_TYPESCRIPT);
}

#[test]
fn mcp_typescript_sdk_completes_the_confidential_flow() {
    assert_completes_as_confidential_client(MCP_TYPESCRIPT);
}

#[test]
fn mcp_typescript_sdk_may_use_another_port() {
    assert_may_come_back_at_another_port(MCP_TYPESCRIPT);
}

#[test]
fn mcp_typescript_sdk_ends_a_family_by_replay() {
    assert_replayed_refresh_token_ends_the_family(MCP_TYPESCRIPT);
}

#[test]
fn mcp_typescript_sdk_needs_a_default_permission() {
    assert_needs_a_default_permission(MCP_TYPESCRIPT);
}

/// By default, the SDK requests the scopes that the resource lists, which do not include
/// `offline_access`.
#[test]
fn mcp_typescript_sdk_gets_a_refresh_token_by_default() {
    let flow = Flow::of(MCP_TYPESCRIPT, "left-alone");
    flow.assert_requested("read:items");
    let tokens = &flow.list("tokens")[0];
    assert_grants(tokens, "read:items offline_access");
    assert!(tokens["refresh_token"].is_string());
    assert_eq!(flow.list("api"), [401, 200]);
}

#[test]
fn mcp_typescript_sdk_must_request_a_refresh_token() {
    let server = start_changed(&json!({ "refresh_token_when": "offline_access_requested" }));
    let flow = Flow::at(&server, MCP_TYPESCRIPT, "left-alone");
    flow.assert_requested("read:items");
    let tokens = &flow.list("tokens")[0];
    assert_grants(tokens, "read:items");
    assert_eq!(tokens["refresh_token"], Value::Null);
    assert_eq!(flow.list("api"), [401, 200]);
}

#[test]
fn mcp_python_provider_completes_the_public_flow() {
    assert_completes_as_public_client(MCP_PYTHON);
}

#[test]
fn mcp_python_provider_completes_the_confidential_flow() {
    assert_completes_as_confidential_client(MCP_PYTHON);
}

#[test]
fn mcp_python_provider_may_use_another_port() {
    assert_may_come_back_at_another_port(MCP_PYTHON);
}

#[test]
fn mcp_python_provider_ends_a_family_by_replay() {
    assert_replayed_refresh_token_ends_the_family(MCP_PYTHON);
}

#[test]
fn mcp_python_provider_needs_a_default_permission() {
    assert_needs_a_default_permission(MCP_PYTHON);
}
