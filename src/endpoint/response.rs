//! The responses of the registration endpoint: 201 and the errors.

use bytes::Bytes;
use http::{
    HeaderMap, HeaderName, HeaderValue, Response, StatusCode,
    header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, LOCATION, PRAGMA, RETRY_AFTER, WWW_AUTHENTICATE},
};
use serde::{Serialize, Serializer, ser::SerializeMap as _};

use crate::{
    endpoint::{
        cors::{ALLOWED_METHODS, Cors},
        table::{ErrorDetail, WireError},
    },
    engine::Registered,
    error::RegistrationError,
    rate_limit::{RateDecision, whole_seconds},
    types::Timestamp,
};

pub(super) const JSON: HeaderValue = HeaderValue::from_static("application/json");
pub(super) const NO_STORE: HeaderValue = HeaderValue::from_static("no-store");
pub(super) const NO_CACHE: HeaderValue = HeaderValue::from_static("no-cache");
const LIMIT: HeaderName = HeaderName::from_static("x-ratelimit-limit");
const REMAINING: HeaderName = HeaderName::from_static("x-ratelimit-remaining");
const RESET: HeaderName = HeaderName::from_static("x-ratelimit-reset");

/// The capacity for the response to a usual registration, so that it is written without reallocation.
const USUAL_BYTES: usize = 640;

impl Registered {
    /// The client information response (RFC 7591 section 3.2.1) as JSON, including the secret.
    ///
    /// This consumes the registration, because the secret is shown only once.
    pub fn into_json(self) -> Bytes {
        let mut json = Vec::with_capacity(USUAL_BYTES);
        // Writing to memory does not fail, and all members are strings, numbers or lists. If it failed anyway,
        // the body would be truncated and no client could read it.
        let _written = serde_json::to_writer(&mut json, &Information(&self));
        json.into()
    }
}

/// The client information response.
struct Information<'a>(&'a Registered);

impl Serialize for Information<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let client = self.0.client();
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("client_id", client.id())?;
        map.serialize_entry("client_id_issued_at", &client.issued_at().unix_seconds())?;
        if let Some(secret) = self.0.secret() {
            map.serialize_entry("client_secret", secret.expose())?;
        }
        // 0: the secret never expires. Public clients also get this member.
        map.serialize_entry("client_secret_expires_at", &0)?;
        client.metadata().serialize_into(&mut map)?;
        map.end()
    }
}

#[derive(Serialize)]
struct ErrorBody<'a> {
    error: &'static str,
    error_description: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    error_detail: Option<ErrorDetail>,
}

/// The headers that every response to one request has, whatever its outcome.
#[derive(Clone, Debug)]
pub(super) struct Frame {
    now: Timestamp,
    /// Allows any origin until the tenant is known.
    pub(super) cors: Cors,
    /// The decision of the rate limiter, once it is known.
    pub(super) rate: Option<RateDecision>,
}

impl Frame {
    /// The frame for a request that begins `now`.
    pub(super) const fn new(now: Timestamp) -> Self {
        Self {
            now,
            cors: Cors::any(),
            rate: None,
        }
    }

    /// The response 201 for `registered`.
    pub(super) fn created(self, registered: Registered) -> Response<Bytes> {
        let mut response = Response::new(registered.into_json());
        *response.status_mut() = StatusCode::CREATED;
        response.headers_mut().insert(PRAGMA, NO_CACHE);
        self.finish(response)
    }

    /// The response for `error`.
    pub(super) fn refused(mut self, error: &RegistrationError) -> Response<Bytes> {
        let row = WireError::of(error);
        let body = ErrorBody {
            error: row.code,
            error_description: &error.to_string(),
            error_detail: row.detail,
        };
        let mut response = Response::new(serde_json::to_vec(&body).unwrap_or_default().into());
        *response.status_mut() = row.status;
        if let Some(seconds) = error.retry_after_seconds() {
            response.headers_mut().insert(RETRY_AFTER, seconds.into());
        }
        if matches!(error, RegistrationError::MethodNotAllowed) {
            response.headers_mut().insert(ALLOW, ALLOWED_METHODS);
        }
        if let Some(challenge) = WireError::challenge(error) {
            let challenge = HeaderValue::from_static(challenge);
            response.headers_mut().insert(WWW_AUTHENTICATE, challenge);
        }
        if let RegistrationError::Redirected { location, .. } = error
            && let Ok(location) = HeaderValue::from_str(location.as_str())
        {
            response.headers_mut().insert(LOCATION, location);
        }
        self.rate = error.used_up().or(self.rate);
        self.finish(response)
    }

    fn finish(self, mut response: Response<Bytes>) -> Response<Bytes> {
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, JSON);
        headers.insert(CACHE_CONTROL, NO_STORE);
        if let Some(rate) = self.rate {
            rate_headers(headers, rate, self.now);
        }
        self.cors.apply(headers);
        response
    }
}

fn rate_headers(headers: &mut HeaderMap, rate: RateDecision, now: Timestamp) {
    let reset = now
        .unix_seconds()
        .saturating_add(whole_seconds(rate.full_after()));
    headers.insert(LIMIT, rate.limit().into());
    headers.insert(REMAINING, rate.remaining().into());
    headers.insert(RESET, reset.into());
}
