use std::{error::Error as _, net::IpAddr, sync::Arc, time::Duration};

use crate::{
    acl::Signals,
    backend_error::BackendError,
    client::{Client, UnreadableClient},
    engine::{
        ports::Ports,
        trace::{Trace, Wait},
    },
    error::RegistrationError,
    events::{Event, Removal},
    settings::TenantSettings,
    store::InsertOutcome,
    tenants::TenantSelector,
    types::TenantId,
};

/// One attempt to register, from its arrival to its outcome.
///
/// `T` is what the attempt knows about its tenant: nothing at first, the settings later.
pub(crate) struct Attempt<T = NoTenant> {
    ports: Arc<Ports>,
    /// The start by the monotonic clock.
    began: Duration,
    source: Option<IpAddr>,
    trace: Trace,
    tenant: T,
}

/// An attempt whose tenant is known.
pub(crate) type TenantAttempt = Attempt<Arc<TenantSettings>>;

/// The tenant of an attempt that has just begun.
pub(crate) struct NoTenant;

/// What an attempt knows about its tenant.
pub(crate) trait TenantState {
    /// The tenant's id, if it is known.
    fn tenant_id(&self) -> Option<&TenantId>;
}

impl TenantState for NoTenant {
    fn tenant_id(&self) -> Option<&TenantId> {
        None
    }
}

impl TenantState for Arc<TenantSettings> {
    fn tenant_id(&self) -> Option<&TenantId> {
        Some(&self.id)
    }
}

impl Attempt {
    /// Begins an attempt now.
    pub(super) fn begin(ports: Arc<Ports>) -> Self {
        Self {
            began: ports.clock.monotonic(),
            ports,
            source: None,
            trace: Trace::begin(),
            tenant: NoTenant,
        }
    }

    /// Finds the tenant, or refuses the request.
    pub(crate) async fn for_tenant(
        self,
        selector: TenantSelector<'_>,
    ) -> Result<TenantAttempt, RegistrationError> {
        let found =
            async { Trace::wait(Wait::FindTenant, self.ports.tenants.find(selector)).await };
        let error = match self.traced(found).await {
            Ok(Some(tenant)) => return Ok(self.with_tenant(tenant)),
            Ok(None) => RegistrationError::UnknownTenant,
            Err(error) => error.into(),
        };
        Err(self.refuse(error))
    }

    fn with_tenant(self, tenant: Arc<TenantSettings>) -> TenantAttempt {
        self.trace.set_tenant(&tenant.id);
        Attempt {
            ports: self.ports,
            began: self.began,
            source: self.source,
            trace: self.trace,
            tenant,
        }
    }
}

impl<T: TenantState> Attempt<T> {
    /// Records the source of the request for later events.
    pub(crate) fn comes_from(self, signals: &Signals<'_>) -> Self {
        Self {
            source: signals.source(),
            ..self
        }
    }

    /// Records a refusal before it is returned. Every refusal of a registration is recorded here.
    pub(crate) fn refuse(&self, error: RegistrationError) -> RegistrationError {
        self.end(&Event::Refused {
            tenant: self.tenant.tenant_id(),
            error: &error,
            source: self.source,
            took: self.took(),
        });
        error
    }

    /// Runs `future` in the span of this attempt.
    pub(super) fn traced<F: Future>(
        &self,
        future: F,
    ) -> impl Future<Output = F::Output> + use<F, T> {
        self.trace.around(future)
    }

    fn end(&self, event: &Event<'_>) {
        self.trace.end(event, || self.ports.report(event));
    }

    fn took(&self) -> Duration {
        let now = self.ports.clock.monotonic();
        now.saturating_sub(self.began)
    }
}

impl TenantAttempt {
    /// The settings of the tenant.
    pub(crate) const fn settings(&self) -> &Arc<TenantSettings> {
        &self.tenant
    }

    pub(super) fn ports(&self) -> &Ports {
        &self.ports
    }

    pub(super) const fn source(&self) -> Option<IpAddr> {
        self.source
    }

    /// Ends the attempt without an event, because the request only asks what it may send: it is a CORS preflight of a
    /// browser, or another OPTIONS request.
    pub(crate) fn only_asks(self, is_preflight: bool) {
        let outcome = if is_preflight { "preflight" } else { "options" };
        self.trace.end_without_event(outcome);
    }

    /// Records the outcome of the insertion of `client`. The outcome is certain.
    pub(super) fn settle(&self, client: &Client, outcome: &InsertOutcome) {
        if outcome.check_tenant(client.tenant()).is_err() {
            // The insertion fails, and its caller records the refusal.
            return;
        }
        let (source, took) = (self.source, self.took());
        match outcome {
            InsertOutcome::Inserted { removed } => {
                for client_id in removed {
                    let event = Event::Removed {
                        tenant: client.tenant(),
                        client_id,
                        removal: Removal::Evicted,
                    };
                    self.trace.within(|| self.ports.report(&event));
                }
                self.end(&Event::Registered {
                    client,
                    source,
                    took,
                });
            }
            InsertOutcome::Duplicate(client) => self.end(&Event::Deduplicated {
                client,
                source,
                took,
            }),
            // The registrar tries another id, or refuses the registration.
            InsertOutcome::IdTaken | InsertOutcome::Full => {}
        }
    }

    /// Reports the client that can't be read, if this is the cause of `error`.
    pub(super) fn report_unreadable(&self, error: &BackendError) {
        let cause = error.source();
        if let Some(client) = cause.and_then(|cause| cause.downcast_ref::<UnreadableClient>()) {
            let tenant = &self.tenant.id;
            let event = Event::Unreadable { tenant, client };
            self.trace.within(|| self.ports.report(&event));
        }
    }
}
