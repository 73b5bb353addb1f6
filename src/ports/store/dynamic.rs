//! The object-safe twin of `ClientStore`, and the trait for shared stores.

use std::sync::Arc;

use crate::{
    client::Client,
    error::BackendError,
    life::{Sweep, Touch, TouchOutcome},
    ports::{
        BoxFuture, ClientStore, ClientUpdate, InsertOutcome, Insertion, RemoveOutcome,
        UpdateOutcome,
    },
    values::{ClientId, TenantId},
};

type Answer<'a, T> = BoxFuture<'a, Result<T, BackendError>>;

pub(crate) trait DynClientStore: Send + Sync {
    fn insert(&self, insertion: Insertion) -> Answer<'_, InsertOutcome>;

    fn find<'a>(
        &'a self,
        tenant: &'a TenantId,
        id: &'a ClientId,
    ) -> Answer<'a, Option<Arc<Client>>>;

    fn list<'a>(
        &'a self,
        tenant: &'a TenantId,
        after: Option<&'a ClientId>,
        limit: u32,
    ) -> Answer<'a, Vec<Arc<Client>>>;

    fn update(&self, update: ClientUpdate) -> Answer<'_, UpdateOutcome>;

    fn remove<'a>(&'a self, tenant: &'a TenantId, id: &'a ClientId) -> Answer<'a, RemoveOutcome>;

    fn touch<'a>(
        &'a self,
        tenant: &'a TenantId,
        id: &'a ClientId,
        touch: Touch,
    ) -> Answer<'a, TouchOutcome>;

    fn sweep<'a>(&'a self, tenant: &'a TenantId, sweep: Sweep) -> Answer<'a, Vec<ClientId>>;
}

impl<S: ClientStore> DynClientStore for S {
    fn insert(&self, insertion: Insertion) -> Answer<'_, InsertOutcome> {
        Box::pin(S::insert(self, insertion))
    }

    fn find<'a>(
        &'a self,
        tenant: &'a TenantId,
        id: &'a ClientId,
    ) -> Answer<'a, Option<Arc<Client>>> {
        Box::pin(S::find(self, tenant, id))
    }

    fn list<'a>(
        &'a self,
        tenant: &'a TenantId,
        after: Option<&'a ClientId>,
        limit: u32,
    ) -> Answer<'a, Vec<Arc<Client>>> {
        Box::pin(S::list(self, tenant, after, limit))
    }

    fn update(&self, update: ClientUpdate) -> Answer<'_, UpdateOutcome> {
        Box::pin(S::update(self, update))
    }

    fn remove<'a>(&'a self, tenant: &'a TenantId, id: &'a ClientId) -> Answer<'a, RemoveOutcome> {
        Box::pin(S::remove(self, tenant, id))
    }

    fn touch<'a>(
        &'a self,
        tenant: &'a TenantId,
        id: &'a ClientId,
        touch: Touch,
    ) -> Answer<'a, TouchOutcome> {
        Box::pin(S::touch(self, tenant, id, touch))
    }

    fn sweep<'a>(&'a self, tenant: &'a TenantId, sweep: Sweep) -> Answer<'a, Vec<ClientId>> {
        Box::pin(S::sweep(self, tenant, sweep))
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
    ) -> Result<Option<Arc<Client>>, BackendError> {
        S::find(self, tenant, id).await
    }

    async fn list(
        &self,
        tenant: &TenantId,
        after: Option<&ClientId>,
        limit: u32,
    ) -> Result<Vec<Arc<Client>>, BackendError> {
        S::list(self, tenant, after, limit).await
    }

    async fn update(&self, update: ClientUpdate) -> Result<UpdateOutcome, BackendError> {
        S::update(self, update).await
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
        touch: Touch,
    ) -> Result<TouchOutcome, BackendError> {
        S::touch(self, tenant, id, touch).await
    }

    async fn sweep(&self, tenant: &TenantId, sweep: Sweep) -> Result<Vec<ClientId>, BackendError> {
        S::sweep(self, tenant, sweep).await
    }
}
