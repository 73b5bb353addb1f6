//! The ports of a registrar: the same for all adapters, or failing.

use std::sync::{
    Arc,
    atomic::{AtomicU8, Ordering},
};

use oauth_dcr::{
    BackendError, TenantId,
    rate_limit::{Quota, RateDecision, RateKey, RateLimiter},
    registration::{InitialAccess, InitialAccessOutcome},
    system::{RandomError, SecureRandom},
};
use tokio::sync::Semaphore;

/// Fills with the number of the draw: the first client's id is all `A`, the second client's all
/// `B`.
#[derive(Default)]
pub(crate) struct SequentialRandom(AtomicU8);

impl SecureRandom for SequentialRandom {
    fn fill(&self, out: &mut [u8]) -> Result<(), RandomError> {
        out.fill(self.0.fetch_add(1, Ordering::SeqCst));
        Ok(())
    }
}

fn out_of_order() -> BackendError {
    BackendError::new("test", "out of order")
}

/// Replaces the registrar's own limiter.
#[derive(Clone)]
pub(crate) enum Limiter {
    /// Fails.
    Fails,
    /// Admits every request, and counts the requests here.
    Counts(Arc<Semaphore>),
}

impl RateLimiter for Limiter {
    async fn acquire(&self, _: RateKey<'_>, quota: Quota) -> Result<RateDecision, BackendError> {
        match self {
            Self::Fails => Err(out_of_order()),
            Self::Counts(admitted) => {
                admitted.add_permits(1);
                Ok(RateDecision::admitted(quota, quota.burst() - 1))
            }
        }
    }
}

/// Takes the token `letmein`.
#[derive(Clone, Copy)]
pub(crate) struct Gate;

impl InitialAccess for Gate {
    async fn verify(
        &self,
        _: &TenantId,
        token: Option<&str>,
    ) -> Result<InitialAccessOutcome, BackendError> {
        Ok(match token {
            Some("letmein") => InitialAccessOutcome::Granted,
            _ => InitialAccessOutcome::Refused,
        })
    }
}
