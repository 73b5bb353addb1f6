mod rate;

use std::{error::Error as _, net::IpAddr, sync::Arc, time::Duration};

use crate::{
    acl::Signals,
    backend_error::BackendError,
    client::{Client, UnreadableClient},
    engine::{
        access_control,
        admission::Admission,
        ports::Ports,
        trace::{Trace, Wait},
    },
    error::RegistrationError,
    events::{Event, Removal},
    rate_limit::RateDecision,
    registration::InitialAccessOutcome,
    settings::TenantSettings,
    store::InsertOutcome,
    tenants::TenantSelector,
    types::TenantId,
};

/// One attempt to register, from its arrival to its outcome.
pub(crate) struct Attempt {
    ports: Arc<Ports>,
    /// By the monotonic clock.
    began: Duration,
    source: Option<IpAddr>,
    trace: Trace,
}

/// What a request shows of an initial access token.
#[derive(Clone, Copy)]
pub(crate) enum InitialAccessToken<'a> {
    Absent,
    Presented(&'a str),
    /// There is something that is none.
    Unusable,
}

impl Attempt {
    /// Begins now.
    pub(super) fn begin(ports: Arc<Ports>) -> Self {
        let began = ports.clock.monotonic();
        Self {
            ports,
            began,
            source: None,
            trace: Trace::begin(),
        }
    }

    /// Notes where the request comes from, for the events to come.
    pub(crate) fn comes_from(&mut self, signals: &Signals<'_>) {
        self.source = signals.source();
    }

    pub(super) fn ports(&self) -> &Ports {
        &self.ports
    }

    /// `future`, in the span of this attempt whenever it runs.
    pub(super) fn traced<F: Future>(&self, future: F) -> impl Future<Output = F::Output> + use<F> {
        self.trace.around(future)
    }

    /// The first step of [`Registrar::admit`], for callers that answer some requests from the
    /// tenant's settings alone.
    pub(crate) async fn find_tenant(
        &self,
        selector: TenantSelector<'_>,
    ) -> Result<Arc<TenantSettings>, RegistrationError> {
        let found =
            async { Trace::wait(Wait::FindTenant, self.ports().tenants.find(selector)).await };
        let error = match self.traced(found).await {
            Ok(Some(tenant)) => {
                self.trace.leads_to(&tenant.id);
                return Ok(tenant);
            }
            Ok(None) => RegistrationError::UnknownTenant,
            Err(error) => error.into(),
        };
        Err(self.refuse(None, error))
    }

    /// The steps of [`Registrar::admit`] after the tenant is known.
    pub(crate) async fn admit_to(
        self,
        tenant: Arc<TenantSettings>,
        signals: Signals<'_>,
        token: InitialAccessToken<'_>,
    ) -> Result<Admission, RegistrationError> {
        match self.traced(self.check(&tenant, signals, token)).await {
            Ok(rate) => Ok(Admission::new(self, tenant, rate)),
            Err(error) => Err(self.refuse(Some(&tenant.id), error)),
        }
    }

    /// Cheapest first. What the list or the gate stops uses up none of the rate.
    async fn check(
        &self,
        tenant: &TenantSettings,
        signals: Signals<'_>,
        token: InitialAccessToken<'_>,
    ) -> Result<Option<RateDecision>, RegistrationError> {
        if !tenant.registration.enabled {
            return Err(RegistrationError::NotEnabled);
        }
        access_control::check(self.ports(), tenant, signals)?;
        self.check_initial_access(tenant, token).await?;
        self.take_rate(tenant).await
    }

    async fn check_initial_access(
        &self,
        tenant: &TenantSettings,
        token: InitialAccessToken<'_>,
    ) -> Result<(), RegistrationError> {
        let Some(gate) = &self.ports().initial_access else {
            return Ok(());
        };
        let begin = || {
            let attempts = &self.ports().token_attempts;
            attempts.begin(&tenant.id, self.source_network(), &*self.ports.clock)
        };
        let (token, attempt) = match token {
            InitialAccessToken::Absent => (None, None),
            InitialAccessToken::Presented(token) => (Some(token), Some(begin().await?)),
            InitialAccessToken::Unusable => {
                begin().await?.failed();
                return Err(RegistrationError::InvalidInitialAccessToken);
            }
        };
        let verified = gate.verify(&tenant.id, token);
        let outcome = Trace::wait(Wait::VerifyToken, verified).await?;
        match (outcome, attempt) {
            (InitialAccessOutcome::Granted, _) => Ok(()),
            (InitialAccessOutcome::Refused, None) => {
                Err(RegistrationError::InitialAccessTokenRequired)
            }
            (InitialAccessOutcome::Refused, Some(attempt)) => {
                attempt.failed();
                Err(RegistrationError::InvalidInitialAccessToken)
            }
        }
    }

    /// Records what became of the insertion of `client`, which is certain now.
    pub(super) fn settle(&self, client: &Client, outcome: &InsertOutcome) {
        let (source, took) = (self.source, self.took());
        match outcome {
            InsertOutcome::Inserted { removed } => {
                for client_id in removed {
                    let event = Event::Removed {
                        tenant: client.tenant(),
                        client_id,
                        removal: Removal::MadeRoom,
                    };
                    self.trace.within(|| self.ports().tell(&event));
                }
                self.end(&Event::Registered {
                    client,
                    source,
                    took,
                });
            }
            InsertOutcome::Folded(client) => self.end(&Event::Folded {
                client,
                source,
                took,
            }),
            // Another id is tried, or the registration is refused.
            InsertOutcome::IdTaken | InsertOutcome::Full => {}
        }
    }

    /// Reports the client that can't be read, if a store failed on one.
    pub(super) fn failed_on(&self, tenant: &TenantId, error: &BackendError) {
        let cause = error.source();
        if let Some(client) = cause.and_then(|it| it.downcast_ref::<UnreadableClient>()) {
            let event = Event::Unreadable { tenant, client };
            self.trace.within(|| self.ports().tell(&event));
        }
    }

    /// Records a refusal on its way out.
    pub(crate) fn refuse(
        &self,
        tenant: Option<&TenantId>,
        error: RegistrationError,
    ) -> RegistrationError {
        self.end(&Event::Refused {
            tenant,
            error: &error,
            source: self.source,
            took: self.took(),
        });
        error
    }

    /// Notes that the request only asks what it may ask, as a page's browser does (a CORS preflight) or
    /// as anyone may.
    pub(crate) fn only_asks(&self, is_preflight: bool) {
        let outcome = if is_preflight { "preflight" } else { "options" };
        self.trace.end_without_event(outcome);
    }

    fn end(&self, event: &Event<'_>) {
        self.trace.end(event, || self.ports().tell(event));
    }

    fn took(&self) -> Duration {
        let now = self.ports.clock.monotonic();
        now.saturating_sub(self.began)
    }
}
