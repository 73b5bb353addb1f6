//! The fixture of every rule: a tenant that no other check uses, and small clients.

use std::{num::NonZeroU64, sync::Arc};

use crate::{
    backend_error::BackendError,
    client::{Client, StoredClient},
    conformance::{
        random::{fresh_tenant, fresh_tenant_of},
        store::text::cut,
    },
    registration::{ClientMetadata, RegistrationRequest, StoredMetadata},
    store::{
        Activity, BlockOutcome, ClientStore, ClientUpdate, DuplicateKey, InsertOutcome, Insertion,
        RemoveOutcome, Sweep, TouchOutcome, UpdateOutcome,
    },
    types::{ClientId, SecurityMode, TenantId, Timestamp},
};

/// Reports a broken rule and what was seen instead.
pub(super) fn fail(rule: &str, seen: &dyn std::fmt::Debug) -> ! {
    broken(&format!("{rule}, but: {}", cut(&format!("{seen:?}"))))
}

/// Reports a broken rule with this message.
#[expect(clippy::panic, reason = "a suite reports a broken rule by panicking")]
pub(super) fn broken(message: &str) -> ! {
    panic!("{message}")
}

/// The moment `hours` after hour 0, which is the same in every run.
pub(super) const fn hour(hours: u64) -> Timestamp {
    Timestamp::from_unix_seconds(1_700_000_000 + hours * 3600)
}

/// A millisecond after `moment`.
pub(super) const fn just_after(moment: Timestamp) -> Timestamp {
    Timestamp::from_unix_millis(moment.unix_millis() + 1)
}

pub(super) const fn key(byte: u8) -> DuplicateKey {
    DuplicateKey::from_bytes([byte; 32])
}

pub(super) fn id(text: &str) -> ClientId {
    ClientId::parse(text).unwrap_or_else(|error| fail("ids are well-formed", &error))
}

pub(super) fn metadata(mode: SecurityMode, request: RegistrationRequest) -> ClientMetadata {
    let restored = StoredMetadata::of(request).restore(mode);
    restored.unwrap_or_else(|error| fail("metadata is valid", &error))
}

/// The outcome of an insertion that evicts no client.
pub(super) const fn inserted() -> InsertOutcome {
    InsertOutcome::Inserted {
        removed: Vec::new(),
    }
}

/// The outcome of an activity that is written and evicts no client.
pub(super) const fn written() -> TouchOutcome {
    TouchOutcome::Written {
        evicted: Vec::new(),
    }
}

/// A store and a tenant in it. The methods panic if the back end fails.
pub(super) struct Fixture<S> {
    pub(super) store: Arc<S>,
    pub(super) tenant: TenantId,
}

impl<S> Clone for Fixture<S> {
    fn clone(&self) -> Self {
        Self {
            store: Arc::clone(&self.store),
            tenant: self.tenant.clone(),
        }
    }
}

impl<S: ClientStore> Fixture<S> {
    pub(super) fn new(store: S) -> Self {
        Self {
            store: Arc::new(store),
            tenant: fresh_tenant(),
        }
    }

    /// Another tenant of the same store.
    pub(super) fn another(&self) -> Self {
        self.another_of_length(0)
    }

    /// Another tenant of the same store, with an id of at least `length` characters.
    pub(super) fn another_of_length(&self, length: usize) -> Self {
        Self {
            store: Arc::clone(&self.store),
            tenant: fresh_tenant_of(length),
        }
    }

    /// The given tenant of the same store.
    pub(super) fn within(&self, tenant: TenantId) -> Self {
        Self {
            store: Arc::clone(&self.store),
            tenant,
        }
    }

    /// A public client of this tenant that registered at hour 0. Its name is the same text as its id.
    pub(super) fn client(&self, name: &str) -> Client {
        self.named(name, name)
    }

    pub(super) fn named(&self, client_id: &str, name: &str) -> Client {
        let request = RegistrationRequest::new(["https://app.example.com/callback"])
            .client_name(name)
            .token_endpoint_auth_method("none");
        Client {
            tenant: self.tenant.clone(),
            id: id(client_id),
            issued_at: hour(0),
            security_mode: SecurityMode::Strict,
            secret: None,
            previous_secret: None,
            blocked: false,
            error_redirect_policy: None,
            revision: 0,
            metadata: metadata(SecurityMode::Strict, request),
        }
    }

    /// The insertion of [`Fixture::client`].
    pub(super) fn insertion(&self, name: &str) -> Insertion {
        insertion(self.client(name))
    }

    pub(super) async fn insert(&self, insertion: Insertion) -> InsertOutcome {
        done("insert", self.store.insert(insertion).await)
    }

    /// Stores a client that a rule needs.
    pub(super) async fn put(&self, client: Client) {
        let outcome = self.insert(insertion(client)).await;
        assert_eq!(outcome, inserted(), "a client whose id is free is stored");
    }

    /// Stores one client for each of `names`.
    pub(super) async fn put_all(&self, names: &[&str]) {
        for name in names {
            self.put(self.client(name)).await;
        }
    }

    pub(super) async fn find(&self, name: &str) -> Option<Client> {
        let found = self.store.find(&self.tenant, &id(name)).await;
        done("find", found).map(|row| Arc::unwrap_or_clone(readable(row)))
    }

    pub(super) async fn page(&self, after: Option<&str>, limit: u32) -> Vec<String> {
        let after = after.map(id);
        let page = self.store.list(&self.tenant, after.as_ref(), limit).await;
        done("list", page).iter().map(name).collect()
    }

    /// The ids of all stored clients, in the order of the list.
    pub(super) async fn names(&self) -> Vec<String> {
        self.page(None, u32::MAX).await
    }

    /// All stored clients.
    pub(super) async fn clients(&self) -> Vec<Arc<Client>> {
        let rows = done("list", self.store.list(&self.tenant, None, u32::MAX).await);
        rows.into_iter().map(readable).collect()
    }

    pub(super) async fn update(&self, client: Client) -> UpdateOutcome {
        let update = ClientUpdate::new(Arc::new(client));
        done("update", self.store.update(update).await)
    }

    pub(super) async fn update_without_key(&self, client: Client) -> UpdateOutcome {
        let update = ClientUpdate::new(Arc::new(client)).without_duplicate_key();
        done("update", self.store.update(update).await)
    }

    pub(super) async fn set_blocked(&self, name: &str, blocked: bool) -> BlockOutcome {
        let id = id(name);
        let set = self.store.set_blocked(&self.tenant, &id, blocked).await;
        done("set_blocked", set)
    }

    pub(super) async fn remove(&self, name: &str) -> RemoveOutcome {
        done("remove", self.store.remove(&self.tenant, &id(name)).await)
    }

    pub(super) async fn touch(&self, name: &str, touch: Activity) -> TouchOutcome {
        let touched = self.store.touch(&self.tenant, &id(name), touch).await;
        done("touch", touched)
    }

    /// The ids of the clients that a sweep has removed, sorted.
    pub(super) async fn sweep(&self, sweep: Sweep) -> Vec<String> {
        let removed = done("sweep", self.store.sweep(&self.tenant, sweep).await);
        let mut names: Vec<String> = removed.iter().map(ToString::to_string).collect();
        names.sort();
        names
    }
}

pub(super) fn insertion(client: Client) -> Insertion {
    Insertion::new(Arc::new(client))
}

pub(super) fn limited(insertion: Insertion, max: u64) -> Insertion {
    insertion.max_clients(NonZeroU64::new(max))
}

pub(super) fn name(row: &StoredClient) -> String {
    row.id().to_string()
}

fn readable(row: StoredClient) -> Arc<Client> {
    let client = row.readable();
    client.unwrap_or_else(|error| fail("a stored client can be read", &error))
}

/// The outcome of a call, which must not fail.
pub(super) fn done<T>(call: &str, outcome: Result<T, BackendError>) -> T {
    outcome.unwrap_or_else(|error| fail(&format!("`{call}` does not fail"), &error))
}
