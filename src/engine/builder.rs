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

/// Builds a [`Registrar`]. Everything except the store has a default.
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
    /// Starts building a registrar that stores its clients in `store`.
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

    /// Admits only requests with an initial access token that `gate` accepts (RFC 7591 section 3). Default: anybody
    /// may register if the tenant has enabled registration.
    #[must_use]
    pub fn initial_access(mut self, gate: impl InitialAccess) -> Self {
        self.initial_access = Some(Box::new(gate));
        self
    }

    /// Counts requests with `limiter`. Default: a limiter in this process that uses the builder's clock. Without the
    /// feature `memory` there is no default, and requests to a tenant with a rate limit are answered with 503.
    #[must_use]
    pub fn limiter(mut self, limiter: impl RateLimiter) -> Self {
        self.limiter = Some(Box::new(limiter));
        self
    }

    /// Uses the time of `clock`. Default: the clock of the operating system.
    #[must_use]
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// Makes ids and secrets from the bytes of `random`, which has to be cryptographically secure. Default: the
    /// generator of the operating system.
    #[must_use]
    pub fn random(mut self, random: impl SecureRandom) -> Self {
        self.random = Box::new(random);
        self
    }

    /// Looks up the locations of addresses in `geo`. Default: no location is known.
    #[must_use]
    pub fn geo(mut self, geo: impl GeoSource) -> Self {
        self.geo = Box::new(geo);
        self
    }

    /// Adds a sink that receives every event. If there are several sinks, each event goes to all of them, in the order
    /// in which they were added. Default: no sinks.
    #[must_use]
    pub fn events(mut self, events: impl EventSink) -> Self {
        self.events.push(Box::new(events));
        self
    }

    /// Builds the registrar.
    ///
    /// # Errors
    /// [`SettingsError`] if the settings of a known tenant can't work, or if they have a rule that can never be
    /// evaluated. An example is a rule about countries if nothing provides the country. Check tenants that the host's
    /// own directory loads later with [`Registrar::check`].
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
