//! The response to a refused token request.

use bytes::Bytes;
use http::{
    HeaderValue, Response,
    header::{CACHE_CONTROL, CONTENT_TYPE, PRAGMA, WWW_AUTHENTICATE},
};

use crate::{
    endpoint::{
        response::{JSON, NO_CACHE, NO_STORE},
        table::token_status,
    },
    token::{TokenError, TokenRefusal},
};

#[derive(serde::Serialize)]
struct ErrorBody<'a> {
    error: &'static str,
    error_description: &'a str,
}

impl TokenRefusal {
    /// The complete response (RFC 6749 section 5.2). It is JSON that caches do not store. The status is 401 if
    /// authentication failed, and 400 otherwise. The host adds headers for other origins (CORS).
    ///
    /// The response is the same for a client that does not exist, a blocked client and a wrong secret. It lists the
    /// authentication methods that the tenant supports.
    pub fn to_response(&self) -> Response<Bytes> {
        let error = self.error();
        let body = ErrorBody {
            error: error.code(),
            error_description: &self.to_string(),
        };
        let mut response = Response::new(serde_json::to_vec(&body).unwrap_or_default().into());
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, JSON);
        headers.insert(CACHE_CONTROL, NO_STORE);
        headers.insert(PRAGMA, NO_CACHE);
        if matches!(error, TokenError::InvalidClient(_)) && self.used_authorization_header() {
            let challenge = HeaderValue::from_static(r#"Basic realm="token endpoint""#);
            headers.insert(WWW_AUTHENTICATE, challenge);
        }
        *response.status_mut() = token_status(error);
        response
    }
}
