//! What all requests share.

use std::sync::Arc;

use oauth_dcr::{
    BackendError, Client, ClientId, Clock as _, ProtectedNames, RefreshTokenAction, Registrar,
    SystemClock, Tenants, TokenDecision, tower::RegistrationService,
};

use crate::{
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
    registrar: Registrar,
}

impl App {
    pub(crate) fn new(registrar: Registrar, tenants: Tenants, options: Options) -> Self {
        let clock = SystemClock::new();
        Self {
            registration: RegistrationService::new(registrar.clone()),
            tenants,
            sessions: Sessions::new(options.lifetimes.interaction, clock),
            tokens: Tokens::new(options.lifetimes, clock),
            clock,
            lifetimes: options.lifetimes,
            protected_names: options.protected_names,
            auto_approve: options.auto_approve,
            registrar,
        }
    }

    /// The client that a request names, if there is one of that id.
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

    /// Notes that a client is about to get the tokens that were decided on.
    pub(crate) async fn mark_used(&self, decision: &TokenDecision) -> Result<(), BackendError> {
        let Lifetimes {
            access_token,
            refresh_token,
            ..
        } = self.lifetimes;
        let lifetime = match decision.refresh_token() {
            RefreshTokenAction::None => access_token,
            RefreshTokenAction::Issue | RefreshTokenAction::Keep => access_token.max(refresh_token),
        };
        let live_until = self.clock.now().saturating_add(lifetime);
        self.registrar
            .mark_used(decision.tenant(), decision.client_id(), Some(live_until))
            .await
    }
}
