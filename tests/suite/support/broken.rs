//! Ports that fail, wait or lie, and a port that records.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicUsize, Ordering},
};

use oauth_dcr::{
    BackendError, TenantSettings,
    events::{Event, EventSink},
    rate_limit::{Quota, RateDecision, RateKey, RateLimiter},
    system::{RandomError, SecureRandom},
    tenants::{TenantDirectory, TenantSelector},
};

/// Fails at every call.
pub(crate) struct Failing;

fn failure() -> BackendError {
    BackendError::new("test", "out of order")
}

impl RateLimiter for Failing {
    async fn acquire(&self, _: RateKey<'_>, _: Quota) -> Result<RateDecision, BackendError> {
        Err(failure())
    }
}

impl TenantDirectory for Failing {
    async fn find(
        &self,
        _: TenantSelector<'_>,
    ) -> Result<Option<Arc<TenantSettings>>, BackendError> {
        Err(failure())
    }
}

impl SecureRandom for Failing {
    fn fill(&self, _: &mut [u8]) -> Result<(), RandomError> {
        Err(RandomError::new("out of order"))
    }
}

/// Returns the same byte repeatedly.
pub(crate) struct Constant(pub(crate) u8);

impl SecureRandom for Constant {
    fn fill(&self, out: &mut [u8]) -> Result<(), RandomError> {
        out.fill(self.0);
        Ok(())
    }
}

/// Counts its calls.
#[derive(Default)]
pub(crate) struct Counting(pub(crate) AtomicUsize);

impl SecureRandom for Counting {
    fn fill(&self, out: &mut [u8]) -> Result<(), RandomError> {
        self.0.fetch_add(1, Ordering::SeqCst);
        oauth_dcr::system::OsRandom.fill(out)
    }
}

/// Records the `Debug` form of every event.
#[derive(Default)]
pub(crate) struct Recorder(pub(crate) Mutex<Vec<String>>);

impl EventSink for Recorder {
    fn record(&self, event: &Event<'_>) {
        self.0.lock().unwrap().push(format!("{event:?}"));
    }
}
