use std::sync::Arc;

use crate::{
    client::Client,
    error::BackendError,
    ports::BoxFuture,
    values::{ClientId, TenantId},
};

/// Where clients are kept.
pub trait ClientStore: Send + Sync + 'static {
    /// Stores `client` if its id is free in its tenant, whole or not at all, and never overwrites:
    /// of two that race for an id exactly one is stored. When this returns
    /// [`InsertOutcome::Inserted`], the client is as durable as the store makes anything.
    ///
    /// A caller that goes away while it waits leaves either nothing or the whole client.
    ///
    /// # Errors
    /// [`BackendError`] if the store can't tell that the client is there.
    fn insert(
        &self,
        client: Arc<Client>,
    ) -> impl Future<Output = Result<InsertOutcome, BackendError>> + Send;

    /// The client with this id in this tenant.
    ///
    /// # Errors
    /// [`BackendError`] if the store can't tell.
    fn find(
        &self,
        tenant: &TenantId,
        id: &ClientId,
    ) -> impl Future<Output = Result<Option<Arc<Client>>, BackendError>> + Send;
}

/// What became of an insert.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InsertOutcome {
    /// The client is stored.
    Inserted,
    /// Another client has this id; nothing was changed.
    IdTaken,
}

impl<S: ClientStore> ClientStore for Arc<S> {
    fn insert(
        &self,
        client: Arc<Client>,
    ) -> impl Future<Output = Result<InsertOutcome, BackendError>> + Send {
        S::insert(self, client)
    }

    fn find(
        &self,
        tenant: &TenantId,
        id: &ClientId,
    ) -> impl Future<Output = Result<Option<Arc<Client>>, BackendError>> + Send {
        S::find(self, tenant, id)
    }
}

/// The object-safe twin of [`ClientStore`].
pub(crate) trait DynClientStore: Send + Sync {
    fn insert(&self, client: Arc<Client>) -> BoxFuture<'_, Result<InsertOutcome, BackendError>>;

    fn find<'a>(
        &'a self,
        tenant: &'a TenantId,
        id: &'a ClientId,
    ) -> BoxFuture<'a, Result<Option<Arc<Client>>, BackendError>>;
}

impl<S: ClientStore> DynClientStore for S {
    fn insert(&self, client: Arc<Client>) -> BoxFuture<'_, Result<InsertOutcome, BackendError>> {
        Box::pin(S::insert(self, client))
    }

    fn find<'a>(
        &'a self,
        tenant: &'a TenantId,
        id: &'a ClientId,
    ) -> BoxFuture<'a, Result<Option<Arc<Client>>, BackendError>> {
        Box::pin(S::find(self, tenant, id))
    }
}
