//! The memory of one node.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use oauth_dcr::{ClientId, TenantId};

use super::At;

/// What a node remembers.
pub(super) struct Memory<K, V>(Arc<Mutex<BTreeMap<K, V>>>);

impl<K, V> Clone for Memory<K, V> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<K: Ord, V: Clone> Memory<K, V> {
    pub(super) fn new() -> Self {
        Self(Arc::default())
    }

    pub(super) fn get(&self, key: &K) -> Option<V> {
        self.0.lock().unwrap().get(key).cloned()
    }

    pub(super) fn set(&self, key: K, value: V) {
        self.0.lock().unwrap().insert(key, value);
    }

    pub(super) fn forget(&self, key: &K) {
        self.0.lock().unwrap().remove(key);
    }
}

impl<V: Clone> Memory<At, V> {
    pub(super) fn forget_all(&self, tenant: &TenantId, ids: &[ClientId]) {
        for id in ids {
            self.forget(&At::new(tenant, id));
        }
    }
}
