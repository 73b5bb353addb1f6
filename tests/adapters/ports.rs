//! The outside world of a registrar: the same for all adapters, or out of order.

use std::sync::{
    Arc,
    atomic::{AtomicU8, Ordering},
};

use oauth_dcr::{
    BackendError, ClientId, MemoryStore, TenantId,
    client::StoredClient,
    rate_limit::{Quota, RateDecision, RateKey, RateLimiter},
    registration::{InitialAccess, InitialAccessOutcome},
    store::{
        Activity, BlockOutcome, ClientStore, ClientUpdate, InsertOutcome, Insertion, RemoveOutcome,
        Sweep, TouchOutcome, UpdateOutcome,
    },
    system::{RandomError, SecureRandom},
};
use tokio::sync::Semaphore;

/// Fills with the number of the draw: the first client's id is all `A`, the second's all `B`.
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

/// Stands in for the registrar's own limiter.
#[derive(Clone)]
pub(crate) enum Limiter {
    /// It can't tell.
    Fails,
    /// It admits whoever comes, and counts them here.
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

/// How a [`RecordingStore`] takes a client.
#[derive(Clone, Default)]
pub(crate) enum Insert {
    #[default]
    Works,
    Fails,
    IsFull,
    Waits(Arc<Wait>),
}

/// An insertion that waits, and those who watch it.
pub(crate) struct Wait {
    /// One for each insertion that has come so far.
    pub(crate) entered: Semaphore,
    /// One for each insertion that may go on.
    pub(crate) gate: Semaphore,
    /// One for each insertion that is done.
    pub(crate) inserted: Semaphore,
    /// One for each insertion that was dropped while it waited.
    pub(crate) dropped: Semaphore,
}

impl Wait {
    pub(crate) fn new() -> Arc<Self> {
        let [entered, gate, inserted, dropped] = [0; 4].map(Semaphore::new);
        Arc::new(Self {
            entered,
            gate,
            inserted,
            dropped,
        })
    }

    async fn pass(&self) {
        struct Watched<'a>(Option<&'a Semaphore>);
        impl Drop for Watched<'_> {
            fn drop(&mut self) {
                if let Some(dropped) = self.0 {
                    dropped.add_permits(1);
                }
            }
        }
        let mut watched = Watched(Some(&self.dropped));
        self.entered.add_permits(1);
        self.gate.acquire().await.expect("it is open").forget();
        watched.0 = None;
    }
}

/// A store in memory, but for insertions.
#[derive(Clone, Default)]
pub(crate) struct RecordingStore {
    pub(crate) clients: MemoryStore,
    pub(crate) insert: Insert,
}

impl ClientStore for RecordingStore {
    async fn insert(&self, insertion: Insertion) -> Result<InsertOutcome, BackendError> {
        match &self.insert {
            Insert::Works => {}
            Insert::Fails => return Err(out_of_order()),
            Insert::IsFull => return Ok(InsertOutcome::Full),
            Insert::Waits(wait) => {
                wait.pass().await;
                let inserted = self.clients.insert(insertion).await;
                wait.inserted.add_permits(1);
                return inserted;
            }
        }
        self.clients.insert(insertion).await
    }

    async fn find(
        &self,
        tenant: &TenantId,
        id: &ClientId,
    ) -> Result<Option<StoredClient>, BackendError> {
        self.clients.find(tenant, id).await
    }

    async fn list(
        &self,
        tenant: &TenantId,
        after: Option<&ClientId>,
        limit: u32,
    ) -> Result<Vec<StoredClient>, BackendError> {
        self.clients.list(tenant, after, limit).await
    }

    async fn update(&self, update: ClientUpdate) -> Result<UpdateOutcome, BackendError> {
        self.clients.update(update).await
    }

    async fn set_blocked(
        &self,
        tenant: &TenantId,
        id: &ClientId,
        blocked: bool,
    ) -> Result<BlockOutcome, BackendError> {
        self.clients.set_blocked(tenant, id, blocked).await
    }

    async fn remove(
        &self,
        tenant: &TenantId,
        id: &ClientId,
    ) -> Result<RemoveOutcome, BackendError> {
        self.clients.remove(tenant, id).await
    }

    async fn touch(
        &self,
        tenant: &TenantId,
        id: &ClientId,
        touch: Activity,
    ) -> Result<TouchOutcome, BackendError> {
        self.clients.touch(tenant, id, touch).await
    }

    async fn sweep(&self, tenant: &TenantId, sweep: Sweep) -> Result<Vec<ClientId>, BackendError> {
        self.clients.sweep(tenant, sweep).await
    }
}
