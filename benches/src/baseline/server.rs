//! The registration by hand on hyper alone.

use std::convert::Infallible;

use bytes::Bytes;
use http::{HeaderValue, Method, Request, Response, StatusCode, header::CONTENT_TYPE};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Incoming;

use crate::baseline::{headers::HEADERS, register::Baseline};

const MAX_BODY: usize = 65_536;

/// Answers a request.
pub async fn answer(
    baseline: &Baseline,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let (status, body) = match registered(baseline, request).await {
        Ok(body) => (StatusCode::CREATED, body),
        Err(status) => (status, Vec::new()),
    };
    let mut response = Response::new(Full::from(body));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    for (name, value) in HEADERS {
        headers.insert(name, HeaderValue::from_static(value));
    }
    Ok(response)
}

async fn registered(
    baseline: &Baseline,
    request: Request<Incoming>,
) -> Result<Vec<u8>, StatusCode> {
    if request.method() != Method::POST {
        return Err(StatusCode::METHOD_NOT_ALLOWED);
    }
    let content_type = request.headers().get(CONTENT_TYPE);
    if content_type.is_none_or(|it| it != "application/json") {
        return Err(StatusCode::UNSUPPORTED_MEDIA_TYPE);
    }
    let body = Limited::new(request.into_body(), MAX_BODY).collect().await;
    let body = body.map_err(|_| StatusCode::PAYLOAD_TOO_LARGE)?;
    baseline
        .register(&body.to_bytes())
        .map_err(|_| StatusCode::BAD_REQUEST)
}
