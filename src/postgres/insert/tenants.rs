use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
};

use tokio::{runtime::Handle, time::Instant};

use crate::{
    backend_error::BackendError,
    group_commit::GroupCommit,
    postgres::{
        database::Database,
        failure::NAME,
        insert::{job::Job, tenant::Tenant},
    },
    store::{InsertOutcome, Insertion},
    types::TenantId,
};

/// The groups of the tenants that have insertions under way.
#[derive(Clone)]
pub(super) struct Tenants {
    database: Database,
    /// The runtime in which the store was made. The runtime of a caller may end earlier.
    runtime: Handle,
    groups: Groups,
}

#[derive(Clone, Default)]
struct Groups(Arc<Mutex<HashMap<TenantId, Weak<TenantGroup>>>>);

/// The group of a tenant. Its task ends when nobody uses it.
pub(super) struct TenantGroup {
    tenant: TenantId,
    commit: GroupCommit<Tenant>,
    groups: Groups,
}

impl Tenants {
    /// In the runtime that this is called in.
    pub(super) fn new(database: Database) -> Self {
        Self {
            database,
            runtime: Handle::current(),
            groups: Groups::default(),
        }
    }

    /// The group of `tenant`.
    pub(super) fn group(&self, tenant: &TenantId) -> Arc<TenantGroup> {
        let mut groups = self.groups.lock();
        if let Some(group) = groups.get(tenant).and_then(Weak::upgrade) {
            return group;
        }
        let _runtime = self.runtime.enter();
        let group = Arc::new(TenantGroup {
            tenant: tenant.clone(),
            commit: GroupCommit::spawn(Tenant::new(self.database.clone()), NAME),
            groups: self.groups.clone(),
        });
        groups.insert(tenant.clone(), Arc::downgrade(&group));
        group
    }
}

impl Groups {
    fn lock(&self) -> MutexGuard<'_, HashMap<TenantId, Weak<TenantGroup>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl TenantGroup {
    /// Has `insertion` carried out, and waits for its outcome until `deadline`.
    pub(super) async fn insert(
        &self,
        deadline: Instant,
        insertion: Insertion,
    ) -> Result<InsertOutcome, BackendError> {
        let job = |reply| Job { insertion, reply };
        self.commit.submit(deadline, job).await
    }
}

/// Removes the entry, unless another caller has replaced it.
impl Drop for TenantGroup {
    fn drop(&mut self) {
        let mut groups = self.groups.lock();
        let is_unused = |group: &Weak<_>| group.strong_count() == 0;
        if groups.get(&self.tenant).is_some_and(is_unused) {
            groups.remove(&self.tenant);
        }
    }
}
