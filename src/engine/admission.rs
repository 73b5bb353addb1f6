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

/// How often a new id is minted because the last one was taken. With 190 random bits, even one collision is a sign that
/// the source of randomness is broken.
const RETRIES: u32 = 3;

/// Proof that one request may register one client: the tenant is known, registration is enabled, and a token of the
/// tenant's quota was taken for the request.
///
/// Only [`Registrar::admit`](crate::Registrar::admit) returns an admission. It can't be copied, and registering
/// consumes it.
pub struct Admission {
    /// It is shared with the insertion, which records the outcome.
    attempt: Arc<TenantAttempt>,
    rate: Option<RateDecision>,
}

impl TenantAttempt {
    /// Does the steps of [`Registrar::admit`](crate::Registrar::admit) that follow once the tenant is known.
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

    /// Does the cheapest check first. A request that the access control list or the initial access gate refuses does
    /// not count towards the rate limit.
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

    /// The decision of the rate limiter. `None` if the tenant has no rate limit.
    pub const fn rate(&self) -> Option<RateDecision> {
        self.rate
    }

    /// Decodes `body`, the JSON of a request, and registers the client that it describes.
    ///
    /// # Errors
    /// [`RegistrationError::BodyTooLarge`] before a byte is read, [`RegistrationError::Decode`] if the body is not a
    /// registration request, otherwise the errors of [`Admission::register`].
    pub async fn register_json(self, body: &[u8]) -> Result<Registered, RegistrationError> {
        match self.decode(body) {
            Ok(request) => self.register(request).await,
            Err(error) => Err(self.refuse(error)),
        }
    }

    /// Registers the client that `request` describes, reduced to what the tenant allows.
    ///
    /// If the caller drops this future, the client is either stored completely or not at all.
    ///
    /// # Errors
    /// - [`RegistrationError::Metadata`] if the request breaks a rule of the profile.
    /// - [`RegistrationError::TooManyClients`] if the tenant is full.
    /// - [`RegistrationError::Backend`], [`RegistrationError::Random`] or [`RegistrationError::NoFreeId`] if the store
    ///   or the source of randomness failed.
    ///
    /// After an error, nothing is stored, with one exception: if the store fails without an answer, it may have stored
    /// the complete client.
    pub async fn register(
        self,
        request: RegistrationRequest,
    ) -> Result<Registered, RegistrationError> {
        let registering = async {
            let metadata = request.apply(&self.settings().registration)?;
            self.store(metadata).await
        };
        // The report of the insertion records a success.
        let registered = self.attempt.traced(registering).await;
        registered.map_err(|error| self.refuse(error))
    }

    fn decode(&self, body: &[u8]) -> Result<RegistrationRequest, RegistrationError> {
        let max = self.settings().registration.max_body_bytes;
        if body.len() > max {
            return Err(RegistrationError::BodyTooLarge { max });
        }
        Ok(RegistrationRequest::from_json(body)?)
    }

    /// Mints an identity for `metadata` and inserts the client. Repeats this with a new identity if the id is taken.
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
            match outcome.inspect_err(|error| self.attempt.report_unreadable(error))? {
                InsertOutcome::Inserted { .. } => return Ok(Registered::new(client, secret)),
                InsertOutcome::Duplicate(stored) => {
                    return Ok(Registered::duplicate(&stored, client));
                }
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

    /// Records a refusal before it is returned.
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
