//! Ports that fail, wait or lie, and one that listens.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicUsize, Ordering},
};

use oauth_dcr::{
    BackendError, ClientId, MemoryStore, TenantId, TenantSettings, Timestamp,
    client::StoredClient,
    events::{Event, EventSink},
    rate_limit::{Quota, RateDecision, RateKey, RateLimiter},
    store::{
        Activity, BlockOutcome, ClientStore, ClientUpdate, InsertOutcome, Insertion, RemoveOutcome,
        Sweep, TouchOutcome, UpdateOutcome,
    },
    system::{Clock, RandomError, SecureRandom},
    tenants::{TenantDirectory, TenantSelector},
};

use crate::support::clock::ManualClock;

/// Fails whatever it is asked.
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

/// A store in memory that is out of order, slow or crowded.
#[derive(Default)]
pub(crate) struct OddStore {
    pub(crate) store: MemoryStore,
    /// Fails whatever it is asked.
    pub(crate) fails: bool,
    /// Has lost the second half of each record.
    pub(crate) damaged: bool,
    /// Waits once before and once after each call, as a store behind a network does.
    pub(crate) waits: bool,
    /// Does what it is asked for and loses the answer, so many times.
    pub(crate) loses: AtomicUsize,
    /// Says of so many of the first ids that they are taken.
    pub(crate) taken: usize,
    pub(crate) inserts: AtomicUsize,
    /// The clock of the store.
    pub(crate) clock: Option<Arc<ManualClock>>,
}

impl OddStore {
    pub(crate) fn failing() -> Self {
        Self {
            fails: true,
            ..Self::default()
        }
    }

    pub(crate) fn damaged() -> Self {
        Self {
            damaged: true,
            ..Self::default()
        }
    }

    pub(crate) fn slow(store: MemoryStore) -> Self {
        Self {
            store,
            waits: true,
            ..Self::default()
        }
    }

    pub(crate) fn crowded(taken: usize) -> Self {
        Self {
            taken,
            ..Self::default()
        }
    }

    async fn answer<T>(
        &self,
        answer: impl Future<Output = Result<T, BackendError>>,
    ) -> Result<T, BackendError> {
        if self.fails {
            return Err(failure());
        }
        if !self.waits {
            return answer.await;
        }
        tokio::task::yield_now().await;
        let answer = answer.await;
        tokio::task::yield_now().await;
        answer
    }
}

impl ClientStore for OddStore {
    async fn insert(&self, insertion: Insertion) -> Result<InsertOutcome, BackendError> {
        if self.inserts.fetch_add(1, Ordering::SeqCst) < self.taken {
            return Ok(InsertOutcome::IdTaken);
        }
        self.answer(self.store.insert(insertion)).await
    }

    async fn find(
        &self,
        tenant: &TenantId,
        id: &ClientId,
    ) -> Result<Option<StoredClient>, BackendError> {
        let found = self.answer(self.store.find(tenant, id)).await?;
        let client = found.map(StoredClient::readable).transpose().unwrap();
        Ok(client.map(|client| {
            if self.damaged {
                let record = serde_json::to_vec(&*client).unwrap();
                let left = &record[..record.len() / 2];
                StoredClient::from_record(tenant, id, left, false, 0)
            } else {
                client.into()
            }
        }))
    }

    async fn list(
        &self,
        tenant: &TenantId,
        after: Option<&ClientId>,
        limit: u32,
    ) -> Result<Vec<StoredClient>, BackendError> {
        self.answer(self.store.list(tenant, after, limit)).await
    }

    async fn update(&self, update: ClientUpdate) -> Result<UpdateOutcome, BackendError> {
        let answer = self.answer(self.store.update(update)).await;
        let one_less = |left: usize| left.checked_sub(1);
        let lost = self
            .loses
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, one_less);
        lost.map_or(answer, |_| Err(failure()))
    }

    async fn set_blocked(
        &self,
        tenant: &TenantId,
        id: &ClientId,
        blocked: bool,
    ) -> Result<BlockOutcome, BackendError> {
        self.answer(self.store.set_blocked(tenant, id, blocked))
            .await
    }

    async fn remove(
        &self,
        tenant: &TenantId,
        id: &ClientId,
    ) -> Result<RemoveOutcome, BackendError> {
        self.answer(self.store.remove(tenant, id)).await
    }

    async fn touch(
        &self,
        tenant: &TenantId,
        id: &ClientId,
        touch: Activity,
    ) -> Result<TouchOutcome, BackendError> {
        self.answer(self.store.touch(tenant, id, touch)).await
    }

    async fn sweep(&self, tenant: &TenantId, sweep: Sweep) -> Result<Vec<ClientId>, BackendError> {
        self.answer(self.store.sweep(tenant, sweep)).await
    }

    async fn now(&self) -> Result<Option<Timestamp>, BackendError> {
        let now = self.clock.as_ref().map(Clock::now);
        self.answer(async { Ok(now) }).await
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
        oauth_dcr::system::OsRandom.fill(out)
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
