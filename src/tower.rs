//! The registration endpoint as a `tower` service, for hyper and every other server that calls such
//! services.
//!
//! ```
//! use http::{Request, StatusCode};
//! use oauth_dcr::{MemoryStore, Registrar, TenantSettings, tower::RegistrationService};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let registrar = Registrar::builder(MemoryStore::new())
//!     .tenant(TenantSettings::new().enabled())
//!     .build()?;
//! let service = RegistrationService::new(registrar);
//!
//! // Your server calls the service, or asks it for an answer:
//! let request = Request::post("/oidc/register")
//!     .header("host", "auth.example.com")
//!     .header("content-type", "application/json")
//!     .body(r#"{ "redirect_uris": ["https://app.example.com/callback"] }"#.to_owned())?;
//! let response = service.answer(request).await;
//! assert_eq!(response.status(), StatusCode::CREATED);
//! # Ok(())
//! # }
//! ```
//!
//! - [`RegistrationService`] is made from a [`Registrar`], and has settings for time-outs and for the
//!   tenant of a request.
//! - [`ResponseFuture`] is what a call of the service returns.

mod incoming;

use std::{
    convert::Infallible,
    fmt,
    pin::{Pin, pin},
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use http::{
    HeaderValue, Method, Request, Response,
    header::{CONNECTION, CONTENT_LENGTH},
    request::Parts,
};
use http_body::Body;
use http_body_util::Full;
use tokio::time::timeout;
use tower_service::Service;

use crate::{
    endpoint::{HeadDecision, RegistrationEndpoint, lacks_host},
    engine::Registrar,
    tenants::TenantSelector,
    tower::incoming::{Collected, collect, discard, may_go_on},
    types::TenantId,
};

/// What a body may take to arrive: a slow telephone line needs it for the largest there may be.
const BODY_TIMEOUT: Duration = Duration::from_secs(10);

/// What is left of a refused body has this long to arrive. Nearly always it is there already.
const DISCARD_TIMEOUT: Duration = Duration::from_secs(1);

/// Answers registration requests; mount it at `/oidc/register`, or wherever the server's metadata
/// says.
///
/// A request is admitted by its head before its body is looked at; a body over its bound is not kept,
/// and one that takes too long is given up. A client that goes away drops the future, which
/// leaves either nothing or a whole client. Time-outs for heads and idle connections are the
/// server's to set.
///
/// Rules that look at addresses need a [`PeerAddress`](crate::PeerAddress) in the extensions of each
/// request; where it is missing, such a tenant answers 503. A request of HTTP/1.1 needs a `Host` header, also
/// one that is made in code, whose version is 1.1 unless it says otherwise: without it the answer is 400. It
/// runs on Tokio, with time enabled.
///
/// ```
/// use std::time::Duration;
///
/// use oauth_dcr::{MemoryStore, Registrar, TenantSettings, tower::RegistrationService};
///
/// let registrar = Registrar::builder(MemoryStore::new())
///     .tenant(TenantSettings::new().enabled())
///     .build()?;
/// let service = RegistrationService::new(registrar).body_timeout(Duration::from_secs(5));
/// # let _: RegistrationService = service;
/// # Ok::<(), oauth_dcr::settings::SettingsError>(())
/// ```
#[derive(Clone)]
pub struct RegistrationService {
    endpoint: RegistrationEndpoint,
    tenant_by: Option<Arc<TenantBy>>,
    body_timeout: Duration,
    discard_timeout: Duration,
}

type TenantBy = dyn Fn(&Parts) -> Option<TenantId> + Send + Sync;

impl RegistrationService {
    /// The service of `registrar`.
    pub fn new(registrar: Registrar) -> Self {
        Self {
            endpoint: RegistrationEndpoint::new(registrar),
            tenant_by: None,
            body_timeout: BODY_TIMEOUT,
            discard_timeout: DISCARD_TIMEOUT,
        }
    }

    /// Takes the tenant that `choose` reads off the head of a request. Default: the one that the
    /// request's host leads to. Where it gives none, the answer is 404.
    ///
    /// The path is what the framework shows of it: all of it, but for an axum router that is nested.
    ///
    /// ```
    /// # use oauth_dcr::{MemoryStore, Registrar, tower::RegistrationService};
    /// use oauth_dcr::TenantId;
    ///
    /// # let registrar = Registrar::builder(MemoryStore::new()).build()?;
    /// // Mounted at `/tenants/{tenant}/register`.
    /// let service = RegistrationService::new(registrar).tenant_by(|head| {
    ///     let tenant = head.uri.path().split('/').nth(2)?;
    ///     TenantId::parse(tenant).ok()
    /// });
    /// # let _: RegistrationService = service;
    /// # Ok::<(), oauth_dcr::settings::SettingsError>(())
    /// ```
    #[must_use]
    pub fn tenant_by(
        mut self,
        choose: impl Fn(&Parts) -> Option<TenantId> + Send + Sync + 'static,
    ) -> Self {
        self.tenant_by = Some(Arc::new(choose));
        self
    }

    /// Gives an admitted request this long for its whole body; after that, the answer is 408.
    /// Default: 10 seconds.
    #[must_use]
    pub fn body_timeout(mut self, limit: Duration) -> Self {
        self.body_timeout = limit;
        self
    }

    /// Waits this long, in HTTP/1, for what is left of a body that was refused, to throw it away: up to
    /// 64 KiB, which nobody looks at. Default: 1 second.
    ///
    /// Then the connection can go on, and a client that is still sending comes to read why it was
    /// refused. Where more is left, or more time would be needed, the answer ends the connection; with
    /// [`Duration::ZERO`] that is so unless the rest is there already.
    #[must_use]
    pub fn discard_timeout(mut self, limit: Duration) -> Self {
        self.discard_timeout = limit;
        self
    }

    /// The answer to `request`, which is for this endpoint whatever its path.
    pub async fn answer<B: Body>(&self, request: Request<B>) -> Response<Full<Bytes>> {
        let (head, incoming) = request.into_parts();
        let incoming = pin!(incoming);
        let response = self.answer_reading(&head, incoming).await;
        let response = if head.method == Method::HEAD {
            without_body(response)
        } else {
            response
        };
        response.map(Full::new)
    }

    /// As [`answer`](Self::answer), for a caller that has further use for what is left of the body.
    pub(crate) async fn answer_reading<B: Body>(
        &self,
        head: &Parts,
        mut incoming: Pin<&mut B>,
    ) -> Response<Bytes> {
        let (mut response, is_read) = match self.open(head).await {
            HeadDecision::Respond(response) => (response, self.discard(head, incoming).await),
            HeadDecision::ReadBody(mut body) => {
                let collected = collect(&mut body, incoming.as_mut());
                match timeout(self.body_timeout, collected).await {
                    Ok(Collected::Whole) => (body.finish().await, true),
                    Ok(Collected::TooLarge) => {
                        (body.finish().await, self.discard(head, incoming).await)
                    }
                    Ok(Collected::BrokenOff) => (body.abandon(), false),
                    Err(_) => (body.time_out(), false),
                }
            }
        };
        if !is_read && may_go_on(head) {
            let close = HeaderValue::from_static("close");
            response.headers_mut().insert(CONNECTION, close);
        }
        response
    }

    /// Throws away what is left of a body that nobody wants, so that the connection can go on; false
    /// if that is not worth it, or it is not there in time.
    async fn discard<B: Body>(&self, head: &Parts, incoming: Pin<&mut B>) -> bool {
        timeout(self.discard_timeout, discard(head, incoming))
            .await
            .unwrap_or(false)
    }

    async fn open(&self, head: &Parts) -> HeadDecision {
        if lacks_host(head) {
            return HeadDecision::Respond(self.endpoint.invalid_host());
        }
        let Some(choose) = &self.tenant_by else {
            return self.endpoint.open(head).await;
        };
        match choose(head) {
            Some(tenant) => {
                let selector = TenantSelector::Id(&tenant);
                self.endpoint.open_for(selector, head).await
            }
            None => HeadDecision::Respond(self.endpoint.unknown_tenant()),
        }
    }
}

impl From<Registrar> for RegistrationService {
    fn from(registrar: Registrar) -> Self {
        Self::new(registrar)
    }
}

impl fmt::Debug for RegistrationService {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RegistrationService")
            .field("endpoint", &self.endpoint)
            .field("body_timeout", &self.body_timeout)
            .field("discard_timeout", &self.discard_timeout)
            .finish_non_exhaustive()
    }
}

impl<B> Service<Request<B>> for RegistrationService
where
    B: Body + Send + 'static,
    B::Data: Send,
{
    type Response = Response<Full<Bytes>>;
    type Error = Infallible;
    type Future = ResponseFuture;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> ResponseFuture {
        let service = self.clone();
        ResponseFuture(Box::pin(async move { service.answer(request).await }))
    }
}

/// The answer of a [`RegistrationService`], to come.
pub struct ResponseFuture(Pin<Box<dyn Future<Output = Response<Full<Bytes>>> + Send>>);

impl Future for ResponseFuture {
    type Output = Result<Response<Full<Bytes>>, Infallible>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        self.0.as_mut().poll(context).map(Ok)
    }
}

impl fmt::Debug for ResponseFuture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseFuture").finish_non_exhaustive()
    }
}

/// The answer to HEAD. hyper leaves the body out by itself in HTTP/1, but not in HTTP/2.
fn without_body(response: Response<Bytes>) -> Response<Bytes> {
    let (mut head, body) = response.into_parts();
    head.headers.insert(CONTENT_LENGTH, body.len().into());
    Response::from_parts(head, Bytes::new())
}
