//! The answer to a refused token request.

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
    /// The whole answer (RFC 6749 section 5.2): JSON, not to be stored, 401 where authentication
    /// failed and 400 otherwise. Headers for other origins (CORS) are the host's to add.
    ///
    /// A client that does not exist, one that is blocked and a wrong secret have the same answer. It
    /// lists the authentication methods that the tenant takes.
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
