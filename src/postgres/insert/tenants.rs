use std::sync::Arc;

use tokio::{runtime::Handle, time::Instant};

use crate::{
    backend_error::BackendError,
    group_commit::GroupCommit,
    postgres::{
        database::Database,
        failure::NAME,
        insert::{job::Job, tenant::Tenant},
        per_tenant::{Entry, PerTenant},
    },
    store::{InsertOutcome, Insertion},
    types::TenantId,
};

/// The groups of the tenants that have running insertions.
#[derive(Clone)]
pub(super) struct Tenants {
    database: Database,
    /// The runtime in which the store was created. The runtime of a caller may end earlier.
    runtime: Handle,
    groups: PerTenant<TenantGroup>,
}

/// The group of a tenant. Its task ends when nobody uses it.
pub(super) struct TenantGroup(GroupCommit<Tenant>);

impl Tenants {
    /// The tasks run in the runtime in which this is called.
    pub(super) fn new(database: Database) -> Self {
        Self {
            database,
            runtime: Handle::current(),
            groups: PerTenant::default(),
        }
    }

    /// The group of `tenant`.
    pub(super) fn group(&self, tenant: &TenantId) -> Arc<Entry<TenantGroup>> {
        self.groups.entry(tenant, || {
            let _runtime = self.runtime.enter();
            let tenant = Tenant::new(self.database.clone());
            TenantGroup(GroupCommit::spawn(tenant, NAME))
        })
    }
}

impl TenantGroup {
    /// Sends `insertion` to the group, and waits for its outcome until `deadline`.
    pub(super) async fn insert(
        &self,
        deadline: Instant,
        insertion: Insertion,
    ) -> Result<InsertOutcome, BackendError> {
        let job = |reply| Job { insertion, reply };
        self.0.submit(deadline, job).await
    }
}
