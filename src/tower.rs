//! The registration endpoint as a `tower` service, for hyper and other servers that call `tower` services.
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
//! // Your server calls the service, or uses `answer`:
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
//! - [`RegistrationService`] is created from a [`Registrar`], and has settings for time-outs and for the tenant of a
//!   request.
//! - [`ResponseFuture`] is the result of a call of the service.

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
    tower::incoming::{Collected, can_be_reused, collect, discard},
    types::TenantId,
};

/// How long a body may take to arrive. A slow telephone line needs this time for the largest body.
const BODY_TIMEOUT: Duration = Duration::from_secs(10);

/// How long the rest of a refused body may take to arrive. Usually it has arrived already.
const DISCARD_TIMEOUT: Duration = Duration::from_secs(1);

/// Answers registration requests. Mount it at `/oidc/register`, or at the path in the server's metadata.
///
/// A request is admitted by its head before its body is read. A body that exceeds the limit is not stored, and a body
/// that takes too long is refused. If a client goes away, the server drops the future, and the registration is done
/// either completely or not at all. The server has to set time-outs for heads and idle connections.
///
/// Rules about addresses need a [`PeerAddress`](crate::PeerAddress) in the extensions of each request. Without it, a
/// tenant with these rules answers 503.
///
/// A request of HTTP/1.1 needs a `Host` header. Otherwise the response is 400. This also holds for requests that are
/// created in code, whose version is 1.1 by default.
///
/// The service needs a Tokio runtime with time enabled.
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
    /// Creates the service of `registrar`.
    pub fn new(registrar: Registrar) -> Self {
        Self {
            endpoint: RegistrationEndpoint::new(registrar),
            tenant_by: None,
            body_timeout: BODY_TIMEOUT,
            discard_timeout: DISCARD_TIMEOUT,
        }
    }

    /// Selects the tenant by `choose`, which reads the head of a request. If it returns `None`, the response is 404.
    /// Default: the host of the request selects the tenant.
    ///
    /// The path in the head is the path that the framework provides: usually the complete path, but within a nested axum
    /// router the path without the prefix.
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

    /// Sets how long the body of an admitted request may take to arrive. After this time, the response is 408.
    /// Default: 10 seconds.
    #[must_use]
    pub fn body_timeout(mut self, limit: Duration) -> Self {
        self.body_timeout = limit;
        self
    }

    /// Sets how long to wait, in HTTP/1, for the rest of a refused body, which is discarded: up to 64 KiB.
    /// Default: 1 second.
    ///
    /// After that, the connection can be reused, and a client that was still sending can read why it was refused. If the
    /// rest is larger or does not arrive in time, the connection is closed after the response. With [`Duration::ZERO`],
    /// the connection is closed unless the rest has already arrived.
    #[must_use]
    pub fn discard_timeout(mut self, limit: Duration) -> Self {
        self.discard_timeout = limit;
        self
    }

    /// Answers `request`, whatever its path.
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

    /// Answers like [`answer`](Self::answer), for a caller that needs the rest of the body.
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
        if !is_read && can_be_reused(head) {
            let close = HeaderValue::from_static("close");
            response.headers_mut().insert(CONNECTION, close);
        }
        response
    }

    /// Discards the rest of a refused body, so that the connection can be reused. Returns false if this is not worth it,
    /// or if the rest does not arrive in time.
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

/// A future of the response of a [`RegistrationService`].
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

/// The response to HEAD. In HTTP/1, hyper leaves out the body by itself, but not in HTTP/2.
fn without_body(response: Response<Bytes>) -> Response<Bytes> {
    let (mut head, body) = response.into_parts();
    head.headers.insert(CONTENT_LENGTH, body.len().into());
    Response::from_parts(head, Bytes::new())
}
