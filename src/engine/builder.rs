use std::{fmt, sync::Arc};

use crate::{
    engine::{
        ports::Ports, registrar::Registrar, store_clock::StoreClock, token_attempts::TokenAttempts,
    },
    events::EventSink,
    geo::{GeoSource, NoGeo},
    rate_limit::{DynRateLimiter, RateLimiter, default_limiter},
    registration::{DynInitialAccess, InitialAccess},
    settings::{SettingsError, TenantSettings},
    store::{ClientStore, DynClientStore},
    system::{Clock, OsRandom, SecureRandom, SystemClock},
    tenants::{DynTenantDirectory, SingleTenant, TenantDirectory},
};

/// Puts a [`Registrar`] together. Everything but the store has a default.
pub struct RegistrarBuilder {
    store: Box<dyn DynClientStore>,
    tenants: Box<dyn DynTenantDirectory>,
    initial_access: Option<Box<dyn DynInitialAccess>>,
    limiter: Option<Box<dyn DynRateLimiter>>,
    clock: Arc<dyn Clock>,
    random: Box<dyn SecureRandom>,
    geo: Box<dyn GeoSource>,
    events: Vec<Box<dyn EventSink>>,
}

impl Registrar {
    /// Begins a registrar that keeps its clients in `store`.
    pub fn builder(store: impl ClientStore) -> RegistrarBuilder {
        RegistrarBuilder {
            store: Box::new(store),
            tenants: Box::new(SingleTenant::new(TenantSettings::new())),
            initial_access: None,
            limiter: None,
            clock: Arc::new(SystemClock::new()),
            random: Box::new(OsRandom),
            geo: Box::new(NoGeo),
            events: Vec::new(),
        }
    }
}

impl RegistrarBuilder {
    /// Serves one tenant, with these settings. Default: one tenant, registration off.
    #[must_use]
    pub fn tenant(self, settings: TenantSettings) -> Self {
        self.tenants(SingleTenant::new(settings))
    }

    /// Serves the tenants of `directory`.
    #[must_use]
    pub fn tenants(mut self, directory: impl TenantDirectory) -> Self {
        self.tenants = Box::new(directory);
        self
    }

    /// Lets only those register who show `gate` an initial access token that it takes
    /// (RFC 7591 section 3). Default: registration is open where a tenant has enabled it.
    #[must_use]
    pub fn initial_access(mut self, gate: impl InitialAccess) -> Self {
        self.initial_access = Some(Box::new(gate));
        self
    }

    /// Counts requests with `limiter`. Default: in this process, by the builder's clock; without the
    /// feature `memory` there is no default, and a tenant with a rate limit is answered 503.
    #[must_use]
    pub fn limiter(mut self, limiter: impl RateLimiter) -> Self {
        self.limiter = Some(Box::new(limiter));
        self
    }

    /// Tells the time by `clock`. Default: the operating system's.
    #[must_use]
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// Draws ids and secrets from `random`, which has to be cryptographically secure. Default: the
    /// operating system's generator.
    #[must_use]
    pub fn random(mut self, random: impl SecureRandom) -> Self {
        self.random = Box::new(random);
        self
    }

    /// Asks `geo` where an address is. Default: nothing is known of any.
    #[must_use]
    pub fn geo(mut self, geo: impl GeoSource) -> Self {
        self.geo = Box::new(geo);
        self
    }

    /// Adds a sink that every event is reported to. There may be several: each is told of every
    /// event, in the order in which they were added. Default: none.
    #[must_use]
    pub fn events(mut self, events: impl EventSink) -> Self {
        self.events.push(Box::new(events));
        self
    }

    /// The registrar.
    ///
    /// # Errors
    /// [`SettingsError`] if the settings of a tenant that is known already can't work, or have a rule
    /// that can never be evaluated: it looks at a country, say, and nothing tells countries. Tenants that
    /// a directory of the host's own loads later are for [`Registrar::check`].
    pub fn build(self) -> Result<Registrar, SettingsError> {
        let located = self.geo.provides().signals();
        self.tenants.check_known_tenants(&located)?;
        Ok(self.unchecked())
    }

    fn unchecked(self) -> Registrar {
        let Self {
            store,
            tenants,
            initial_access,
            limiter,
            clock,
            random,
            geo,
            events,
        } = self;
        let limiter = limiter.unwrap_or_else(|| default_limiter(Arc::clone(&clock)));
        Registrar::new(Arc::new(Ports {
            store,
            tenants,
            initial_access,
            token_attempts: TokenAttempts::new(),
            limiter,
            clock,
            store_clock: StoreClock::default(),
            random,
            geo,
            events,
        }))
    }
}

impl fmt::Debug for RegistrarBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RegistrarBuilder").finish_non_exhaustive()
    }
}
