use std::sync::Arc;

use crate::{backend_error::BackendError, box_future::BoxFuture, types::TenantId};

/// Verifies initial access tokens, which the host gives to developers who may register clients
/// (RFC 7591 section 3).
///
/// If a registrar has no `InitialAccess`, registration is open to all requests that the access control list
/// allows. The token is verified after the access control list and before the rate limiter, so a refused
/// request takes no token of the rate limit. Compare initial access tokens by their digests.
///
/// Each source of a tenant's requests, an IPv4 address or an IPv6 /64 network, may send 10 wrong initial
/// access tokens a minute. After that, the registrar responds with 429 to every token of the source, without
/// verifying it. At most 10 tokens of one source are verified at the same time, so that the limit also holds
/// for concurrent requests. A request without a token is not counted. Each process counts separately, for at
/// most 100,000 sources. Further sources of a tenant are counted together.
///
/// ```
/// use oauth_dcr::{
///     registration::{InitialAccess, InitialAccessOutcome},
///     types::SecretDigest, BackendError, TenantId,
/// };
///
/// /// One token of 256 random bits for all developers, stored as its digest.
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
    /// Decides whether a request with this token may register with this tenant. It is also called for
    /// requests without a token, because a tenant may allow them.
    ///
    /// # Errors
    /// [`BackendError`] if the token can't be verified. The request is refused then.
    fn verify(
        &self,
        tenant: &TenantId,
        token: Option<&str>,
    ) -> impl Future<Output = Result<InitialAccessOutcome, BackendError>> + Send;
}

/// The decision about the initial access token of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InitialAccessOutcome {
    /// The request may register a client.
    Granted,
    /// The request is refused, because it has no token or an invalid token.
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

/// The object-safe form of [`InitialAccess`].
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
