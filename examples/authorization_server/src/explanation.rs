//! Words for refusals that have none: a page for people, JSON for programs.

use http::{
    HeaderMap, HeaderValue, StatusCode,
    header::{ACCEPT, ALLOW, CACHE_CONTROL, CONTENT_TYPE, VARY, X_CONTENT_TYPE_OPTIONS},
};
use hyper::body::Body as _;
use maud::html;
use serde_json::json;

use crate::{
    answers::{self, Answer, NO_STORE},
    layout::{FormTarget, page},
};

/// Who reads the answer.
#[derive(Clone, Copy)]
pub(crate) enum Reader {
    Person,
    Program,
}

impl Reader {
    /// Browsers ask for HTML when a person opens an address.
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        let accept = headers.get(ACCEPT).and_then(|it| it.to_str().ok());
        let accept = accept.unwrap_or_default().to_ascii_lowercase();
        if accept.contains("text/html") {
            Self::Person
        } else {
            Self::Program
        }
    }

    /// Adds an explanation to a refusal that has no body. All other answers stay as they are.
    pub(crate) fn explain(self, answer: Answer) -> Answer {
        let status = answer.status();
        let is_refusal = status.is_client_error() || status.is_server_error();
        if !is_refusal || !answer.body().is_end_stream() {
            return answer;
        }
        let headers = answer.into_parts().0.headers;
        let (title, detail) = words(status, &headers);
        let mut explained = match self {
            Self::Person => for_person(status, title, &detail),
            Self::Program => for_program(status, title, &detail),
        };
        explained.headers_mut().extend(headers);
        let accept = HeaderValue::from_static("accept");
        explained.headers_mut().append(VARY, accept);
        explained
    }
}

fn for_person(status: StatusCode, title: &str, detail: &str) -> Answer {
    let body = html! {
        h1 { (title) }
        p { (detail) }
        div.actions { a.button href="/" { "See what runs here" } }
        p.technical { "HTTP status " (status.as_u16()) }
    };
    page(status, title, FormTarget::Here, &body)
}

/// Problem details (RFC 9457).
fn for_program(status: StatusCode, title: &str, detail: &str) -> Answer {
    let body = json!({ "title": title, "status": status.as_u16(), "detail": detail });
    let mut answer = answers::json(status, &body);
    let problem = HeaderValue::from_static("application/problem+json");
    let headers = answer.headers_mut();
    headers.insert(CONTENT_TYPE, problem);
    headers.insert(CACHE_CONTROL, NO_STORE);
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    answer
}

/// A title and a sentence or two that say what to do.
fn words(status: StatusCode, headers: &HeaderMap) -> (&'static str, String) {
    let (title, detail) = match status {
        StatusCode::BAD_REQUEST => (
            "This request is not valid",
            "A request needs exactly one Host header.",
        ),
        StatusCode::UNAUTHORIZED => (
            "This address needs an access token",
            "Send a valid access token in the Authorization header. The home page of this server, /, \
             shows how to get an access token.",
        ),
        StatusCode::FORBIDDEN => (
            "This access token is not enough",
            "The access token lacks a scope. The WWW-Authenticate header names the scope.",
        ),
        StatusCode::NOT_FOUND => (
            "There is nothing at this address",
            "The home page of this server, /, lists the addresses that exist.",
        ),
        StatusCode::METHOD_NOT_ALLOWED => {
            let allowed = headers.get(ALLOW).and_then(|it| it.to_str().ok());
            let allowed = allowed.unwrap_or_default();
            let detail = format!("This address accepts these methods: {allowed}.");
            return ("This address does not accept the method", detail);
        }
        StatusCode::REQUEST_TIMEOUT => (
            "This request took too long",
            "The server did not finish the request in time. Send the request again.",
        ),
        _ => (
            "This server can’t answer now",
            "A service that this server depends on is not available. Try again in a moment.",
        ),
    };
    (title, detail.to_owned())
}
