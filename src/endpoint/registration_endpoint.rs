use bytes::Bytes;
use http::{
    HeaderMap, HeaderValue, Method, Request, Response,
    header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE},
    request::Parts,
};

use crate::{
    endpoint::{
        bearer,
        body::{BodyProgress, RegistrationBody},
        cors::{self, Cors},
        host::{self, InvalidHost},
        response::Frame,
        signals,
    },
    engine::Registrar,
    error::RegistrationError,
    tenants::TenantSelector,
};

/// The registration endpoint (RFC 7591 section 3): it takes an HTTP request and returns an HTTP response, in any
/// framework.
///
/// [`open`](RegistrationEndpoint::open) decides by the head of a request alone, which is enough to refuse most bad
/// requests. If it admits the request, pass it the body chunk by chunk. If you already have the complete body,
/// [`respond`](Self::respond) does both.
///
/// ```
/// use oauth_dcr::{MemoryStore, RegistrationEndpoint, Registrar, TenantSettings};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let registrar = Registrar::builder(MemoryStore::new())
///     .tenant(TenantSettings::new().enabled())
///     .build()?;
/// let endpoint = RegistrationEndpoint::new(registrar);
///
/// let request = http::Request::post("/oidc/register")
///     .header("content-type", "application/json")
///     .body(r#"{"redirect_uris": ["https://app.example.com/callback"]}"#)?;
/// assert_eq!(endpoint.respond(request).await.status(), 201);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct RegistrationEndpoint {
    registrar: Registrar,
}

/// The decision about a request after its head.
#[derive(Debug)]
#[must_use]
pub enum HeadDecision {
    /// Send this response without reading the body.
    Respond(Response<Bytes>),
    /// Read the body.
    ReadBody(RegistrationBody),
}

impl RegistrationEndpoint {
    /// The endpoint of `registrar`.
    pub fn new(registrar: Registrar) -> Self {
        Self { registrar }
    }

    /// Decides by the head of a request, before its body is polled. The host of the request selects the tenant.
    ///
    /// Rules about addresses need the address of the connection: put a [`PeerAddress`](crate::PeerAddress) into the
    /// extensions of the request.
    pub async fn open(&self, head: &Parts) -> HeadDecision {
        match host::of(head) {
            Ok(host) => self.open_to(TenantSelector::Host(host), host, head).await,
            Err(InvalidHost) => HeadDecision::Respond(self.invalid_host()),
        }
    }

    /// Decides like [`open`](Self::open), for a tenant that the host program selects.
    pub async fn open_for(&self, selector: TenantSelector<'_>, head: &Parts) -> HeadDecision {
        match host::of(head) {
            Ok(host) => self.open_to(selector, host, head).await,
            Err(InvalidHost) => HeadDecision::Respond(self.invalid_host()),
        }
    }

    async fn open_to(
        &self,
        selector: TenantSelector<'_>,
        host: Option<&str>,
        head: &Parts,
    ) -> HeadDecision {
        let (method, headers) = (&head.method, &head.headers);
        let mut frame = Frame::new(self.registrar.clock().now());
        let attempt = match self.registrar.attempt().for_tenant(selector).await {
            Ok(attempt) => attempt,
            Err(error) => return HeadDecision::Respond(frame.refused(&error)),
        };
        let tenant = attempt.settings();
        let cors = Cors::of(&tenant.registration.allowed_origins, headers);
        if method == Method::OPTIONS {
            let is_preflight = cors::is_preflight(method, headers);
            attempt.only_asks(is_preflight);
            return HeadDecision::Respond(cors::preflight(cors, is_preflight));
        }
        frame.cors = cors;
        let signals = signals::of(head, host, tenant);
        if method != Method::POST {
            let attempt = attempt.comes_from(&signals);
            let error = attempt.refuse(RegistrationError::MethodNotAllowed);
            return HeadDecision::Respond(frame.refused(&error));
        }
        let token = bearer::initial_access_token(headers);
        let admission = match attempt.admit(signals, token).await {
            Ok(admission) => admission,
            Err(error) => return HeadDecision::Respond(frame.refused(&error)),
        };
        frame.rate = admission.rate();
        let max_bytes = admission.settings().registration.max_body_bytes;
        let body = RegistrationBody::new(admission, frame);
        match check_declared(headers, max_bytes) {
            Ok(()) => HeadDecision::ReadBody(body),
            Err(error) => HeadDecision::Respond(body.refuse(error)),
        }
    }

    /// The response to a request for which the host program finds no tenant: 404, the same as when
    /// [`open`](Self::open) finds none.
    pub fn unknown_tenant(&self) -> Response<Bytes> {
        self.refuse_without_tenant(RegistrationError::UnknownTenant)
    }

    /// The response to a request of HTTP/1.1 without a `Host` header: 400 (RFC 9112 section 3.2).
    ///
    /// [`open`](Self::open) itself refuses a request with two `Host` headers. It accepts a request without any,
    /// because requests that are created in code have none. So a server that reads requests from a connection has to
    /// check this.
    pub fn invalid_host(&self) -> Response<Bytes> {
        self.refuse_without_tenant(RegistrationError::InvalidHost)
    }

    fn refuse_without_tenant(&self, error: RegistrationError) -> Response<Bytes> {
        let error = self.registrar.attempt().refuse(error);
        Frame::new(self.registrar.clock().now()).refused(&error)
    }

    /// Answers a request with a complete body.
    pub async fn respond<B: AsRef<[u8]>>(&self, request: Request<B>) -> Response<Bytes> {
        let (head, bytes) = request.into_parts();
        match self.open(&head).await {
            HeadDecision::Respond(response) => response,
            HeadDecision::ReadBody(mut body) => {
                // `finish` also answers a body that is too large.
                let (BodyProgress::More | BodyProgress::Full) = body.push(bytes.as_ref());
                body.finish().await
            }
        }
    }
}

/// Checks what the headers say about the body: it must not be too long, and it must be JSON without compression.
fn check_declared(headers: &HeaderMap, max: usize) -> Result<(), RegistrationError> {
    let length = headers
        .get(CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok()?.parse().ok());
    if length.is_some_and(|length: u64| usize::try_from(length).map_or(true, |length| length > max))
    {
        return Err(RegistrationError::BodyTooLarge { max });
    }
    let is_plain = |value: &HeaderValue| value.as_bytes().eq_ignore_ascii_case(b"identity");
    if is_json(headers) && headers.get_all(CONTENT_ENCODING).iter().all(is_plain) {
        Ok(())
    } else {
        Err(RegistrationError::UnsupportedMediaType)
    }
}

/// Whether there is exactly one `Content-Type` and it is `application/json`, with or without parameters
/// (RFC 9110 section 8.3). Any web page could send a form or plain text without a preflight.
fn is_json(headers: &HeaderMap) -> bool {
    let mut values = headers.get_all(CONTENT_TYPE).iter();
    let (Some(only), None) = (values.next(), values.next()) else {
        return false;
    };
    only.to_str().is_ok_and(|value| {
        let media_type = value.split(';').next().unwrap_or_default();
        media_type
            .trim_matches([' ', '\t'])
            .eq_ignore_ascii_case("application/json")
    })
}
