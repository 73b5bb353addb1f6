use std::{fmt, sync::Arc};

use crate::{
    acl::{Acl, Decision, Endpoint, Rule, Signal, Signals},
    client::Client,
    engine::{Admission, Owner, RegistrarBuilder},
    error::{BackendError, OwnerError, RegistrationError},
    life::{Touch, TouchOutcome},
    ports::{
        ClientStore, Clock, DynClientStore, DynInitialAccess, DynRateLimiter, DynTenantDirectory,
        Event, EventSink, GeoSource, InitialAccessOutcome, Location, SecureRandom, TenantSelector,
        WantedLocation,
    },
    settings::TenantSettings,
    values::{ClientId, TenantId, Timestamp},
};

/// Registers clients: the entry to the pipeline.
///
/// [`Registrar::admit`] answers whether a request may register at all, before a byte of its body is
/// read. The [`Admission`] it gives is proof of that, good for one registration.
///
/// Cloning is cheap; clones share everything.
///
/// ```
/// use oauth_dcr::{
///     MemoryStore, RegistrationRequest, Registrar, TenantSelector, TenantSettings, acl::Signals,
/// };
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let registrar = Registrar::builder(MemoryStore::new())
///     .tenant(TenantSettings::new().enabled())
///     .build();
///
/// let signals = Signals::from_peer("203.0.113.5".parse()?);
/// let admission = registrar.admit(TenantSelector::Host(None), signals).await?;
/// let request = RegistrationRequest::new(["https://app.example.com/callback"]);
/// let registered = admission.register(request).await?;
/// assert!(registered.client().id().as_str().starts_with("tpc_"));
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Registrar(pub(super) Arc<Ports>);

/// Everything outside that the pipeline needs.
pub(super) struct Ports {
    pub(super) store: Box<dyn DynClientStore>,
    pub(super) tenants: Box<dyn DynTenantDirectory>,
    pub(super) initial_access: Option<Box<dyn DynInitialAccess>>,
    pub(super) limiter: Box<dyn DynRateLimiter>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) random: Box<dyn SecureRandom>,
    pub(super) geo: Box<dyn GeoSource>,
    pub(super) events: Box<dyn EventSink>,
}

impl Registrar {
    /// Begins a registrar that keeps its clients in `store`.
    pub fn builder(store: impl ClientStore) -> RegistrarBuilder {
        RegistrarBuilder::new(store)
    }

    /// Asks whether a request to the tenant that `selector` leads to may register a client: the
    /// tenant is known, registration is enabled, its access control list lets a request with these
    /// signals pass, and its quota has a token, which is taken.
    ///
    /// # Errors
    /// [`RegistrationError::UnknownTenant`], [`RegistrationError::NotEnabled`],
    /// [`RegistrationError::Blocked`], [`RegistrationError::Redirected`],
    /// [`RegistrationError::TooManyRequests`], or [`RegistrationError::Backend`] if the directory
    /// or the limiter can't tell.
    pub async fn admit(
        &self,
        selector: TenantSelector<'_>,
        signals: Signals<'_>,
    ) -> Result<Admission, RegistrationError> {
        self.admit_with_token(selector, signals, None).await
    }

    /// As [`Registrar::admit`], for a request that may have shown an initial access token, which is
    /// asked for if the registrar has a gate ([`InitialAccess`](crate::InitialAccess)).
    ///
    /// # Errors
    /// As [`Registrar::admit`], or [`RegistrationError::InitialAccessTokenRequired`] or
    /// [`RegistrationError::InvalidInitialAccessToken`].
    pub async fn admit_with_token(
        &self,
        selector: TenantSelector<'_>,
        signals: Signals<'_>,
        token: Option<&str>,
    ) -> Result<Admission, RegistrationError> {
        let tenant = self.find_tenant(selector).await?;
        let token = token.map_or(InitialAccessToken::Absent, InitialAccessToken::Presented);
        self.admit_to(tenant, signals, token).await
    }

    /// The first step of [`Registrar::admit`], for callers that answer some requests from the
    /// tenant's settings alone.
    pub(crate) async fn find_tenant(
        &self,
        selector: TenantSelector<'_>,
    ) -> Result<Arc<TenantSettings>, RegistrationError> {
        let found = self
            .0
            .tenants
            .find(selector)
            .await
            .map_err(RegistrationError::Backend);
        match found.and_then(|tenant| tenant.ok_or(RegistrationError::UnknownTenant)) {
            Ok(tenant) => Ok(tenant),
            Err(error) => Err(self.refuse(None, error)),
        }
    }

    /// The steps of [`Registrar::admit`] after the tenant is known, cheapest first.
    pub(crate) async fn admit_to(
        &self,
        tenant: Arc<TenantSettings>,
        signals: Signals<'_>,
        token: InitialAccessToken<'_>,
    ) -> Result<Admission, RegistrationError> {
        if !tenant.registration.enabled {
            return Err(self.refuse(Some(&tenant.id), RegistrationError::NotEnabled));
        }
        // What the list or the gate stops uses up none of the rate.
        if let Err(error) = self.check_acl(&tenant, signals) {
            return Err(self.refuse(Some(&tenant.id), error));
        }
        if let Err(error) = self.check_initial_access(&tenant, token).await {
            return Err(self.refuse(Some(&tenant.id), error));
        }
        let rate = match tenant.registration.rate_limit {
            None => None,
            Some(quota) => match self.0.limiter.acquire(&tenant.id, quota).await {
                Ok(decision) => Some(decision),
                Err(error) => return Err(self.refuse(Some(&tenant.id), error.into())),
            },
        };
        match rate {
            Some(decision) if !decision.is_admitted() => {
                let error = RegistrationError::TooManyRequests { decision };
                Err(self.refuse(Some(&tenant.id), error))
            }
            _ => Ok(Admission::new(self.clone(), tenant, rate)),
        }
    }

    fn check_acl(
        &self,
        tenant: &TenantSettings,
        signals: Signals<'_>,
    ) -> Result<(), RegistrationError> {
        let acl = &tenant.acl;
        if acl.rules().is_empty() {
            return Ok(());
        }
        // A list of networks can't block an address that nobody told: that is a host's mistake, and
        // must not open its gates.
        let addresses = [Signal::Source, Signal::Connecting];
        let lacks = |signal| acl.looks_at(signal) && !signals.knows(signal);
        if addresses.into_iter().any(lacks) {
            let cause = "a rule looks at the address, and the host gave none";
            return Err(BackendError::new("acl", cause).into());
        }
        let signals = self.located(acl, signals);
        let verdict = acl.evaluate(Endpoint::Registration, &signals, self.0.clock.now());
        for rule in verdict.monitored {
            self.0.events.record(&Event::RuleMatched {
                tenant: &tenant.id,
                rule,
            });
        }
        let rule = || {
            verdict
                .decided_by
                .map(Rule::description)
                .unwrap_or_default()
                .to_owned()
        };
        match verdict.decision {
            Decision::Allow => Ok(()),
            Decision::Block => Err(RegistrationError::Blocked { rule: rule() }),
            Decision::Redirect(location) => Err(RegistrationError::Redirected {
                rule: rule(),
                location: location.clone(),
            }),
        }
    }

    async fn check_initial_access(
        &self,
        tenant: &TenantSettings,
        token: InitialAccessToken<'_>,
    ) -> Result<(), RegistrationError> {
        let Some(gate) = &self.0.initial_access else {
            return Ok(());
        };
        let token = match token {
            InitialAccessToken::Absent => None,
            InitialAccessToken::Presented(token) => Some(token),
            InitialAccessToken::Unusable => {
                return Err(RegistrationError::InvalidInitialAccessToken);
            }
        };
        match (gate.verify(&tenant.id, token).await?, token) {
            (InitialAccessOutcome::Granted, _) => Ok(()),
            (InitialAccessOutcome::Refused, None) => {
                Err(RegistrationError::InitialAccessTokenRequired)
            }
            (InitialAccessOutcome::Refused, Some(_)) => {
                Err(RegistrationError::InvalidInitialAccessToken)
            }
        }
    }

    /// Adds to `signals` what `acl` looks at, the request did not say, and the source of locations
    /// knows.
    fn located<'a>(&self, acl: &Acl, signals: Signals<'a>) -> Signals<'a> {
        let wants = |signal| acl.looks_at(signal) && !signals.knows(signal);
        let wanted = WantedLocation {
            country: wants(Signal::Country),
            subdivision: wants(Signal::Subdivision),
            asn: wants(Signal::Asn),
        };
        match signals.source() {
            Some(address) if !wanted.is_nothing() => {
                let Location {
                    country,
                    subdivision,
                    asn,
                } = self.0.geo.locate(address, wanted);
                signals.or_located(country, subdivision, asn)
            }
            _ => signals,
        }
    }

    /// The client with this id in this tenant, whatever state registration is in.
    ///
    /// # Errors
    /// [`BackendError`] if the store can't tell.
    pub async fn find(
        &self,
        tenant: &TenantId,
        id: &ClientId,
    ) -> Result<Option<Arc<Client>>, BackendError> {
        self.0.store.find(tenant, id).await
    }

    /// Notes that a client is in use: call it whenever it is about to be issued a code or a token. As
    /// long as a grant of its lives, until `live_until`, it is neither swept nor does it make room for
    /// another.
    ///
    /// Call it freely, after the request was checked and before anything is used up by it. A client is
    /// written at most once an hour, unless a grant outlives all that are known by more than that. A
    /// grant that never ends lives until [`Timestamp::MAX`].
    ///
    /// # Errors
    /// [`BackendError`] if the store can't tell that it is noted: the client might then be removed too
    /// early, so issue nothing.
    pub async fn mark_used(
        &self,
        tenant: &TenantId,
        id: &ClientId,
        live_until: Option<Timestamp>,
    ) -> Result<MarkOutcome, BackendError> {
        let touch = Touch::used(self.0.clock.now(), live_until);
        let outcome = self.0.store.touch(tenant, id, touch).await?;
        Ok(match outcome {
            TouchOutcome::Written | TouchOutcome::Unchanged => MarkOutcome::Marked,
            TouchOutcome::Missing => MarkOutcome::UnknownClient,
        })
    }

    /// What the owner of the tenant that `selector` leads to may do with its clients. Whether a
    /// caller is the owner is for the host to know.
    ///
    /// # Errors
    /// [`OwnerError::UnknownTenant`], or [`OwnerError::Backend`] if the directory can't tell.
    pub async fn owner(&self, selector: TenantSelector<'_>) -> Result<Owner, OwnerError> {
        match self.0.tenants.find(selector).await? {
            Some(tenant) => Ok(Owner::new(self.clone(), tenant)),
            None => Err(OwnerError::UnknownTenant),
        }
    }

    /// Records a refusal on its way out.
    pub(crate) fn refuse(
        &self,
        tenant: Option<&TenantId>,
        error: RegistrationError,
    ) -> RegistrationError {
        self.0.events.record(&Event::Refused {
            tenant,
            error: &error,
        });
        error
    }

    /// The time, for headers that name a moment.
    pub(crate) fn clock(&self) -> &dyn Clock {
        &*self.0.clock
    }
}

/// What a request shows of an initial access token.
#[derive(Clone, Copy)]
pub(crate) enum InitialAccessToken<'a> {
    Absent,
    Presented(&'a str),
    /// There is something that is none.
    Unusable,
}

/// Whether a client was marked as used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "a client that is gone must not be issued anything"]
pub enum MarkOutcome {
    /// It is in use, and stays.
    Marked,
    /// It is gone: removed since it was found. Answer as for any client that is unknown.
    UnknownClient,
}

impl fmt::Debug for Registrar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Registrar").finish_non_exhaustive()
    }
}
