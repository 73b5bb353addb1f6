use std::sync::Arc;

use crate::{backend_error::BackendError, box_future::BoxFuture, types::TenantId};

/// A gate before registration: who may register shows an initial access token, which the host has
/// handed out (RFC 7591 section 3).
///
/// Without one, registration is open to all that the access control list lets pass. It is asked
/// after that list and before the rate limiter: a request that it refuses uses up none of the rate.
/// Compare tokens by their digests.
///
/// Each source of a tenant's requests, an IPv4 address or an IPv6 network of 64 bits, may show 10 wrong
/// tokens a minute. After that the registrar answers 429 to every token, without asking the gate. So
/// that this holds for requests that come at once, at most 10 tokens of one source are verified at a
/// time. A request without a token is not counted. The counts are those of one process, for at most
/// 100,000 sources; further sources of a tenant are counted together.
///
/// ```
/// use oauth_dcr::{
///     registration::{InitialAccess, InitialAccessOutcome},
///     types::SecretDigest, BackendError, TenantId,
/// };
///
/// /// One token for all, of 256 random bits, kept as its digest.
/// struct OneToken(SecretDigest);
///
/// impl InitialAccess for OneToken {
///     async fn verify(
///         &self, _: &TenantId, token: Option<&str>,
///     ) -> Result<InitialAccessOutcome, BackendError> {
///         Ok(match token {
///             Some(token) if self.0.matches(token) => InitialAccessOutcome::Granted,
///             _ => InitialAccessOutcome::Refused,
///         })
///     }
/// }
/// ```
pub trait InitialAccess: Send + Sync + 'static {
    /// Whether a request with this token may register with this tenant. A request without one is
    /// asked for, too: a tenant may be open.
    ///
    /// # Errors
    /// [`BackendError`] if it can't tell; the request is then refused.
    fn verify(
        &self,
        tenant: &TenantId,
        token: Option<&str>,
    ) -> impl Future<Output = Result<InitialAccessOutcome, BackendError>> + Send;
}

/// What a gate says to a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InitialAccessOutcome {
    /// It may register.
    Granted,
    /// It may not: it has no token, or none that is good.
    Refused,
}

impl<G: InitialAccess> InitialAccess for Arc<G> {
    async fn verify(
        &self,
        tenant: &TenantId,
        token: Option<&str>,
    ) -> Result<InitialAccessOutcome, BackendError> {
        G::verify(self, tenant, token).await
    }
}

/// The object-safe twin of [`InitialAccess`].
pub(crate) trait DynInitialAccess: Send + Sync {
    fn verify<'a>(
        &'a self,
        tenant: &'a TenantId,
        token: Option<&'a str>,
    ) -> BoxFuture<'a, Result<InitialAccessOutcome, BackendError>>;
}

impl<G: InitialAccess> DynInitialAccess for G {
    fn verify<'a>(
        &'a self,
        tenant: &'a TenantId,
        token: Option<&'a str>,
    ) -> BoxFuture<'a, Result<InitialAccessOutcome, BackendError>> {
        Box::pin(G::verify(self, tenant, token))
    }
}
