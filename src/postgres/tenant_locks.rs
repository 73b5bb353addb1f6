//! Who may lock the rows of tenants, so that waiting for a row uses few of the connections.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{
    sync::{Semaphore, SemaphorePermit},
    time::Instant,
};

use crate::{
    postgres::{
        failure::Failure,
        per_tenant::{Entry, PerTenant},
    },
    types::TenantId,
};

/// For how long a row that others held is expected to be held still. The next caller that finds it free ends
/// that.
const HELD_FOR: Duration = Duration::from_secs(10);

/// With fewer connections, tenants whose rows others hold share the permits of all tenants.
const MIN_CONNECTIONS: u32 = 4;

/// Lets one call of each tenant at a time lock the tenant's row, because the row lets no more of them write.
///
/// These calls use half of the connections at most. Tenants whose rows others were found to hold share one
/// connection more, so that other tenants don't wait for them.
#[derive(Clone)]
pub(super) struct TenantLocks(Arc<State>);

struct State {
    turns: PerTenant<Semaphore>,
    permits: Semaphore,
    /// For tenants whose rows others hold.
    held_permits: Option<Semaphore>,
    /// When others were last found to hold the row of a tenant.
    held: Mutex<HashMap<TenantId, Instant>>,
}

impl TenantLocks {
    /// For a pool of so many connections.
    pub(super) fn new(connections: u32) -> Self {
        let half = connections.checked_div(2).unwrap_or(0).max(1);
        let half = usize::try_from(half).unwrap_or(Semaphore::MAX_PERMITS);
        Self(Arc::new(State {
            turns: PerTenant::default(),
            permits: Semaphore::new(half.min(Semaphore::MAX_PERMITS)),
            held_permits: (connections >= MIN_CONNECTIONS).then(|| Semaphore::new(1)),
            held: Mutex::default(),
        }))
    }

    /// Carries out `work`, which locks the row of `tenant`, when it is the tenant's turn.
    pub(super) async fn run<T>(
        &self,
        tenant: &TenantId,
        begin_by: Instant,
        work: impl Future<Output = Result<T, Failure>>,
    ) -> Result<T, Failure> {
        let entry = self.0.turns.entry(tenant, || Semaphore::new(1));
        let turn = self.turn(tenant, &entry);
        let turn = tokio::time::timeout_at(begin_by, turn).await;
        let _turn = turn.map_err(|_late| self.why_late(tenant))?;
        let done = work.await;
        let is_held = done.as_ref().is_err_and(Failure::is_locked);
        if is_held {
            self.record(tenant);
        } else if done.is_ok() {
            self.lock().remove(tenant);
        }
        done
    }

    /// `None` in a permit's place: without a bound, as no semaphore is ever closed.
    async fn turn<'a>(
        &'a self,
        tenant: &TenantId,
        entry: &'a Entry<Semaphore>,
    ) -> [Option<SemaphorePermit<'a>>; 2] {
        let turn = entry.acquire().await.ok();
        let held_permits = self.0.held_permits.as_ref();
        let permits = held_permits.filter(|_| self.is_held(tenant));
        let permits = permits.unwrap_or(&self.0.permits);
        [turn, permits.acquire().await.ok()]
    }

    fn why_late(&self, tenant: &TenantId) -> Failure {
        if self.is_held(tenant) {
            Failure::TenantLocked
        } else {
            Failure::NotBegun
        }
    }

    fn is_held(&self, tenant: &TenantId) -> bool {
        self.lock().get(tenant).is_some_and(is_recent)
    }

    fn record(&self, tenant: &TenantId) {
        let mut held = self.lock();
        held.retain(|_, found| is_recent(found));
        held.insert(tenant.clone(), Instant::now());
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<TenantId, Instant>> {
        self.0.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn is_recent(found: &Instant) -> bool {
    found.elapsed() < HELD_FOR
}

#[cfg(test)]
mod tests;
