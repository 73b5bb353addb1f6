//! The object-safe counterpart of `ClientStore`, and `ClientStore` for an `Arc` of a store.
//!
//! The engine reaches a store only through this trait. It compares the tenant and the id of each client that
//! the store returns with the tenant and the id that were asked for. A store that returns the wrong row is
//! therefore detected here, and nobody receives another tenant's client.

use std::sync::Arc;

use crate::{
    backend_error::BackendError,
    box_future::BoxFuture,
    client::StoredClient,
    store::{
        Activity, BlockOutcome, ClientStore, ClientUpdate, InsertOutcome, Insertion, RemoveOutcome,
        Sweep, TouchOutcome, UpdateOutcome,
    },
    types::{ClientId, TenantId, Timestamp},
};

type Answer<'a, T> = BoxFuture<'a, Result<T, BackendError>>;

pub(crate) trait DynClientStore: Send + Sync {
    fn insert(&self, insertion: Insertion) -> Answer<'_, InsertOutcome>;

    fn find<'a>(
        &'a self,
        tenant: &'a TenantId,
        id: &'a ClientId,
    ) -> Answer<'a, Option<StoredClient>>;

    fn list<'a>(
        &'a self,
        tenant: &'a TenantId,
        after: Option<&'a ClientId>,
        limit: u32,
    ) -> Answer<'a, Vec<StoredClient>>;

    fn update(&self, update: ClientUpdate) -> Answer<'_, UpdateOutcome>;

    fn set_blocked<'a>(
        &'a self,
        tenant: &'a TenantId,
        id: &'a ClientId,
        blocked: bool,
    ) -> Answer<'a, BlockOutcome>;

    fn remove<'a>(&'a self, tenant: &'a TenantId, id: &'a ClientId) -> Answer<'a, RemoveOutcome>;

    fn touch<'a>(
        &'a self,
        tenant: &'a TenantId,
        id: &'a ClientId,
        touch: Activity,
    ) -> Answer<'a, TouchOutcome>;

    fn sweep<'a>(&'a self, tenant: &'a TenantId, sweep: Sweep) -> Answer<'a, Vec<ClientId>>;

    fn now(&self) -> Answer<'_, Option<Timestamp>>;
}

impl<S: ClientStore> DynClientStore for S {
    fn insert(&self, insertion: Insertion) -> Answer<'_, InsertOutcome> {
        let client = Arc::clone(insertion.client());
        let inserted = S::insert(self, insertion);
        Box::pin(async move {
            let outcome = inserted.await?;
            let checked = outcome.check_tenant(client.tenant());
            checked.map_err(|unreadable| BackendError::new("store", unreadable))?;
            Ok(outcome)
        })
    }

    fn find<'a>(
        &'a self,
        tenant: &'a TenantId,
        id: &'a ClientId,
    ) -> Answer<'a, Option<StoredClient>> {
        Box::pin(async move {
            let found = S::find(self, tenant, id).await?;
            Ok(found.map(|row| row.of_row(tenant, id)))
        })
    }

    fn list<'a>(
        &'a self,
        tenant: &'a TenantId,
        after: Option<&'a ClientId>,
        limit: u32,
    ) -> Answer<'a, Vec<StoredClient>> {
        Box::pin(async move {
            let rows = S::list(self, tenant, after, limit).await?;
            Ok(rows.into_iter().map(|row| row.of_tenant(tenant)).collect())
        })
    }

    fn update(&self, update: ClientUpdate) -> Answer<'_, UpdateOutcome> {
        Box::pin(S::update(self, update))
    }

    fn set_blocked<'a>(
        &'a self,
        tenant: &'a TenantId,
        id: &'a ClientId,
        blocked: bool,
    ) -> Answer<'a, BlockOutcome> {
        Box::pin(S::set_blocked(self, tenant, id, blocked))
    }

    fn remove<'a>(&'a self, tenant: &'a TenantId, id: &'a ClientId) -> Answer<'a, RemoveOutcome> {
        Box::pin(S::remove(self, tenant, id))
    }

    fn touch<'a>(
        &'a self,
        tenant: &'a TenantId,
        id: &'a ClientId,
        touch: Activity,
    ) -> Answer<'a, TouchOutcome> {
        Box::pin(S::touch(self, tenant, id, touch))
    }

    fn sweep<'a>(&'a self, tenant: &'a TenantId, sweep: Sweep) -> Answer<'a, Vec<ClientId>> {
        Box::pin(S::sweep(self, tenant, sweep))
    }

    fn now(&self) -> Answer<'_, Option<Timestamp>> {
        Box::pin(S::now(self))
    }
}

impl<S: ClientStore> ClientStore for Arc<S> {
    async fn insert(&self, insertion: Insertion) -> Result<InsertOutcome, BackendError> {
        S::insert(self, insertion).await
    }

    async fn find(
        &self,
        tenant: &TenantId,
        id: &ClientId,
    ) -> Result<Option<StoredClient>, BackendError> {
        S::find(self, tenant, id).await
    }

    async fn list(
        &self,
        tenant: &TenantId,
        after: Option<&ClientId>,
        limit: u32,
    ) -> Result<Vec<StoredClient>, BackendError> {
        S::list(self, tenant, after, limit).await
    }

    async fn update(&self, update: ClientUpdate) -> Result<UpdateOutcome, BackendError> {
        S::update(self, update).await
    }

    async fn set_blocked(
        &self,
        tenant: &TenantId,
        id: &ClientId,
        blocked: bool,
    ) -> Result<BlockOutcome, BackendError> {
        S::set_blocked(self, tenant, id, blocked).await
    }

    async fn remove(
        &self,
        tenant: &TenantId,
        id: &ClientId,
    ) -> Result<RemoveOutcome, BackendError> {
        S::remove(self, tenant, id).await
    }

    async fn touch(
        &self,
        tenant: &TenantId,
        id: &ClientId,
        touch: Activity,
    ) -> Result<TouchOutcome, BackendError> {
        S::touch(self, tenant, id, touch).await
    }

    async fn sweep(&self, tenant: &TenantId, sweep: Sweep) -> Result<Vec<ClientId>, BackendError> {
        S::sweep(self, tenant, sweep).await
    }

    async fn now(&self) -> Result<Option<Timestamp>, BackendError> {
        S::now(self).await
    }
}
