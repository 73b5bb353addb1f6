//! Ports that fail, wait or lie, and one that listens.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicUsize, Ordering},
};

use oauth_dcr::{
    BackendError, Client, ClientId, ClientStore, Event, EventSink, InsertOutcome, MemoryStore,
    Quota, RandomError, RateDecision, RateLimiter, SecureRandom, TenantDirectory, TenantId,
    TenantSelector, TenantSettings,
};

/// Fails whatever it is asked.
pub(crate) struct Failing;

fn failure() -> BackendError {
    BackendError::new("test", "out of order")
}

impl ClientStore for Failing {
    async fn insert(&self, _: Arc<Client>) -> Result<InsertOutcome, BackendError> {
        Err(failure())
    }

    async fn find(&self, _: &TenantId, _: &ClientId) -> Result<Option<Arc<Client>>, BackendError> {
        Err(failure())
    }
}

impl RateLimiter for Failing {
    async fn acquire(&self, _: &TenantId, _: Quota) -> Result<RateDecision, BackendError> {
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

/// Says of the first ids that they are taken, then stores.
pub(crate) struct Crowded {
    pub(crate) taken: usize,
    pub(crate) asked: AtomicUsize,
    pub(crate) store: MemoryStore,
}

impl Crowded {
    pub(crate) fn new(taken: usize) -> Self {
        Self {
            taken,
            asked: AtomicUsize::new(0),
            store: MemoryStore::new(),
        }
    }
}

impl ClientStore for Crowded {
    async fn insert(&self, client: Arc<Client>) -> Result<InsertOutcome, BackendError> {
        if self.asked.fetch_add(1, Ordering::SeqCst) < self.taken {
            return Ok(InsertOutcome::IdTaken);
        }
        self.store.insert(client).await
    }

    async fn find(
        &self,
        tenant: &TenantId,
        id: &ClientId,
    ) -> Result<Option<Arc<Client>>, BackendError> {
        self.store.find(tenant, id).await
    }
}

/// Waits once before and once after each insert, as a store behind a network does.
pub(crate) struct Slow(pub(crate) MemoryStore);

impl ClientStore for Slow {
    async fn insert(&self, client: Arc<Client>) -> Result<InsertOutcome, BackendError> {
        tokio::task::yield_now().await;
        let outcome = self.0.insert(client).await;
        tokio::task::yield_now().await;
        outcome
    }

    async fn find(
        &self,
        tenant: &TenantId,
        id: &ClientId,
    ) -> Result<Option<Arc<Client>>, BackendError> {
        self.0.find(tenant, id).await
    }
}

/// The same byte, over and over.
pub(crate) struct Constant(pub(crate) u8);

impl SecureRandom for Constant {
    fn fill(&self, out: &mut [u8]) -> Result<(), RandomError> {
        out.fill(self.0);
        Ok(())
    }
}

/// Counts how often it is asked.
#[derive(Default)]
pub(crate) struct Counting(pub(crate) AtomicUsize);

impl SecureRandom for Counting {
    fn fill(&self, out: &mut [u8]) -> Result<(), RandomError> {
        self.0.fetch_add(1, Ordering::SeqCst);
        oauth_dcr::OsRandom.fill(out)
    }
}

/// Keeps the `Debug` of every event.
#[derive(Default)]
pub(crate) struct Recorder(pub(crate) Mutex<Vec<String>>);

impl EventSink for Recorder {
    fn record(&self, event: &Event<'_>) {
        self.0.lock().unwrap().push(format!("{event:?}"));
    }
}
