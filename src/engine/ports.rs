use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
};

use crate::{
    backend_error::BackendError,
    client::StoredClient,
    engine::{
        store_clock::{StoreClock, StoreTime},
        token_attempts::TokenAttempts,
    },
    events::{Event, EventSink},
    geo::GeoSource,
    rate_limit::DynRateLimiter,
    registration::DynInitialAccess,
    store::DynClientStore,
    system::{Clock, SecureRandom},
    tenants::DynTenantDirectory,
    types::{ClientId, TenantId},
};

/// The interfaces to everything outside of the pipeline.
pub(super) struct Ports {
    pub(super) store: Box<dyn DynClientStore>,
    pub(super) tenants: Box<dyn DynTenantDirectory>,
    pub(super) initial_access: Option<Box<dyn DynInitialAccess>>,
    pub(super) token_attempts: TokenAttempts,
    pub(super) limiter: Box<dyn DynRateLimiter>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) store_clock: StoreClock,
    pub(super) random: Box<dyn SecureRandom>,
    pub(super) geo: Box<dyn GeoSource>,
    pub(super) events: Vec<Box<dyn EventSink>>,
}

impl Ports {
    /// Reports `event` to every sink. If a sink panics, this sink loses the event, and nothing else is affected.
    pub(super) fn report(&self, event: &Event<'_>) {
        for sink in &self.events {
            // The panic hook has shown the panic.
            let _ended = catch_unwind(AssertUnwindSafe(|| sink.record(event)));
        }
    }

    /// The current time by the clock of the store. It is reported if the clock of this node differs.
    pub(super) async fn store_time(&self) -> Result<StoreTime, BackendError> {
        let report = |StoreTime { node, store }| self.report(&Event::ClockDiffers { node, store });
        let clock = &self.store_clock;
        clock.time(&*self.clock, || self.store.now(), report).await
    }

    /// Finds the client with this id. A client that can't be read is reported.
    pub(super) async fn find(
        &self,
        tenant: &TenantId,
        id: &ClientId,
    ) -> Result<Option<StoredClient>, BackendError> {
        let found = self.store.find(tenant, id).await?;
        if let Some(StoredClient::Unreadable(client)) = &found {
            self.report(&Event::Unreadable { tenant, client });
        }
        Ok(found)
    }
}
