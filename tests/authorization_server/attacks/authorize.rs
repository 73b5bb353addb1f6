//! The cases that go to `/authorize`, at a server that approves by itself and at a server that asks
//! a person.

use http::Request;
use serde_json::{Value, json};
use url::Url;

use super::{
    Case, cases,
    setup::{Names, Servers, register, settings},
};
use crate::{
    client::{Client, Tokens},
    person::Person,
    wire::{Answer, Pairs, form_request, send},
};

/// Whether the request has an unknown parameter.
const HAS_UNKNOWN: &str = "AUZ-035";

#[tokio::test]
async fn every_authorization_attack_has_the_right_outcome() {
    let servers = Servers::default();
    let mut judged = 0;
    for case in &cases(&["authorize", "pkce"], "/authorize") {
        let settings = settings(&case.setup()["tenant"]);
        check_case(case, &servers, &settings).await;
        judged += 1;
    }
    assert!(judged >= 49, "only {judged} cases were judged");
}

#[tokio::test]
async fn a_tenant_can_refuse_unknown_parameters() {
    let servers = Servers::default();
    let mut judged = 0;
    for case in &cases(&["authorize"], "/authorize") {
        if !case.is_accepted() {
            continue;
        }
        let mut settings = settings(&case.setup()["tenant"]);
        settings["tenants"][0]["unknown_authorize_parameters"] = json!("reject");
        if case.id() == HAS_UNKNOWN {
            let server = servers.get(&settings, &[]);
            let (client, params) = requested(case, &server.base).await;
            let answer = send(request(case, &client, &params, "application/json")).await;
            assert_eq!(
                (answer.status, answer.error()),
                (400, "invalid_request".into())
            );
        } else {
            check_case(case, &servers, &settings).await;
        }
        judged += 1;
    }
    assert!(judged >= 10, "only {judged} cases were judged");
}

/// Asserts the outcome of `case` for every way to send the request.
async fn check_case(case: &Case, servers: &Servers, settings: &Value) {
    let scripted = servers.get(settings, &["--auto-approve"]);
    let (client, params) = requested(case, &scripted.base).await;
    let answer = send(request(case, &client, &params, "text/html")).await;
    if case.is_accepted() {
        assert_is_code(case, &client, &params, &answer).await;
    } else {
        assert_is_page(case, &answer);
        let answer = send(request(case, &client, &params, "application/json")).await;
        assert_is_right_error(case, &answer);
    }

    let manned = servers.get(settings, &[]);
    let (client, params) = requested(case, &manned.base).await;
    let answer = send(request(case, &client, &params, "text/html")).await;
    if case.is_accepted() {
        assert_person_consents(case, &client, &params).await;
    } else {
        assert_is_page(case, &answer);
    }
}

/// The client of the case, registered, and the request that it makes.
async fn requested(case: &Case, base: &str) -> (Client, Pairs) {
    let described = &case.setup()["client"];
    let client = register(base, described).await;
    let mut names = Names::default();
    names.add(described["client_id"].as_str().unwrap(), &client.id);
    let params = names.pairs(&case.request()["params"]);
    (client, params)
}

fn request(case: &Case, client: &Client, params: &Pairs, accept: &str) -> Request<String> {
    let mut request = match case.request()["method"].as_str().unwrap() {
        "POST" => form_request(&format!("{}/authorize", client.base), params),
        _ => Request::get(client.authorization_url(params))
            .body(String::new())
            .unwrap(),
    };
    request
        .headers_mut()
        .insert("accept", accept.parse().unwrap());
    request
}

/// A redirect to exactly the requested URI, with a code for exactly what was requested.
async fn assert_is_code(case: &Case, client: &Client, params: &Pairs, answer: &Answer) {
    let id = case.id();
    let value = |name: &str| params.iter().find(|(own, _)| own == name).map(|(_, it)| it);
    assert_eq!(answer.status, 303, "{id}: {answer:?}");
    let uri = value("redirect_uri").unwrap_or(&client.redirect_uri);
    let location = answer.header("location").unwrap();
    let (place, _) = uri.split_once('?').unwrap_or((uri, ""));
    assert!(
        location.starts_with(&format!("{place}?")),
        "{id}: {location}"
    );
    assert_has_query(case, location);
    assert_eq!(
        answer.redirected_with("state").as_ref(),
        value("state"),
        "{id}"
    );
    assert_eq!(
        answer.redirected_with("iss").as_ref(),
        Some(&client.base),
        "{id}"
    );

    let mut form = client.exchange(&answer.redirected_with("code").unwrap());
    form.retain(|(name, _)| name != "redirect_uri");
    if let Some(uri) = value("redirect_uri") {
        form.push(("redirect_uri".to_owned(), uri.clone()));
    }
    let tokens = Tokens::of(&client.token(&form).await);
    let scope = if tokens.refresh.is_empty() {
        "read:items"
    } else {
        "read:items offline_access"
    };
    assert_eq!(tokens.scope, scope, "{id}");
}

/// For each name, the number of parameters in the query or their values.
fn assert_has_query(case: &Case, location: &str) {
    let location = Url::parse(location).unwrap();
    let expected = case.expect()["query"].as_object().into_iter().flatten();
    for (name, expected) in expected {
        let values = location.query_pairs().filter(|(own, _)| own == name);
        let values: Vec<_> = values.map(|(_, value)| value.into_owned()).collect();
        match expected.as_u64() {
            Some(count) => assert_eq!(values.len() as u64, count, "{}: {name}", case.id()),
            None => assert_eq!(json!(values), *expected, "{}: {name}", case.id()),
        }
    }
}

fn assert_is_page(case: &Case, answer: &Answer) {
    let id = case.id();
    assert!(case.is_right_status(answer.status), "{id}: {answer:?}");
    assert_eq!(answer.header("location"), None, "{id}");
    assert_eq!(answer.header("set-cookie"), None, "{id}");
    assert_eq!(
        answer.header("content-type"),
        Some("text/html; charset=utf-8"),
        "{id}"
    );
    assert_eq!(answer.header("cache-control"), Some("no-store"), "{id}");
    assert!(
        !answer.body.contains("evil.test"),
        "{id}: the page repeats the request"
    );
    let (_, rest) = answer
        .body
        .split_once("<p class=\"technical\"><code>")
        .unwrap();
    let error = rest.split('<').next().unwrap();
    assert!(case.is_right_error(error), "{id}: {error}");
}

fn assert_is_right_error(case: &Case, answer: &Answer) {
    assert!(
        case.is_right_status(answer.status),
        "{}: {answer:?}",
        case.id()
    );
    assert!(
        case.is_right_error(&answer.error()),
        "{}: {answer:?}",
        case.id()
    );
    assert_eq!(answer.header("location"), None, "{}", case.id());
}

/// The server shows the consent page, and issues a code only after the approval.
async fn assert_person_consents(case: &Case, client: &Client, params: &Pairs) {
    let mut person = Person::new(&client.base);
    let page = person.open(&client.authorization_url(params)).await;
    let page = person.sign_in(&page, "ada", "google-domain").await;
    assert!(
        page.says("Not verified"),
        "{}: {:?}",
        case.id(),
        page.answer
    );
    let answer = person.decide(&page, "approve", &["read:items"]).await;
    assert_is_code(case, client, params, &answer).await;
}
