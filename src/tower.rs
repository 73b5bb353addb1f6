//! The registration endpoint as a `tower` service, for hyper, axum and whatever else speaks it.

use std::{
    convert::Infallible,
    fmt,
    pin::{Pin, pin},
    task::{Context, Poll},
};

use bytes::{Buf as _, Bytes};
use http::{Request, Response};
use http_body::Body;
use http_body_util::{BodyExt as _, Full};
use tower_service::Service;

use crate::{
    engine::Registrar,
    wire::{BodyProgress, Opened, RegistrationBody, RegistrationEndpoint},
};

/// Answers registration requests; mount it at `/oidc/register`, or wherever the server's metadata
/// says.
///
/// A request is admitted by its head before its body is polled, and a body over its bound is read
/// no further. Rules that look at addresses need a [`PeerAddress`](crate::PeerAddress) in the
/// extensions of each request; where it is missing, such a tenant answers 503. Time-outs for slow clients, and for their headers, are the server's to set. A client
/// that goes away drops the future, which leaves either nothing or a whole client.
///
/// ```
/// use oauth_dcr::{MemoryStore, Registrar, TenantSettings, tower::RegistrationService};
///
/// let registrar = Registrar::builder(MemoryStore::new())
///     .tenant(TenantSettings::new().enabled())
///     .build();
/// let service = RegistrationService::new(registrar);
/// # let _: RegistrationService = service;
/// ```
#[derive(Clone, Debug)]
pub struct RegistrationService {
    endpoint: RegistrationEndpoint,
}

impl RegistrationService {
    /// The service of `registrar`.
    pub const fn new(registrar: Registrar) -> Self {
        Self {
            endpoint: RegistrationEndpoint::new(registrar),
        }
    }

    /// The answer to `request`, which is for this endpoint whatever its path.
    pub async fn answer<B: Body>(&self, request: Request<B>) -> Response<Full<Bytes>> {
        let (head, incoming) = request.into_parts();
        let answered = match self.endpoint.open(&head).await {
            Opened::Answered(response) => response,
            Opened::Admitted(mut body) => match collect(&mut body, incoming).await {
                Collected::Whole => body.finish().await,
                Collected::BrokenOff => body.abandon(),
            },
        };
        answered.map(Full::new)
    }
}

impl<B> Service<Request<B>> for RegistrationService
where
    B: Body + Send + 'static,
    B::Data: Send,
{
    type Response = Response<Full<Bytes>>;
    type Error = Infallible;
    type Future = Answer;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Answer {
        let service = self.clone();
        Answer(Box::pin(async move { service.answer(request).await }))
    }
}

/// The answer of a [`RegistrationService`] to come.
pub struct Answer(Pin<Box<dyn Future<Output = Response<Full<Bytes>>> + Send>>);

impl Future for Answer {
    type Output = Result<Response<Full<Bytes>>, Infallible>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        self.0.as_mut().poll(context).map(Ok)
    }
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Answer").finish_non_exhaustive()
    }
}

enum Collected {
    /// All of it, or as much as it takes to know that it is too large.
    Whole,
    BrokenOff,
}

async fn collect<B: Body>(body: &mut RegistrationBody, incoming: B) -> Collected {
    let mut incoming = pin!(incoming);
    while let Some(frame) = incoming.frame().await {
        let Ok(frame) = frame else {
            return Collected::BrokenOff;
        };
        // Trailers carry nothing that is used here.
        let Ok(mut data) = frame.into_data() else {
            continue;
        };
        while data.has_remaining() {
            let taken = data.chunk().len();
            if body.push(data.chunk()) == BodyProgress::Full {
                return Collected::Whole;
            }
            data.advance(taken);
        }
    }
    Collected::Whole
}
