//! Limits which calls may lock the rows of tenants, so that calls that wait for a row use only some of the connections.

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

/// How long a row counts as locked after a lock timeout, unless a call locks it sooner.
const LOCKED_FOR: Duration = Duration::from_secs(5);

/// How many lock timeouts in a row show that a row is locked. A transaction of another node may cause a single timeout.
const LOCKED_AFTER: u32 = 2;

/// With fewer connections than this, tenants with locked rows share the permits of all tenants.
const MIN_CONNECTIONS: u32 = 4;

/// How many calls of a tenant may lock the tenant's row at the same time. They wait for each other in the server, so that
/// their round trips overlap.
const CALLS: u32 = 4;

/// How long a call locks the row of a tenant.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum LockUse {
    /// The call is one statement that changes one client.
    Brief,
    /// The call is several statements, or changes many clients. Other calls of the tenant would wait too long in the
    /// server.
    Long,
}

/// Limits how many calls lock the rows of tenants at the same time.
///
/// These calls use at most half of the connections. Tenants whose rows other transactions have locked share one
/// additional connection, so that other tenants don't wait for them.
#[derive(Clone)]
pub(super) struct TenantLocks(Arc<State>);

struct State {
    /// The calls of each tenant.
    calls: PerTenant<Semaphore>,
    permits: Semaphore,
    /// The permits for tenants with locked rows.
    locked_permits: Option<Semaphore>,
    timeouts: Mutex<HashMap<TenantId, LockTimeouts>>,
}

/// The lock timeouts of a tenant since a call last locked its row.
struct LockTimeouts {
    number: u32,
    last: Instant,
}

impl TenantLocks {
    /// The limits for a pool with this number of connections.
    pub(super) fn new(connections: u32) -> Self {
        let half = connections.checked_div(2).unwrap_or(0).max(1);
        Self(Arc::new(State {
            calls: PerTenant::default(),
            permits: semaphore(half),
            locked_permits: (connections >= MIN_CONNECTIONS).then(|| semaphore(1)),
            timeouts: Mutex::default(),
        }))
    }

    /// Gets a permit, and then carries out `work`, which locks the row of `tenant`.
    pub(super) async fn run<T>(
        &self,
        tenant: &TenantId,
        lock_use: LockUse,
        begin_by: Instant,
        work: impl Future<Output = Result<T, Failure>>,
    ) -> Result<T, Failure> {
        let calls = self.0.calls.entry(tenant, || semaphore(CALLS));
        let permits = self.permits(tenant, lock_use, &calls);
        let permits = tokio::time::timeout_at(begin_by, permits).await;
        let _permits = permits.map_err(|_late| self.why_late(tenant))?;
        let begun = Instant::now();
        let done = work.await;
        match &done {
            Ok(_) => drop(self.lock().remove(tenant)),
            Err(Failure::TenantLocked) => self.record(tenant, begun),
            Err(_) => {}
        }
        done
    }

    /// The permits for a call. `None` would mean that a semaphore is closed, which never happens.
    async fn permits<'a>(
        &'a self,
        tenant: &TenantId,
        lock_use: LockUse,
        calls: &'a Entry<Semaphore>,
    ) -> [Option<SemaphorePermit<'a>>; 2] {
        let is_shared = lock_use == LockUse::Brief && self.locked_until(tenant).is_none();
        let number = if is_shared { 1 } else { CALLS };
        let call = calls.acquire_many(number).await.ok();
        [call, self.permit(tenant).await]
    }

    /// A permit to use a connection. A tenant with a locked row waits for the permit of those tenants, but only while its
    /// row counts as locked.
    async fn permit(&self, tenant: &TenantId) -> Option<SemaphorePermit<'_>> {
        let locked_permits = self.0.locked_permits.as_ref();
        if let Some((permits, until)) = locked_permits.zip(self.locked_until(tenant))
            && let Ok(permit) = tokio::time::timeout_at(until, permits.acquire()).await
        {
            return permit.ok();
        }
        self.0.permits.acquire().await.ok()
    }

    fn why_late(&self, tenant: &TenantId) -> Failure {
        match self.locked_until(tenant) {
            Some(_) => Failure::TenantLocked,
            None => Failure::NotBegun,
        }
    }

    /// The time until which the row of `tenant` counts as locked.
    fn locked_until(&self, tenant: &TenantId) -> Option<Instant> {
        let timeouts = self.lock();
        let timeouts = timeouts.get(tenant);
        timeouts
            .filter(|timeouts| timeouts.number >= LOCKED_AFTER)?
            .end()
    }

    /// Records a lock timeout of a call that began at `begun`.
    fn record(&self, tenant: &TenantId, begun: Instant) {
        let mut all = self.lock();
        all.retain(|_, timeouts| timeouts.end().is_some());
        let timeouts = all.entry(tenant.clone()).or_insert(LockTimeouts {
            number: 0,
            last: begun,
        });
        // Timeouts of calls that waited at the same time count once.
        if timeouts.last <= begun {
            timeouts.number = timeouts.number.saturating_add(1);
            timeouts.last = Instant::now();
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<TenantId, LockTimeouts>> {
        let timeouts = &self.0.timeouts;
        timeouts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl LockTimeouts {
    /// The time at which the timeouts stop counting, if they still count.
    fn end(&self) -> Option<Instant> {
        let end = self.last.checked_add(LOCKED_FOR)?;
        (Instant::now() < end).then_some(end)
    }
}

fn semaphore(permits: u32) -> Semaphore {
    let permits = usize::try_from(permits).unwrap_or(Semaphore::MAX_PERMITS);
    Semaphore::new(permits.min(Semaphore::MAX_PERMITS))
}

#[cfg(test)]
mod tests;
