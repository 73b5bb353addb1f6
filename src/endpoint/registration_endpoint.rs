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

/// The registration endpoint (RFC 7591 section 3): HTTP in, HTTP out, whatever the framework.
///
/// The head of a request is enough to refuse most of what should be refused:
/// [`open`](RegistrationEndpoint::open) looks at that alone. What it admits hands over its body
/// piece by piece. Where the whole body is there already, [`respond`](Self::respond) does both.
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

/// What the head of a request leads to.
#[derive(Debug)]
#[must_use]
pub enum HeadDecision {
    /// This answer, without a look at the body.
    Respond(Response<Bytes>),
    /// The body is wanted.
    ReadBody(RegistrationBody),
}

impl RegistrationEndpoint {
    /// The endpoint of `registrar`.
    pub fn new(registrar: Registrar) -> Self {
        Self { registrar }
    }

    /// Decides by the head of a request, before its body is polled. The tenant is the one that the
    /// request's host leads to.
    ///
    /// Rules that look at addresses need the connection's: put a [`PeerAddress`](crate::PeerAddress)
    /// into the extensions of the request.
    pub async fn open(&self, head: &Parts) -> HeadDecision {
        match host::of(head) {
            Ok(host) => self.open_to(TenantSelector::Host(host), host, head).await,
            Err(InvalidHost) => HeadDecision::Respond(self.invalid_host()),
        }
    }

    /// As [`open`](Self::open), where the host program knows the tenant.
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

    /// The answer to a request that leads the host program to no tenant: 404, as for any that
    /// [`open`](Self::open) finds none for.
    pub fn unknown_tenant(&self) -> Response<Bytes> {
        self.refuse_without_tenant(RegistrationError::UnknownTenant)
    }

    /// The answer to a request of HTTP/1.1 without a `Host` header: 400 (RFC 9112 section 3.2), as for
    /// one with two, which [`open`](Self::open) refuses itself. Requests that are made in code have
    /// none, so the server that reads them off a connection has to look.
    pub fn invalid_host(&self) -> Response<Bytes> {
        self.refuse_without_tenant(RegistrationError::InvalidHost)
    }

    fn refuse_without_tenant(&self, error: RegistrationError) -> Response<Bytes> {
        let error = self.registrar.attempt().refuse(error);
        Frame::new(self.registrar.clock().now()).refused(&error)
    }

    /// Answers a request whose body is there as a whole.
    pub async fn respond<B: AsRef<[u8]>>(&self, request: Request<B>) -> Response<Bytes> {
        let (head, whole) = request.into_parts();
        match self.open(&head).await {
            HeadDecision::Respond(response) => response,
            HeadDecision::ReadBody(mut body) => {
                // A body that is too large is answered by finishing, like any other.
                let (BodyProgress::More | BodyProgress::Full) = body.push(whole.as_ref());
                body.finish().await
            }
        }
    }
}

/// What the headers say of the body: not too long, and plain JSON.
fn check_declared(headers: &HeaderMap, max: usize) -> Result<(), RegistrationError> {
    let length = headers
        .get(CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok()?.parse().ok());
    if length.is_some_and(|length: u64| usize::try_from(length).map_or(true, |it| it > max)) {
        return Err(RegistrationError::BodyTooLarge { max });
    }
    let is_plain = |value: &HeaderValue| value.as_bytes().eq_ignore_ascii_case(b"identity");
    if is_json(headers) && headers.get_all(CONTENT_ENCODING).iter().all(is_plain) {
        Ok(())
    } else {
        Err(RegistrationError::UnsupportedMediaType)
    }
}

/// Whether there is one `Content-Type`, and it is `application/json`, with or without parameters
/// (RFC 9110 section 8.3). A form or plain text could come from any page without a preflight.
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
