//! Cross-origin requests (Fetch standard, CORS protocol). They are allowed by default, but never with credentials.

use http::{
    HeaderMap, HeaderValue, Method, Response, StatusCode,
    header::{
        ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
        ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_METHOD,
        ALLOW, ORIGIN, VARY,
    },
};

use crate::settings::AllowedOrigins;

/// The methods of the endpoint, for `Allow`.
pub(super) const ALLOWED_METHODS: HeaderValue = HeaderValue::from_static("POST, OPTIONS");

/// Whether a page of the request's origin may read the response.
#[derive(Clone, Debug)]
pub(super) struct Cors {
    /// `Access-Control-Allow-Origin`, if the origin is allowed.
    allow_origin: Option<HeaderValue>,
    /// Whether the response depends on the origin, which a cache has to know.
    varies: bool,
}

impl Cors {
    /// Lets any origin read the response.
    pub(super) const fn any() -> Self {
        Self {
            allow_origin: Some(HeaderValue::from_static("*")),
            varies: false,
        }
    }

    /// Applies `origins` to the request with these headers.
    pub(super) fn of(origins: &AllowedOrigins, headers: &HeaderMap) -> Self {
        if origins.is_any() {
            return Self::any();
        }
        let origin = headers.get(ORIGIN);
        let allowed =
            origin.filter(|origin| origin.to_str().is_ok_and(|origin| origins.allows(origin)));
        Self {
            allow_origin: allowed.cloned(),
            varies: true,
        }
    }

    /// Adds the headers that let the page read the response.
    pub(super) fn apply(self, headers: &mut HeaderMap) {
        if self.varies {
            headers.insert(VARY, HeaderValue::from_static("Origin"));
        }
        if let Some(origin) = self.allow_origin {
            headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
            headers.insert(
                ACCESS_CONTROL_EXPOSE_HEADERS,
                HeaderValue::from_static(
                    "Retry-After, WWW-Authenticate, X-RateLimit-Limit, X-RateLimit-Remaining, \
                     X-RateLimit-Reset",
                ),
            );
        }
    }
}

/// Whether the request is a preflight: it only asks whether the page may send the real request.
pub(super) fn is_preflight(method: &Method, headers: &HeaderMap) -> bool {
    method == Method::OPTIONS && headers.contains_key(ACCESS_CONTROL_REQUEST_METHOD)
}

/// The response to an OPTIONS request. It lists the methods of the endpoint. If the request is a preflight from an
/// allowed origin, it also permits the real request.
pub(super) fn preflight<B: Default>(cors: Cors, is_preflight: bool) -> Response<B> {
    let mut response = Response::new(B::default());
    *response.status_mut() = StatusCode::NO_CONTENT;
    let headers = response.headers_mut();
    headers.insert(ALLOW, ALLOWED_METHODS);
    if is_preflight && cors.allow_origin.is_some() {
        headers.insert(
            ACCESS_CONTROL_ALLOW_METHODS,
            HeaderValue::from_static("POST"),
        );
        // The wildcard stands for every header except `Authorization`.
        let headers_allowed = HeaderValue::from_static("Authorization, *");
        headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, headers_allowed);
        // The browser must not cache this: the allowed origins may change at any time, and the change has to
        // apply from the next request on. A page registers once, so it gains nothing from a cache.
        headers.insert(ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("0"));
    }
    cors.apply(headers);
    response
}
