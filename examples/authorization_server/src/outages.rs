//! Outages of the store and the limiter. The log has a line when an outage begins and a line when it is over, however
//! many calls fail in between.

use std::{
    error::Error,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use oauth_dcr::{
    BackendError, ClientId, RegistrationError, TenantId, Timestamp,
    client::{StoredClient, UnreadableClient},
    events::{Event, EventSink},
    rate_limit::{Quota, RateDecision, RateKey, RateLimiter},
    store::{
        Activity, BlockOutcome, ClientStore, ClientUpdate, InsertOutcome, Insertion, RemoveOutcome,
        Sweep, TouchOutcome, UpdateOutcome,
    },
};
use tokio::time::Instant;
use tracing::{error, warn};

use crate::report;

/// An outage is over when a call succeeds and no call has failed for this long. A back end that fails now
/// and then has a single long outage.
const CALM: Duration = Duration::from_secs(1);

/// A store or a limiter whose outages are logged.
pub(crate) struct Watched<B> {
    backend: B,
    outage: Mutex<Option<Outage>>,
}

#[derive(Clone, Copy)]
struct Outage {
    backend: &'static str,
    began: Instant,
    last_failure: Instant,
    failures: u64,
}

impl<B> Watched<B> {
    pub(crate) const fn new(backend: B) -> Self {
        Self {
            backend,
            outage: Mutex::new(None),
        }
    }

    /// Waits for the answer of a call, and records whether the call failed.
    async fn note<T>(
        &self,
        call: impl Future<Output = Result<T, BackendError>>,
    ) -> Result<T, BackendError> {
        let answer = call.await;
        match &answer {
            Ok(_) => self.answered(),
            Err(failure) if !is_unreadable(failure) => self.failed(failure),
            Err(_) => {}
        }
        answer
    }

    fn failed(&self, failure: &BackendError) {
        let now = Instant::now();
        let is_new = self.change(|outage| {
            let is_new = outage.is_none();
            let outage = outage.get_or_insert(Outage {
                backend: failure.backend(),
                began: now,
                last_failure: now,
                failures: 0,
            });
            outage.last_failure = now;
            outage.failures += 1;
            is_new
        });
        if is_new {
            let cause = report::chain(failure);
            error!(backend = failure.backend(), cause, "outage");
        }
    }

    fn answered(&self) {
        let ended = self.change(|outage| outage.take_if(|it| it.last_failure.elapsed() >= CALM));
        if let Some(outage) = ended {
            let (backend, failures) = (outage.backend, outage.failures);
            let seconds = outage.began.elapsed().as_secs();
            warn!(backend, seconds, failures, "outage is over");
        }
    }

    /// Nothing is logged under the lock, so a slow log does not stop other calls.
    fn change<T>(&self, change: impl FnOnce(&mut Option<Outage>) -> T) -> T {
        change(&mut self.outage.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Whether the back end works, but the record of a client can't be read.
fn is_unreadable(failure: &BackendError) -> bool {
    let source = failure.source();
    source.is_some_and(<dyn Error>::is::<UnreadableClient>)
}

impl<L: RateLimiter> RateLimiter for Watched<L> {
    async fn acquire(&self, key: RateKey<'_>, quota: Quota) -> Result<RateDecision, BackendError> {
        self.note(self.backend.acquire(key, quota)).await
    }
}

impl<S: ClientStore> ClientStore for Watched<S> {
    async fn insert(&self, insertion: Insertion) -> Result<InsertOutcome, BackendError> {
        self.note(self.backend.insert(insertion)).await
    }

    async fn find(
        &self,
        tenant: &TenantId,
        id: &ClientId,
    ) -> Result<Option<StoredClient>, BackendError> {
        self.note(self.backend.find(tenant, id)).await
    }

    async fn list(
        &self,
        tenant: &TenantId,
        after: Option<&ClientId>,
        limit: u32,
    ) -> Result<Vec<StoredClient>, BackendError> {
        self.note(self.backend.list(tenant, after, limit)).await
    }

    async fn update(&self, update: ClientUpdate) -> Result<UpdateOutcome, BackendError> {
        self.note(self.backend.update(update)).await
    }

    async fn set_blocked(
        &self,
        tenant: &TenantId,
        id: &ClientId,
        blocked: bool,
    ) -> Result<BlockOutcome, BackendError> {
        self.note(self.backend.set_blocked(tenant, id, blocked))
            .await
    }

    async fn remove(
        &self,
        tenant: &TenantId,
        id: &ClientId,
    ) -> Result<RemoveOutcome, BackendError> {
        self.note(self.backend.remove(tenant, id)).await
    }

    async fn touch(
        &self,
        tenant: &TenantId,
        id: &ClientId,
        activity: Activity,
    ) -> Result<TouchOutcome, BackendError> {
        self.note(self.backend.touch(tenant, id, activity)).await
    }

    async fn sweep(&self, tenant: &TenantId, sweep: Sweep) -> Result<Vec<ClientId>, BackendError> {
        self.note(self.backend.sweep(tenant, sweep)).await
    }

    async fn now(&self) -> Result<Option<Timestamp>, BackendError> {
        self.note(self.backend.now()).await
    }
}

/// Passes events to another sink, except registrations that failed because of a back end: the log has the
/// outage already.
pub(crate) struct WithoutOutages<E>(pub(crate) E);

impl<E: EventSink> EventSink for WithoutOutages<E> {
    fn record(&self, event: &Event<'_>) {
        let is_of_outage = matches!(
            event,
            Event::Refused { error: RegistrationError::Backend(failure), .. } if !is_unreadable(failure)
        );
        if !is_of_outage {
            self.0.record(event);
        }
    }
}
