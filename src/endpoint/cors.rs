//! Cross-origin requests (Fetch standard, CORS protocol): open by default, never with credentials.

use http::{
    HeaderMap, HeaderValue, Method, Response, StatusCode,
    header::{
        ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
        ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_METHOD,
        ALLOW, ORIGIN, VARY,
    },
};

use crate::settings::AllowedOrigins;

/// What the endpoint takes, for `Allow`.
pub(super) const ALLOWED_METHODS: HeaderValue = HeaderValue::from_static("POST, OPTIONS");

/// What a page may be told about the origin it asked from.
#[derive(Clone, Debug)]
pub(super) struct Cors {
    /// `Access-Control-Allow-Origin`, if the origin is allowed.
    allow_origin: Option<HeaderValue>,
    /// Whether the answer depends on the origin, which a cache has to know.
    varies: bool,
}

impl Cors {
    /// Any origin may read the answer: it is the same for all, and tells nothing.
    pub(super) const fn any() -> Self {
        Self {
            allow_origin: Some(HeaderValue::from_static("*")),
            varies: false,
        }
    }

    /// What `origins` say about the request with these headers.
    pub(super) fn of(origins: &AllowedOrigins, headers: &HeaderMap) -> Self {
        if origins.is_any() {
            return Self::any();
        }
        let origin = headers.get(ORIGIN);
        let allowed = origin.filter(|it| it.to_str().is_ok_and(|it| origins.allows(it)));
        Self {
            allow_origin: allowed.cloned(),
            varies: true,
        }
    }

    /// Adds to `headers` what lets the page read the answer.
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

/// Whether the request asks for permission only, before the page sends what it means.
pub(super) fn is_preflight(method: &Method, headers: &HeaderMap) -> bool {
    method == Method::OPTIONS && headers.contains_key(ACCESS_CONTROL_REQUEST_METHOD)
}

/// The answer to any OPTIONS request: what the endpoint takes and, to a preflight from an allowed
/// origin, that the page may send it.
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
        // The wildcard stands for every header but this one.
        let headers_allowed = HeaderValue::from_static("Authorization, *");
        headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, headers_allowed);
        // Not to be kept: the origins may be narrowed at any time, and that holds from the next
        // request on. A page registers once; it gains nothing by remembering.
        headers.insert(ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("0"));
    }
    cors.apply(headers);
    response
}
