//! What all requests share.

use std::{sync::Arc, time::Duration};

use oauth_dcr::{
    BackendError, Client, ClientId, MarkOutcome, Registrar, TenantSettings, Tenants, Timestamp,
    authorization::ProtectedNames,
    system::{Clock as _, SystemClock},
    tower::RegistrationService,
};

use crate::{
    demonstration::User,
    home::Home,
    options::{Lifetimes, Options},
    sessions::Sessions,
    tenant::Tenant,
    tokens::Tokens,
};

pub(crate) struct App {
    pub(crate) registration: RegistrationService,
    pub(crate) tenants: Tenants,
    pub(crate) sessions: Sessions,
    pub(crate) tokens: Tokens,
    pub(crate) clock: SystemClock,
    pub(crate) lifetimes: Lifetimes,
    pub(crate) protected_names: ProtectedNames,
    pub(crate) auto_approve: bool,
    pub(crate) home: Home,
    registrar: Registrar,
}

impl App {
    pub(crate) fn new(
        registrar: Registrar,
        tenants: Tenants,
        home: Home,
        options: &Options,
    ) -> Self {
        let clock = SystemClock::new();
        Self {
            registration: RegistrationService::new(registrar.clone()),
            tenants,
            sessions: Sessions::new(options.lifetimes.interaction, clock),
            tokens: Tokens::new(options.lifetimes, clock),
            clock,
            lifetimes: options.lifetimes,
            protected_names: options.protected_names(),
            auto_approve: options.auto_approve,
            home,
            registrar,
        }
    }

    /// The client that a request names, if it exists.
    pub(crate) async fn find_client(
        &self,
        tenant: &Tenant,
        id: Option<ClientId>,
    ) -> Result<Option<Arc<Client>>, BackendError> {
        match id {
            Some(id) => self.registrar.find(&tenant.settings.id, &id).await,
            None => Ok(None),
        }
    }

    /// Records that a client is about to get a grant from `user` for `lifetime`. If the user then has too
    /// many clients, the store removes a client, and this revokes the codes and tokens of that client.
    pub(crate) async fn mark_used(
        &self,
        tenant: &TenantSettings,
        client_id: &ClientId,
        lifetime: Duration,
        user: Option<&User>,
    ) -> Result<MarkOutcome, BackendError> {
        let live_until = Some(self.clock.now().saturating_add(lifetime));
        let user = user.map(|user| user.id);
        let marking = self
            .registrar
            .mark_used(tenant, client_id, live_until, user);
        let outcome = marking.await?;
        if let MarkOutcome::Marked { evicted } = &outcome {
            for client_id in evicted {
                self.tokens.revoke_all_of(&tenant.id, client_id);
            }
        }
        Ok(outcome)
    }

    /// The time by the clock that clients register by.
    pub(crate) async fn store_time(&self) -> Result<Timestamp, BackendError> {
        self.registrar.store_time().await
    }
}
