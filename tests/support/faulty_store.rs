//! A store in memory with faults.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use oauth_dcr::{
    BackendError, Client, ClientId, MemoryStore, TenantId, Timestamp,
    client::StoredClient,
    store::{
        Activity, BlockOutcome, ClientStore, ClientUpdate, InsertOutcome, Insertion, RemoveOutcome,
        Sweep, TouchOutcome, UpdateOutcome,
    },
    system::Clock,
};
use tokio::sync::Semaphore;

/// A store in memory. By default it has no fault.
#[derive(Clone, Default)]
pub(crate) struct FaultyStore {
    pub(crate) clients: MemoryStore,
    /// Every call fails.
    pub(crate) fails: bool,
    /// Every call waits once before and once after its work, as a store behind a network does.
    pub(crate) yields: bool,
    /// A client that is found has lost the second half of its record.
    pub(crate) truncates: bool,
    /// This member of each answered client has this value.
    pub(crate) replaced: Option<(&'static str, &'static str)>,
    /// The first insertions, as many as this number, find that the id is taken.
    pub(crate) taken_ids: usize,
    /// Insertions store nothing and have this outcome.
    pub(crate) outcome: Option<fn() -> InsertOutcome>,
    /// Insertions wait here.
    pub(crate) pause: Option<Arc<Pause>>,
    /// The number of insertions.
    pub(crate) insertions: Arc<AtomicUsize>,
    /// The next updates, as many as this number, are stored and report a failure.
    pub(crate) lost_updates: Arc<AtomicUsize>,
    /// The clock of the store.
    pub(crate) clock: Option<Arc<dyn Clock>>,
}

/// Where insertions wait. Each semaphore has a permit for each insertion that did what it says.
pub(crate) struct Pause {
    pub(crate) entered: Semaphore,
    /// A permit lets an insertion continue.
    pub(crate) gate: Semaphore,
    pub(crate) inserted: Semaphore,
    /// The insertion was cancelled while it waited.
    pub(crate) dropped: Semaphore,
}

impl Default for Pause {
    fn default() -> Self {
        let [entered, gate, inserted, dropped] = [0; 4].map(Semaphore::new);
        Self {
            entered,
            gate,
            inserted,
            dropped,
        }
    }
}

impl Pause {
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

fn failure() -> BackendError {
    BackendError::new("test", "out of order")
}

impl FaultyStore {
    pub(crate) fn failing() -> Self {
        Self {
            fails: true,
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
        if !self.yields {
            return answer.await;
        }
        tokio::task::yield_now().await;
        let answer = answer.await;
        tokio::task::yield_now().await;
        answer
    }

    async fn store(&self, insertion: Insertion) -> Result<InsertOutcome, BackendError> {
        if self.replaced.is_none() {
            return self.clients.insert(insertion).await;
        }
        let client = Arc::clone(insertion.client());
        let copy = Insertion::new(client).deduplicated_by(insertion.duplicate_key());
        let outcome = match self.clients.insert(copy).await? {
            InsertOutcome::Duplicate(into) => InsertOutcome::Duplicate(self.replace(into)),
            other => other,
        };
        Ok(insertion.settle(outcome))
    }

    fn replace(&self, client: Arc<Client>) -> Arc<Client> {
        let Some((member, value)) = self.replaced else {
            return client;
        };
        let mut record = serde_json::to_value(&*client).unwrap();
        record[member] = value.into();
        Arc::new(serde_json::from_value(record).unwrap())
    }

    fn row(&self, row: StoredClient) -> StoredClient {
        self.replace(row.readable().unwrap()).into()
    }

    fn found(&self, row: StoredClient) -> StoredClient {
        if !self.truncates {
            return self.row(row);
        }
        let client = row.readable().unwrap();
        let record = serde_json::to_vec(&*client).unwrap();
        let left = &record[..record.len() / 2];
        StoredClient::from_record(client.tenant(), client.id(), left, false, 0)
    }
}

impl ClientStore for FaultyStore {
    async fn insert(&self, insertion: Insertion) -> Result<InsertOutcome, BackendError> {
        if self.insertions.fetch_add(1, Ordering::SeqCst) < self.taken_ids {
            return Ok(InsertOutcome::IdTaken);
        }
        if let Some(outcome) = self.outcome {
            return Ok(outcome());
        }
        let Some(pause) = &self.pause else {
            return self.answer(self.store(insertion)).await;
        };
        pause.pass().await;
        let inserted = self.answer(self.store(insertion)).await;
        pause.inserted.add_permits(1);
        inserted
    }

    async fn find(
        &self,
        tenant: &TenantId,
        id: &ClientId,
    ) -> Result<Option<StoredClient>, BackendError> {
        let found = self.answer(self.clients.find(tenant, id)).await?;
        Ok(found.map(|row| self.found(row)))
    }

    async fn list(
        &self,
        tenant: &TenantId,
        after: Option<&ClientId>,
        limit: u32,
    ) -> Result<Vec<StoredClient>, BackendError> {
        let rows = self.answer(self.clients.list(tenant, after, limit)).await?;
        Ok(rows.into_iter().map(|row| self.row(row)).collect())
    }

    async fn update(&self, update: ClientUpdate) -> Result<UpdateOutcome, BackendError> {
        let answer = self.answer(self.clients.update(update)).await;
        let one_less = |left: usize| left.checked_sub(1);
        let lost = self
            .lost_updates
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, one_less);
        lost.map_or(answer, |_| Err(failure()))
    }

    async fn set_blocked(
        &self,
        tenant: &TenantId,
        id: &ClientId,
        blocked: bool,
    ) -> Result<BlockOutcome, BackendError> {
        self.answer(self.clients.set_blocked(tenant, id, blocked))
            .await
    }

    async fn remove(
        &self,
        tenant: &TenantId,
        id: &ClientId,
    ) -> Result<RemoveOutcome, BackendError> {
        self.answer(self.clients.remove(tenant, id)).await
    }

    async fn touch(
        &self,
        tenant: &TenantId,
        id: &ClientId,
        activity: Activity,
    ) -> Result<TouchOutcome, BackendError> {
        self.answer(self.clients.touch(tenant, id, activity)).await
    }

    async fn sweep(&self, tenant: &TenantId, sweep: Sweep) -> Result<Vec<ClientId>, BackendError> {
        self.answer(self.clients.sweep(tenant, sweep)).await
    }

    async fn now(&self) -> Result<Option<Timestamp>, BackendError> {
        let now = self.clock.as_ref().map(|clock| clock.now());
        self.answer(async { Ok(now) }).await
    }
}
