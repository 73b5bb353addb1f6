//! Refusals over HTTP: what the person reads, what the client receives, and what a program can use.

use std::{
    io::{Read as _, Write as _},
    net::TcpStream,
};

use http::Request;
use serde_json::{Value, json};

use crate::{
    client::Client,
    example_server::ExampleServer,
    fixture::{CONNECTION, two_scopes},
    person::Person,
    wire::{Answer, Pairs, form_request, pairs, send, with, without},
};

const SITE: &str = "https://app.example.com/callback";

async fn client_at(base: &str, uri: &str) -> Client {
    let metadata = json!({ "token_endpoint_auth_method": "none", "redirect_uris": [uri] });
    Client::register(base, metadata).await
}

/// Signs in, and presses *deny*.
async fn deny(client: &Client, request: &Pairs) -> Answer {
    let mut person = Person::new(&client.base);
    let page = person.open(&client.authorization_url(request)).await;
    let consent = person.sign_in(&page, "ada", CONNECTION).await;
    person.decide(&consent, "deny", &["read:items"]).await
}

/// The target of the only link on the page.
fn link_of(page: &Answer) -> String {
    let mut links = page.body.split("<a class=\"button\" href=\"").skip(1);
    let link = links
        .next()
        .unwrap_or_else(|| panic!("no link: {}", page.body));
    assert_eq!(links.next(), None);
    link.split('"').next().unwrap().replace("&amp;", "&")
}

async fn authorize_accepting(client: &Client, request: &Pairs, accept: &str) -> Answer {
    let request = Request::get(client.authorization_url(request)).header("accept", accept);
    send(request.body(String::new()).unwrap()).await
}

/// The head and the body of the answer to a GET, sent byte by byte.
fn raw(base: &str, target: &str, accept: &str) -> (String, String) {
    let address = base.strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(address).unwrap();
    let request = format!(
        "GET {target} HTTP/1.1\r\nHost: {address}\r\nAccept: {accept}\r\nConnection: close\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.to_lowercase(), body.to_owned())
}

#[tokio::test]
async fn a_denial_is_sent_to_a_program_on_the_device() {
    let server = ExampleServer::start_with(None, &[]);
    for uri in [
        "http://127.0.0.1:33418/cb",
        "http://localhost:8080/cb",
        "com.example.app:/cb",
    ] {
        let client = client_at(&server.base, uri).await;
        let answer = deny(&client, &client.authorization()).await;
        assert_eq!(answer.status, 303, "{uri}: {answer:?}");
        let location = answer.header("location").unwrap();
        assert!(
            location.starts_with(&format!("{uri}?error=access_denied&")),
            "{location}"
        );
        assert_eq!(answer.redirected_with("state").unwrap(), "s-7f3a");
        assert_eq!(answer.redirected_with("iss").unwrap(), server.base);
    }
}

#[tokio::test]
async fn a_denial_offers_a_link_to_a_site() {
    let server = ExampleServer::start_with(None, &[]);
    let client = client_at(&server.base, SITE).await;
    let page = deny(&client, &client.authorization()).await;
    assert_eq!(page.status, 400);
    assert_eq!(
        (page.header("location"), page.header("refresh")),
        (None, None)
    );
    assert!(!page.body.contains("http-equiv"), "{}", page.body);
    assert!(page.body.contains("rel=\"noreferrer\""), "{}", page.body);
    assert!(
        page.body
            .contains("This leads to <strong>app.example.com</strong>"),
        "{}",
        page.body
    );
    let issuer = server.base.replace(':', "%3A").replace('/', "%2F");
    let expected = format!(
        "{SITE}?error=access_denied&error_description=access+was+denied&state=s-7f3a&iss={issuer}"
    );
    assert_eq!(link_of(&page), expected);
}

#[tokio::test]
async fn a_denial_offers_a_form_on_request() {
    let server = ExampleServer::start_with(None, &[]);
    let client = client_at(&server.base, SITE).await;
    let request = with(client.authorization(), "response_mode", "form_post");
    let page = deny(&client, &request).await;
    assert_eq!(page.status, 400);
    for part in [
        format!("action=\"{SITE}\""),
        "name=\"error\" value=\"access_denied\"".to_owned(),
        "name=\"state\" value=\"s-7f3a\"".to_owned(),
    ] {
        assert!(page.body.contains(&part), "{part}: {}", page.body);
    }
    let policy = page.header("content-security-policy").unwrap();
    assert!(policy.contains("form-action 'self' https:;"), "{policy}");

    let client = client_at(&server.base, "http://127.0.0.1/cb").await;
    let request = with(client.authorization(), "response_mode", "form_post");
    let page = deny(&client, &request).await;
    assert_eq!(page.status, 200, "{page:?}");
    assert!(
        page.body.contains("action=\"http://127.0.0.1/cb\""),
        "{}",
        page.body
    );
}

#[tokio::test]
async fn a_faulty_request_offers_a_link_and_sends_nothing() {
    let server = ExampleServer::start_with(None, &[]);
    for (uri, place) in [
        (SITE, "app.example.com"),
        (
            "http://127.0.0.1:33418/cb",
            "a program on this device (127.0.0.1)",
        ),
        (
            "com.example.app:/cb",
            "an app on this device (com.example.app:)",
        ),
    ] {
        let client = client_at(&server.base, uri).await;
        let request = without(client.authorization(), "code_challenge");
        let page = client.authorize(&request).await;
        assert_eq!((page.status, page.header("location")), (400, None));
        let link = link_of(&page);
        assert!(
            link.starts_with(&format!("{uri}?error=invalid_request&")),
            "{link}"
        );
        let leads = format!("This leads to <strong>{place}</strong>");
        assert!(page.body.contains(&leads), "{}", page.body);
        assert!(
            page.body.contains("You cannot fix this yourself."),
            "{}",
            page.body
        );
    }
}

#[tokio::test]
async fn an_unknown_client_is_told_to_connect_again() {
    let server = ExampleServer::start_with(None, &[]);
    let client = Client::public(&server.base).await;
    let request = with(client.authorization(), "client_id", "tpc_GONE");
    let page = client.authorize(&request).await;
    assert_eq!(page.status, 400);
    for text in [
        "This service does not know the application",
        "remove the connection to this service and add it again",
        "<code>invalid_client</code>",
        "/oidc/register",
    ] {
        assert!(page.body.contains(text), "{text}: {}", page.body);
    }
    assert!(!page.body.contains("<a "), "{}", page.body);
}

/// The request that programs send before they open a browser.
#[tokio::test]
async fn a_program_learns_that_its_client_is_unknown() {
    let server = ExampleServer::start_with(None, &[]);
    let client = Client::public(&server.base).await;
    let request = with(client.authorization(), "client_id", "tpc_GONE");
    let url = client.authorization_url(&request);
    let target = url.strip_prefix(&server.base).unwrap();
    let (head, body) = raw(&server.base, target, "application/json");
    assert!(head.starts_with("http/1.1 400 "), "{head}");
    assert!(head.contains("content-type: application/json"), "{head}");
    let body: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(body["error"], "invalid_client");
    let endpoint = format!("{}/oidc/register", server.base);
    assert_eq!(body["registration_endpoint"], endpoint);
}

#[tokio::test]
async fn a_program_learns_that_its_request_is_valid() {
    let server = ExampleServer::start_with(None, &[]);
    let client = Client::public(&server.base).await;
    let url = client.authorization_url(&client.authorization());
    let target = url.strip_prefix(&server.base).unwrap();
    for accept in ["application/json", "Application/JSON, text/plain;q=0.5"] {
        let (head, body) = raw(&server.base, target, accept);
        assert!(head.starts_with("http/1.1 200 "), "{head}");
        assert!(!head.contains("set-cookie"), "{head}");
        let body: Value = serde_json::from_str(&body).unwrap();
        assert_eq!(
            (&body["valid"], &body["error"]),
            (&json!(true), &Value::Null)
        );
    }
    // The person signs in next.
    for accept in ["*/*", "text/html,application/json;q=0.9"] {
        let answer = authorize_accepting(&client, &client.authorization(), accept).await;
        assert_eq!(answer.status, 303, "{accept}");
        assert!(
            answer
                .header("location")
                .unwrap()
                .starts_with("/interaction?session=")
        );
    }
}

#[tokio::test]
async fn a_closed_api_is_not_blamed_on_the_application() {
    let mut settings = two_scopes("strict");
    settings["tenants"][0]["client_grants"] = json!([]);
    let server = ExampleServer::start_with(Some(&settings), &[]);
    let client = Client::public(&server.base).await;
    let request = with(client.authorization(), "audience", "https://items.example");
    let page = client.authorize(&request).await;
    assert_eq!(page.status, 400);
    for text in [
        "This service is not open to the application",
        "The application has done nothing wrong.",
        "<code>unauthorized_client</code>",
    ] {
        assert!(page.body.contains(text), "{text}: {}", page.body);
    }
    assert!(link_of(&page).contains("error=unauthorized_client&"));
}

/// The description in the answer to a program.
async fn description(client: &Client, request: &Pairs) -> String {
    let answer = authorize_accepting(client, request, "application/json").await;
    assert_eq!(answer.status, 400, "{answer:?}");
    answer.json()["error_description"]
        .as_str()
        .unwrap()
        .to_owned()
}

#[tokio::test]
async fn descriptions_say_where_to_find_valid_values() {
    let server = ExampleServer::start_with(None, &[]);
    let client = client_at(&server.base, SITE).await;
    let request = without(client.authorization(), "audience");
    let request = with(request, "resource", "https://nowhere.example");
    let text = description(&client, &request).await;
    assert!(
        text.starts_with("resource or audience names no API"),
        "{text}"
    );
    assert!(
        text.contains("protected_resources in the metadata"),
        "{text}"
    );
    let metadata = format!("{}/.well-known/oauth-authorization-server", server.base);
    let metadata = send(Request::get(metadata).body(String::new()).unwrap())
        .await
        .json();
    assert_eq!(metadata["protected_resources"], json!([client.api]));
}

#[tokio::test]
async fn the_port_of_localhost_is_explained() {
    // The built-in tenant may let it differ.
    let server = ExampleServer::start_with(Some(&two_scopes("strict")), &[]);
    let client = client_at(&server.base, "http://localhost:8080/cb").await;
    let request = with(
        client.authorization(),
        "redirect_uri",
        "http://localhost:8081/cb",
    );
    let text = description(&client, &request).await;
    assert!(
        text.contains("the port of localhost has to match, but the port of 127.0.0.1"),
        "{text}"
    );
}

#[tokio::test]
async fn empty_and_repeated_unknown_parameters_are_ignored() {
    for policy in ["ignore", "reject"] {
        let mut settings = two_scopes("strict");
        settings["tenants"][0]["unknown_authorize_parameters"] = json!(policy);
        let server = ExampleServer::start_with(Some(&settings), &["--auto-approve"]);
        let client = Client::public(&server.base).await;
        let whole = with(client.authorization(), "audience", "https://items.example");
        let url = client.authorization_url(&whole);
        let target = url.strip_prefix(&server.base).unwrap();
        for (more, passes) in [
            ("request=&claims&id_token_hint=", true),
            ("state=&state&scope=&client_id=&redirect_uri=", true),
            ("foo=&foo=", true),
            ("foo=1&foo=2", policy == "ignore"),
            ("correlation_id=1&authorization_details=%5B%0A%5D", true),
            ("correlation_id=1&correlation_id=1", false),
            ("ext-a=1&ext-a=2", false),
            ("ext-a=1&ext-b=2", true),
            (
                "resource=https%3A%2F%2Fitems.example&resource=https%3A%2F%2Fitems.example",
                true,
            ),
            ("st%61te=s-7f3a", false),
        ] {
            let (head, _) = raw(&server.base, &format!("{target}&{more}"), "text/html");
            let status = if passes {
                "http/1.1 303 "
            } else {
                "http/1.1 400 "
            };
            assert!(head.starts_with(status), "{policy}, {more}: {head}");
        }
        // The same at the token endpoint.
        let code = client.code_for(&whole).await;
        let mut form = client.exchange(&code);
        let more = [
            ("foo", "1"),
            ("foo", "2"),
            ("state", "1"),
            ("state", "2"),
            ("code", ""),
        ];
        form.extend(pairs(more));
        let url = format!("{}/oauth/token", server.base);
        assert_eq!(send(form_request(&url, &form)).await.status, 200);
    }
}

#[tokio::test]
async fn each_response_parameter_is_sent_once() {
    let uri = "https://app.example.com/cb?env=%7e+~&%73tate=fixed&code=x&";
    let left = "https://app.example.com/cb?env=%7e+~&";
    let server = ExampleServer::start(None);
    let client = client_at(&server.base, uri).await;
    let request = client.authorization();
    let answer = client.authorize(&request).await;
    let location = answer.header("location").unwrap();
    assert!(location.starts_with(&format!("{left}code=")), "{location}");
    assert_eq!(answer.redirected_with("state").unwrap(), "s-7f3a");
    // The code is bound to the URI as it was requested.
    let code = answer.redirected_with("code").unwrap();
    assert_eq!(client.token(&client.exchange(&code)).await.status, 200);

    let answer = client
        .authorize(&with(request.clone(), "response_mode", "fragment"))
        .await;
    let location = answer.header("location").unwrap();
    assert!(location.starts_with(&format!("{left}#code=")), "{location}");
    let page = client
        .authorize(&with(request.clone(), "response_mode", "form_post"))
        .await;
    let action = format!("action=\"{}\"", left.replace('&', "&amp;"));
    assert!(page.body.contains(&action), "{}", page.body);

    let answer = client.authorize(&without(request.clone(), "state")).await;
    let location = answer.header("location").unwrap();
    let kept = "https://app.example.com/cb?env=%7e+~&%73tate=fixed&code=";
    assert!(location.starts_with(kept), "{location}");

    let page = client.authorize(&with(request, "scope", "nothing")).await;
    let link = link_of(&page);
    assert!(
        link.starts_with(&format!("{left}error=invalid_scope&")),
        "{link}"
    );
}
