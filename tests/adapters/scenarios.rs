//! The list of scenarios.

mod bodies;
mod connections;
mod heads;
mod malformed;
mod registrations;
mod statuses;

use std::collections::HashSet;

use crate::{
    answer::Expected,
    run::run,
    scenario::{Exchange, Scenario},
};

/// The end of the answer to a registration of [`PUBLIC`](crate::http_request::PUBLIC).
const REGISTERED: &str = r#""redirect_uris":["https://app.example.com/callback"],"token_endpoint_auth_method":"none","grant_types":["authorization_code"],"response_types":["code"]}"#;

/// The answer to a registration of [`PUBLIC`](crate::http_request::PUBLIC): the first client's
/// letter is `A`, the second client's `B`.
pub(crate) fn created(letter: &str) -> Expected {
    let id = letter.repeat(32);
    Expected::created(&format!(
        r#"{{"client_id":"tpc_{id}","client_id_issued_at":1800000000,"client_secret_expires_at":0,{REGISTERED}"#
    ))
}

/// An answer to a request that is refused because of its body or the body's declaration.
fn invalid_request(status: u16, description: &str, rule: &str) -> Expected {
    Expected::refused(status, "invalid_request", description).rule(rule)
}

fn not_json() -> Expected {
    not_json_at(1)
}

fn not_json_at(column: usize) -> Expected {
    let description =
        format!("the body is not JSON: there is a syntax error at line 1, column {column}");
    invalid_request(400, &description, "not_json")
}

pub(crate) fn too_large() -> Expected {
    invalid_request(
        413,
        "the body is larger than 65536 bytes; send a smaller body",
        "body_too_large",
    )
}

pub(crate) fn late() -> Expected {
    invalid_request(
        408,
        "the body took too long to arrive; send it again",
        "body_timeout",
    )
}

fn incomplete() -> Expected {
    invalid_request(
        400,
        "the body ended early; send all of it",
        "body_incomplete",
    )
}

fn unsupported() -> Expected {
    let description = "send a JSON object with the header Content-Type: application/json and without \
                       Content-Encoding; forms are not accepted";
    invalid_request(415, description, "unsupported_media_type")
}

fn blocked() -> Expected {
    let description =
        "access is denied by a rule of this tenant; the owner of the tenant can change the rule";
    Expected::refused(403, "access_denied", description)
}

fn invalid_host() -> Expected {
    let description = "send exactly one Host header, with the name of this server";
    Expected::refused(400, "invalid_request", description).rule("invalid_host")
}

fn not_found() -> Expected {
    Expected::refused(
        404,
        "not_found",
        "no tenant has this address; check the URL",
    )
}

fn not_allowed() -> Expected {
    let description = "this endpoint accepts only POST; send the registration as a POST request";
    Expected::refused(405, "invalid_request", description).with("allow", "POST, OPTIONS")
}

fn unavailable() -> Expected {
    let description = "the service is unavailable for now; try again in 1 second";
    Expected::refused(503, "temporarily_unavailable", description).with("retry-after", "1")
}

fn all() -> Vec<Scenario> {
    [
        registrations::list(),
        statuses::list(),
        heads::list(),
        bodies::list(),
        connections::list(),
        malformed::list(),
    ]
    .concat()
}

#[test]
fn both_http_versions_have_40_scenarios() {
    let all = all();
    let names: HashSet<_> = all.iter().map(|it| it.name).collect();
    assert_eq!(names.len(), all.len(), "duplicate name");
    let over_both = |it: &&Scenario| matches!(it.exchange, Exchange::Request(..));
    let over_both = all.iter().filter(over_both).count();
    assert!(
        over_both >= 40,
        "{over_both} over HTTP/2, {} in all",
        all.len()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn registrations_are_answered_alike() {
    run(registrations::list()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_status_is_answered_alike() {
    run(statuses::list()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn heads_are_answered_alike() {
    run(heads::list()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn bodies_are_read_alike() {
    run(bodies::list()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_stay_open_or_end_alike() {
    run(connections::list()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn malformed_http_registers_no_client() {
    run(malformed::list()).await;
}
