//! Answers, and the headers that they have in common.

use std::fmt::Display;

use bytes::Bytes;
use http::{
    HeaderValue, Response, StatusCode,
    header::{
        ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
        ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ALLOW, CACHE_CONTROL, CONTENT_TYPE,
        LOCATION, PRAGMA, REFERRER_POLICY, RETRY_AFTER,
    },
};
use http_body_util::Full;
use serde_json::{Value, json};

pub(crate) type Answer = Response<Full<Bytes>>;

pub(crate) const NO_STORE: HeaderValue = HeaderValue::from_static("no-store");
pub(crate) const NO_REFERRER: HeaderValue = HeaderValue::from_static("no-referrer");

pub(crate) fn status(status: StatusCode) -> Answer {
    let mut answer = Response::new(Full::default());
    *answer.status_mut() = status;
    answer
}

pub(crate) fn not_found() -> Answer {
    status(StatusCode::NOT_FOUND)
}

/// `methods` as `Allow` has them: `GET, POST`.
pub(crate) fn method_not_allowed(methods: &'static str) -> Answer {
    let mut answer = status(StatusCode::METHOD_NOT_ALLOWED);
    answer
        .headers_mut()
        .insert(ALLOW, HeaderValue::from_static(methods));
    answer
}

/// The store or the source of random numbers does not work. The client may try again.
pub(crate) fn unavailable() -> Answer {
    let mut answer = status(StatusCode::SERVICE_UNAVAILABLE);
    let headers = answer.headers_mut();
    headers.insert(RETRY_AFTER, HeaderValue::from_static("1"));
    headers.insert(CACHE_CONTROL, NO_STORE);
    answer
}

/// Sends the browser to `location`. The browser uses GET whatever the first method was (RFC 9700 section 4.12).
pub(crate) fn see_other(location: &str) -> Answer {
    let Ok(location) = HeaderValue::from_str(location) else {
        return unavailable();
    };
    let mut answer = status(StatusCode::SEE_OTHER);
    let headers = answer.headers_mut();
    headers.insert(LOCATION, location);
    headers.insert(CACHE_CONTROL, NO_STORE);
    headers.insert(REFERRER_POLICY, NO_REFERRER);
    answer
}

/// The `Display` form of `body` is JSON.
pub(crate) fn json(status: StatusCode, body: &impl Display) -> Answer {
    let mut answer = Response::new(Full::from(body.to_string()));
    *answer.status_mut() = status;
    answer
        .headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    answer
}

/// JSON that caches must not store: it holds a token or an error (RFC 6749 section 5.1).
pub(crate) fn private_json(status: StatusCode, body: &Value) -> Answer {
    let mut answer = json(status, body);
    let headers = answer.headers_mut();
    headers.insert(CACHE_CONTROL, NO_STORE);
    headers.insert(PRAGMA, HeaderValue::from_static("no-cache"));
    answer
}

pub(crate) fn json_error(status: StatusCode, error: &str, description: &str) -> Answer {
    let body = json!({ "error": error, "error_description": description });
    private_json(status, &body)
}

/// Lets pages of any origin read the answer. These endpoints ignore cookies.
pub(crate) fn for_any_origin(mut answer: Answer) -> Answer {
    let headers = answer.headers_mut();
    headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    headers.insert(
        ACCESS_CONTROL_EXPOSE_HEADERS,
        HeaderValue::from_static("Retry-After, WWW-Authenticate"),
    );
    answer
}

/// The answer to OPTIONS (Fetch standard, CORS-preflight): `*` covers every header but
/// `Authorization`.
pub(crate) fn preflight(methods: &'static str) -> Answer {
    let mut answer = for_any_origin(status(StatusCode::NO_CONTENT));
    let headers = answer.headers_mut();
    let methods = HeaderValue::from_static(methods);
    headers.insert(ALLOW, methods.clone());
    headers.insert(ACCESS_CONTROL_ALLOW_METHODS, methods);
    headers.insert(
        ACCESS_CONTROL_ALLOW_HEADERS,
        HeaderValue::from_static("*, Authorization"),
    );
    headers.insert(ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("600"));
    answer
}
