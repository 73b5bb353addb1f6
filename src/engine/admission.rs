use std::{fmt, sync::Arc};

use crate::{
    acl::Signals,
    client::Client,
    engine::{
        access_control,
        attempt::TenantAttempt,
        initial_access::{self, InitialAccessToken},
        mint, rate,
        registered::Registered,
        trace::{Trace, Wait},
    },
    error::RegistrationError,
    rate_limit::RateDecision,
    registration::{ClientMetadata, RegistrationRequest},
    settings::TenantSettings,
    store::{DuplicateKey, InsertOutcome, Insertion},
    types::{ClientSecret, SourceNetwork},
};

/// How often an id that is taken is minted again. With 190 random bits even once is a sign that
/// the source of randomness is broken.
const RETRIES: u32 = 3;

/// Proof that one request may register one client: its tenant is known, registration is enabled,
/// and a token of the tenant's quota was taken for it.
///
/// Only [`Registrar::admit`](crate::Registrar::admit) gives one. It can't be copied, and registering consumes it.
pub struct Admission {
    /// Shared with the insertion, which records the outcome.
    attempt: Arc<TenantAttempt>,
    rate: Option<RateDecision>,
}

impl TenantAttempt {
    /// The steps of [`Registrar::admit`](crate::Registrar::admit) after the tenant is known.
    pub(crate) async fn admit(
        self,
        signals: Signals<'_>,
        token: InitialAccessToken<'_>,
    ) -> Result<Admission, RegistrationError> {
        let attempt = self.comes_from(&signals);
        match attempt.traced(attempt.check(signals, token)).await {
            Ok(rate) => Ok(Admission {
                attempt: Arc::new(attempt),
                rate,
            }),
            Err(error) => Err(attempt.refuse(error)),
        }
    }

    /// Cheapest first. What the list or the gate stops uses up none of the rate.
    async fn check(
        &self,
        signals: Signals<'_>,
        token: InitialAccessToken<'_>,
    ) -> Result<Option<RateDecision>, RegistrationError> {
        let (ports, tenant) = (self.ports(), self.settings());
        if !tenant.registration.enabled {
            return Err(RegistrationError::NotEnabled);
        }
        let source = SourceNetwork::of(self.source());
        access_control::check(ports, tenant, signals)?;
        initial_access::check(ports, tenant, source, token).await?;
        rate::take(ports, tenant, source).await
    }
}

impl Admission {
    /// The settings in force for this registration.
    pub fn settings(&self) -> &Arc<TenantSettings> {
        self.attempt.settings()
    }

    /// What the limiter said, or `None` where the tenant has no rate limit.
    pub const fn rate(&self) -> Option<RateDecision> {
        self.rate
    }

    /// Decodes `body`, the JSON of a request, and registers what it asks for.
    ///
    /// # Errors
    /// [`RegistrationError::BodyTooLarge`] before a byte is looked at, [`RegistrationError::Decode`]
    /// if it is not a registration request, otherwise as [`Admission::register`].
    pub async fn register_json(self, body: &[u8]) -> Result<Registered, RegistrationError> {
        match self.decode(body) {
            Ok(request) => self.register(request).await,
            Err(error) => Err(self.refuse(error)),
        }
    }

    /// Registers what `request` asks for, reduced to what the tenant allows.
    ///
    /// A caller that drops this future leaves either nothing or a whole client behind.
    ///
    /// # Errors
    /// [`RegistrationError::Metadata`] if a rule of the profile is broken;
    /// [`RegistrationError::TooManyClients`] if the tenant is full;
    /// [`RegistrationError::Backend`], [`RegistrationError::Random`] or
    /// [`RegistrationError::NoFreeId`] if the outside world failed. Nothing is stored then, but for a
    /// store that fails without an answer: it may have stored the client, whole.
    pub async fn register(
        self,
        request: RegistrationRequest,
    ) -> Result<Registered, RegistrationError> {
        let made = async {
            let metadata = request.apply(&self.settings().registration)?;
            self.store(metadata).await
        };
        // A success is recorded by the report of the insertion.
        let registered = self.attempt.traced(made).await;
        registered.map_err(|error| self.refuse(error))
    }

    fn decode(&self, body: &[u8]) -> Result<RegistrationRequest, RegistrationError> {
        let max = self.settings().registration.max_body_bytes;
        if body.len() > max {
            return Err(RegistrationError::BodyTooLarge { max });
        }
        Ok(RegistrationRequest::from_json(body)?)
    }

    /// Mints an identity for `metadata` and inserts the client: a new one while ids are taken.
    async fn store(&self, metadata: ClientMetadata) -> Result<Registered, RegistrationError> {
        let ports = self.attempt.ports();
        let tenant = self.settings();
        let registration = &tenant.registration;
        let mode = registration.security_mode;
        let method = metadata.token_endpoint_auth_method();
        let duplicate_key = self.duplicate_key(&metadata);
        let mut metadata = metadata;
        let now = ports.store_time().await?.store;
        for _ in 0..=RETRIES {
            let (id, secret) = mint::credentials(&*ports.random, mode, method)?;
            let client = Arc::new(Client {
                tenant: tenant.id.clone(),
                id,
                issued_at: now,
                security_mode: mode,
                secret: secret.as_ref().map(ClientSecret::digest),
                previous_secret: None,
                blocked: false,
                error_redirect_policy: None,
                revision: 0,
                metadata,
            });
            let (attempt, stored) = (Arc::clone(&self.attempt), Arc::clone(&client));
            let insertion = Insertion::new(Arc::clone(&client))
                .max_clients(registration.max_clients)
                .deduplicated_by(duplicate_key)
                .on_outcome(move |outcome| attempt.settle(&stored, outcome));
            let inserted = ports.store.insert(insertion);
            let outcome = Trace::wait(Wait::Insert, inserted).await;
            match outcome.inspect_err(|error| self.attempt.failed_on(error))? {
                InsertOutcome::Inserted { .. } => return Ok(Registered::new(client, secret)),
                InsertOutcome::Duplicate(into) => return Ok(Registered::duplicate(&into, client)),
                InsertOutcome::Full => return Err(RegistrationError::TooManyClients),
                InsertOutcome::IdTaken => metadata = Arc::unwrap_or_clone(client).metadata,
            }
        }
        Err(RegistrationError::NoFreeId)
    }

    fn duplicate_key(&self, metadata: &ClientMetadata) -> Option<DuplicateKey> {
        let tenant = self.settings();
        let registration = &tenant.registration;
        let mode = registration.security_mode;
        let policy = &registration.redirect_uris;
        registration
            .fold_identical
            .then(|| DuplicateKey::of(&tenant.id, mode, metadata, policy))
            .flatten()
    }

    /// Records a refusal on its way out.
    pub(crate) fn refuse(&self, error: RegistrationError) -> RegistrationError {
        self.attempt.refuse(error)
    }
}

impl fmt::Debug for Admission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Admission")
            .field("tenant", &self.settings().id)
            .field("rate", &self.rate)
            .finish_non_exhaustive()
    }
}
