//! A store in the memory of this process, for tests, demonstrations and single-node servers that
//! may forget.

use std::{
    borrow::Borrow,
    collections::{HashMap, HashSet},
    hash::{Hash, Hasher},
    sync::{Arc, PoisonError, RwLock},
};

use crate::{
    client::Client,
    error::BackendError,
    ports::{ClientStore, InsertOutcome},
    values::{ClientId, TenantId},
};

/// Keeps clients in the memory of this process. Clones share them; when the last one goes, so do
/// they.
#[derive(Clone, Debug, Default)]
pub struct MemoryStore(Arc<RwLock<HashMap<TenantId, HashSet<ById>>>>);

/// A client that is looked up by its id, without a second copy of that.
#[derive(Debug)]
struct ById(Arc<Client>);

impl MemoryStore {
    /// An empty store.
    pub fn new() -> Self {
        Self::default()
    }

    /// How many clients there are, of all tenants.
    pub fn len(&self) -> usize {
        let tenants = self.0.read().unwrap_or_else(PoisonError::into_inner);
        tenants.values().map(HashSet::len).sum()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl ClientStore for MemoryStore {
    async fn insert(&self, client: Arc<Client>) -> Result<InsertOutcome, BackendError> {
        let mut tenants = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let clients = tenants.entry(client.tenant().clone()).or_default();
        // `insert` of a set leaves what is there.
        let is_new = clients.insert(ById(client));
        Ok(if is_new {
            InsertOutcome::Inserted
        } else {
            InsertOutcome::IdTaken
        })
    }

    async fn find(
        &self,
        tenant: &TenantId,
        id: &ClientId,
    ) -> Result<Option<Arc<Client>>, BackendError> {
        let tenants = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let found = tenants.get(tenant).and_then(|clients| clients.get(id));
        Ok(found.map(|ById(client)| Arc::clone(client)))
    }
}

impl Borrow<ClientId> for ById {
    fn borrow(&self) -> &ClientId {
        self.0.id()
    }
}

impl Hash for ById {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.id().hash(state);
    }
}

impl PartialEq for ById {
    fn eq(&self, other: &Self) -> bool {
        self.0.id() == other.0.id()
    }
}

impl Eq for ById {}
