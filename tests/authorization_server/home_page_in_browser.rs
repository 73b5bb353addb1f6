//! Chromium presses the button of the home page and goes through the whole flow.
//!
//! Its pictures of the pages are in `target/screenshots`.

use private_servers::free_port;
use serde_json::{Value, json};

use crate::{
    chromium::{assert_is_picture, drive, screenshots},
    example_server::ExampleServer,
    fixture::two_scopes,
};

const STEPS: [(&str, &str); 5] = [
    ("Read the metadata of the server", "200"),
    ("Register a client", "201"),
    ("Ask the user", "code"),
    ("Exchange the code for a token", "200"),
    ("Call the API", "200"),
];

/// What the browser saw on its way from the home page.
fn visit(server: &ExampleServer, way: &str) -> Value {
    let folder = screenshots();
    let home = format!("{}/", server.base);
    let seen = drive(
        "home_page.mjs",
        [home.as_ref(), folder.as_ref(), way.as_ref()],
    );
    // A complaint is a violated policy, an error of the script or a failed request.
    assert_eq!(seen["complaints"], json!([]), "{seen:#}");
    seen
}

fn requests_tokens(seen: &Value) -> bool {
    let requests = seen["requests"].as_array().unwrap();
    requests.contains(&json!("/oauth/token"))
}

/// The steps on the page: their titles and results.
fn steps(seen: &Value) -> Vec<(&str, &str)> {
    let steps = seen["steps"].as_array().unwrap().iter();
    let pairs = steps.map(|step| (step["title"].as_str(), step["result"].as_str()));
    pairs
        .map(|(title, result)| (title.unwrap(), result.unwrap()))
        .collect()
}

#[test]
fn the_button_leads_through_the_whole_flow_to_the_api() {
    let server = ExampleServer::start_with(None, &[]);
    let seen = visit(&server, "approve");
    assert_eq!(steps(&seen), STEPS, "{seen:#}");
    let text = |at: usize, name| seen["steps"][at][name].as_str().unwrap();
    assert!(text(1, "request").contains("/demonstration/callback"));
    assert!(text(2, "request").contains("code_challenge_method=S256"));
    assert!(text(3, "request").contains("code_verifier="));
    assert!(text(4, "request").contains("authorization: Bearer "));
    assert!(text(4, "response").contains("Analytical Engine"));
    let outcome = "The API returned 2 items to the client for the user grace.";
    assert_eq!(seen["outcome"], outcome);
    assert!(requests_tokens(&seen), "{seen:#}");
    let address = format!("{}/demonstration/callback", server.base);
    assert_eq!(seen["address"], address, "the code is gone");
    let home = seen["homeAfterwards"].as_str().unwrap();
    assert!(home.contains("Browser Demonstration"), "{home}");

    for page in [
        "home",
        "home-400",
        "home-dark",
        "steps",
        "steps-400",
        "steps-dark",
    ] {
        assert_is_picture(&screenshots(), page);
    }
    for page in ["home", "callback"] {
        assert_eq!(seen[page]["isTooWide"], false, "{page}");
    }
}

#[test]
fn a_denial_ends_the_flow_with_its_reason() {
    let server = ExampleServer::start_with(None, &[]);
    let seen = visit(&server, "deny");
    assert_eq!(seen["outcome"], "The flow stopped: access was denied");
    assert_eq!(steps(&seen)[2], ("Ask the user", "no code"), "{seen:#}");
    assert_eq!(steps(&seen).len(), 3, "{seen:#}");
}

#[test]
fn the_issuer_may_end_with_a_slash() {
    let address = format!("127.0.0.1:{}", free_port());
    let mut settings = two_scopes("permissive");
    settings["tenants"][0]["issuer"] = format!("http://{address}/").into();
    let server = ExampleServer::start_at(&address, &settings);
    let seen = visit(&server, "finish");
    let outcome = seen["outcome"].as_str().unwrap();
    assert!(outcome.starts_with("The API returned 2 items"), "{outcome}");
}

/// Panics unless a response with another `state` or `iss` ends the flow.
#[track_caller]
fn assert_is_refused(way: &str) {
    let server = ExampleServer::start_with(None, &[]);
    let seen = visit(&server, way);
    let outcome =
        "The flow stopped: The response has another state or another issuer than the request.";
    assert_eq!(seen["outcome"], outcome, "{seen:#}");
    assert!(!requests_tokens(&seen), "{seen:#}");
}

#[test]
fn a_response_with_another_state_is_refused() {
    assert_is_refused("other-state");
}

#[test]
fn a_response_with_another_issuer_is_refused() {
    assert_is_refused("other-issuer");
}

#[test]
fn the_button_works_again_when_the_page_comes_back() {
    let server = ExampleServer::start_with(None, &[]);
    let seen = visit(&server, "again");
    assert_eq!(seen["isEnabled"], true, "{seen:#}");
}

#[test]
fn without_scripts_only_the_button_is_missing() {
    let server = ExampleServer::start_with(None, &[]);
    let seen = visit(&server, "without-script");
    let text = seen["text"].as_str().unwrap();
    for part in ["The button needs JavaScript.", "curl -s", "/oauth/token"] {
        assert!(text.contains(part), "{part} is not in {text}");
    }
    assert_eq!(seen["buttons"], 0);
}
