use std::{
    collections::HashMap,
    ops::Deref,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
};

use crate::types::TenantId;

/// A value for each tenant that is in use. A value is dropped when nobody uses it.
pub(super) struct PerTenant<T>(Arc<Mutex<Entries<T>>>);

type Entries<T> = HashMap<TenantId, Weak<Entry<T>>>;

/// The value of a tenant.
pub(super) struct Entry<T> {
    tenant: TenantId,
    value: T,
    all: PerTenant<T>,
}

impl<T> PerTenant<T> {
    /// The value of `tenant`. `make` creates it if nobody uses one.
    pub(super) fn entry(&self, tenant: &TenantId, make: impl FnOnce() -> T) -> Arc<Entry<T>> {
        let mut entries = self.lock();
        if let Some(entry) = entries.get(tenant).and_then(Weak::upgrade) {
            return entry;
        }
        let entry = Arc::new(Entry {
            tenant: tenant.clone(),
            value: make(),
            all: self.clone(),
        });
        entries.insert(tenant.clone(), Arc::downgrade(&entry));
        entry
    }

    fn lock(&self) -> MutexGuard<'_, Entries<T>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T> Clone for PerTenant<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<T> Default for PerTenant<T> {
    fn default() -> Self {
        Self(Arc::default())
    }
}

impl<T> Deref for Entry<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

/// Removes the entry, unless another caller has replaced it.
impl<T> Drop for Entry<T> {
    fn drop(&mut self) {
        let mut entries = self.all.lock();
        let is_unused = |entry: &Weak<_>| entry.strong_count() == 0;
        if entries.get(&self.tenant).is_some_and(is_unused) {
            entries.remove(&self.tenant);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_dropped_with_its_last_user() {
        let values = PerTenant::default();
        let tenant = TenantId::parse("t1").unwrap();
        let first = values.entry(&tenant, || 1);
        let second = values.entry(&tenant, || 2);
        assert_eq!((**first, **second), (1, 1));
        drop(first);
        assert_eq!(values.lock().len(), 1);
        drop(second);
        assert!(values.lock().is_empty());
        assert_eq!(**values.entry(&tenant, || 3), 3);
    }
}
