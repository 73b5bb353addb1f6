//! Stores clients in the memory of this process, for tests, demonstrations, and servers with a single node that may
//! lose its clients.
//!
//! ```
//! use oauth_dcr::{MemoryStore, Registrar, TenantSettings};
//!
//! let store = MemoryStore::new();
//! let registrar = Registrar::builder(store.clone())
//!     .tenant(TenantSettings::new().enabled())
//!     .build()?;
//! // The clone shares the clients of the registrar.
//! assert!(store.is_empty());
//! # let _ = registrar;
//! # Ok::<(), oauth_dcr::settings::SettingsError>(())
//! ```
//!
//! [`MemoryStore`] is the only item of this module. The same feature has the
//! [`LocalRateLimiter`](crate::rate_limit::LocalRateLimiter), which a registrar uses by default.

mod clients;

use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard},
};

use crate::{
    backend_error::BackendError,
    client::StoredClient,
    memory::clients::Clients,
    store::{
        Activity, BlockOutcome, ClientStore, ClientUpdate, InsertOutcome, Insertion, RemoveOutcome,
        Sweep, TouchOutcome, UpdateOutcome,
    },
    types::{ClientId, TenantId},
};

/// Stores clients in the memory of this process. Clones share the clients, which are lost when the last clone is
/// dropped.
#[derive(Clone, Debug, Default)]
pub struct MemoryStore(Arc<RwLock<HashMap<TenantId, Clients>>>);

impl MemoryStore {
    /// Creates an empty store.
    pub fn new() -> Self {
        Self::default()
    }

    /// The number of clients of all tenants.
    pub fn len(&self) -> usize {
        self.read().values().map(Clients::len).sum()
    }

    /// Whether there are no clients.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn try_insert(&self, insertion: &Insertion) -> InsertOutcome {
        let mut tenants = self.write();
        let tenant = insertion.client().tenant();
        // Most tenants have an entry already, so the id need not be cloned.
        if let Some(clients) = tenants.get_mut(tenant) {
            return clients.insert(insertion);
        }
        let clients = tenants.entry(tenant.clone()).or_default();
        clients.insert(insertion)
    }

    fn read(&self) -> RwLockReadGuard<'_, HashMap<TenantId, Clients>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, HashMap<TenantId, Clients>> {
        self.0.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ClientStore for MemoryStore {
    async fn insert(&self, insertion: Insertion) -> Result<InsertOutcome, BackendError> {
        let outcome = self.try_insert(&insertion);
        // The report runs without the lock.
        Ok(insertion.settle(outcome))
    }

    async fn find(
        &self,
        tenant: &TenantId,
        id: &ClientId,
    ) -> Result<Option<StoredClient>, BackendError> {
        let tenants = self.read();
        let found = tenants.get(tenant).and_then(|clients| clients.find(id));
        Ok(found.map(StoredClient::from))
    }

    async fn list(
        &self,
        tenant: &TenantId,
        after: Option<&ClientId>,
        limit: u32,
    ) -> Result<Vec<StoredClient>, BackendError> {
        let tenants = self.read();
        let clients = tenants.get(tenant);
        Ok(clients.map_or_else(Vec::new, |clients| clients.list(after, limit)))
    }

    async fn update(&self, update: ClientUpdate) -> Result<UpdateOutcome, BackendError> {
        let mut tenants = self.write();
        let clients = tenants.get_mut(update.client().tenant());
        Ok(clients.map_or(UpdateOutcome::Missing, |clients| clients.update(&update)))
    }

    async fn set_blocked(
        &self,
        tenant: &TenantId,
        id: &ClientId,
        blocked: bool,
    ) -> Result<BlockOutcome, BackendError> {
        let mut tenants = self.write();
        let clients = tenants.get_mut(tenant);
        Ok(clients.map_or(BlockOutcome::Missing, |clients| {
            clients.set_blocked(id, blocked)
        }))
    }

    async fn remove(
        &self,
        tenant: &TenantId,
        id: &ClientId,
    ) -> Result<RemoveOutcome, BackendError> {
        let mut tenants = self.write();
        let clients = tenants.get_mut(tenant);
        Ok(clients.map_or(RemoveOutcome::Missing, |clients| clients.remove(id)))
    }

    async fn touch(
        &self,
        tenant: &TenantId,
        id: &ClientId,
        touch: Activity,
    ) -> Result<TouchOutcome, BackendError> {
        let mut tenants = self.write();
        let clients = tenants.get_mut(tenant);
        Ok(clients.map_or(TouchOutcome::Missing, |clients| clients.touch(id, touch)))
    }

    async fn sweep(&self, tenant: &TenantId, sweep: Sweep) -> Result<Vec<ClientId>, BackendError> {
        let mut tenants = self.write();
        let clients = tenants.get_mut(tenant);
        Ok(clients.map_or_else(Vec::new, |clients| clients.sweep(sweep)))
    }
}
