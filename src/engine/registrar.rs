use std::{fmt, sync::Arc};

use crate::{
    acl::{Endpoint, Explanation, Signals, Verdict},
    backend_error::BackendError,
    client::{Client, StoredClient},
    engine::{
        access_control, admission::Admission, attempt::Attempt, initial_access::InitialAccessToken,
        owner::Owner, ports::Ports,
    },
    error::{OwnerError, RegistrationError},
    events::{Event, Removal},
    settings::{SettingsError, SettingsReview, TenantSettings},
    store::{Activity, TouchOutcome, UserKey},
    system::Clock,
    tenants::TenantSelector,
    types::{ClientId, TenantId, Timestamp},
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
///     acl::Signals, tenants::TenantSelector, MemoryStore, Registrar, RegistrationRequest,
///     TenantSettings,
/// };
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let registrar = Registrar::builder(MemoryStore::new())
///     .tenant(TenantSettings::new().enabled())
///     .build()?;
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
pub struct Registrar(Arc<Ports>);

impl Registrar {
    pub(super) const fn new(ports: Arc<Ports>) -> Self {
        Self(ports)
    }

    /// Checks settings before requests come: that they can work ([`TenantSettings::check`]), and that
    /// each rule of the access control list can be evaluated with what this registrar knows. A
    /// host's own [`TenantDirectory`](crate::tenants::TenantDirectory) calls it for the tenants that it loads. Tenants
    /// that were never checked are safe: a rule that can't be evaluated refuses each request with 503.
    ///
    /// # Errors
    /// [`SettingsError`] names the first field at fault.
    pub fn check(&self, settings: &TenantSettings) -> Result<(), SettingsError> {
        settings.check_for(&self.0.geo.provides().signals())
    }

    /// Reads a settings document and lists everything that is wrong with it, for a tool that shows it to a
    /// person: [`SettingsDocument::review_json`](crate::settings::SettingsDocument::review_json), with what this registrar knows.
    pub fn review_settings(&self, json: &str) -> SettingsReview {
        let provided = self.0.geo.provides();
        SettingsReview::of_json(json, |signal| provided.contains(signal))
    }

    /// What a tenant's access control list says of a request to `endpoint`, for endpoints of the host's
    /// own. Registration asks it by itself.
    ///
    /// Unlike [`Acl::evaluate`](crate::acl::Acl::evaluate) it looks up locations, takes what nothing tells
    /// for unknown instead of absent, and reports monitoring rules to the event sinks.
    ///
    /// ```
    /// use oauth_dcr::acl::{Decision, Endpoint, Signals};
    /// # use oauth_dcr::{MemoryStore, Registrar, TenantSettings};
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let registrar = Registrar::builder(MemoryStore::new()).build()?;
    /// # let tenant = TenantSettings::new();
    /// let signals = Signals::from_peer("203.0.113.5".parse()?);
    /// let verdict = registrar.evaluate(&tenant, Endpoint::Authentication, signals);
    /// assert_eq!(verdict.decision, Decision::Allow);
    /// # Ok(())
    /// # }
    /// ```
    pub fn evaluate<'a>(
        &self,
        tenant: &'a TenantSettings,
        endpoint: Endpoint,
        signals: Signals<'_>,
    ) -> Verdict<'a> {
        access_control::evaluate(&self.0, tenant, endpoint, signals)
    }

    /// Why a request would be judged as it is, with all that this registrar knows of it. Nothing is counted
    /// or reported.
    pub fn explain(
        &self,
        tenant: &TenantSettings,
        endpoint: Endpoint,
        signals: Signals<'_>,
    ) -> Explanation {
        let signals = access_control::complete(&self.0, tenant, signals);
        tenant.acl.explain(endpoint, &signals)
    }

    /// Asks whether a request to the tenant that `selector` leads to may register a client: the
    /// tenant is known, registration is enabled, its access control list lets a request with these
    /// signals pass, and its quotas have a token, which is taken.
    ///
    /// # Errors
    /// [`RegistrationError::UnknownTenant`], [`RegistrationError::NotEnabled`],
    /// [`RegistrationError::Blocked`], [`RegistrationError::Redirected`],
    /// [`RegistrationError::TooManyRequestsFromSource`], [`RegistrationError::TooManyRequests`], or
    /// [`RegistrationError::Backend`] if the directory or the limiter can't tell.
    pub async fn admit(
        &self,
        selector: TenantSelector<'_>,
        signals: Signals<'_>,
    ) -> Result<Admission, RegistrationError> {
        self.admit_with_token(selector, signals, None).await
    }

    /// As [`Registrar::admit`], for a request that may have shown an initial access token, which is
    /// asked for if the registrar has a gate ([`InitialAccess`](crate::registration::InitialAccess)).
    ///
    /// # Errors
    /// As [`Registrar::admit`], or [`RegistrationError::InitialAccessTokenRequired`],
    /// [`RegistrationError::InvalidInitialAccessToken`] or
    /// [`RegistrationError::TooManyInvalidTokens`].
    pub async fn admit_with_token(
        &self,
        selector: TenantSelector<'_>,
        signals: Signals<'_>,
        token: Option<&str>,
    ) -> Result<Admission, RegistrationError> {
        let token = token.map_or(InitialAccessToken::Absent, InitialAccessToken::Presented);
        let attempt = self.attempt().comes_from(&signals);
        attempt
            .for_tenant(selector)
            .await?
            .admit(signals, token)
            .await
    }

    /// The beginning of [`Registrar::admit`], for callers that take its steps one by one.
    pub(crate) fn attempt(&self) -> Attempt {
        Attempt::begin(Arc::clone(&self.0))
    }

    /// The client with this id in this tenant, whatever state registration is in.
    ///
    /// # Errors
    /// [`BackendError`] if the store can't tell, or if the client's record can't be read; then its source is
    /// the [`UnreadableClient`](crate::client::UnreadableClient), and [`Event::Unreadable`] names it. Answer 503 to
    /// both: the client is not unknown.
    pub async fn find(
        &self,
        tenant: &TenantId,
        id: &ClientId,
    ) -> Result<Option<Arc<Client>>, BackendError> {
        let found = self.0.find(tenant, id).await?;
        let client = found.map(StoredClient::readable).transpose();
        client.map_err(|unreadable| BackendError::new("store", unreadable))
    }

    /// Notes that a client is in use: call it whenever it is about to be issued a code or a token. While
    /// one of its grants lives, until `live_until`, it is neither swept nor evicted for a new client. `live_until` is
    /// a time of this node's clock, the [`Clock`] of the builder.
    ///
    /// `user` identifies the user who gives the grant, by an id that never changes, such as the `sub` of your
    /// tokens. It is `None` or empty if there is no user. The store keeps a digest of the first user's id. With
    /// [`max_clients_per_user`](crate::settings::RegistrationSettings::max_clients_per_user) this may evict the user's
    /// longest idle clients, live grant or not. Clients that several users share are evicted last. End the codes
    /// and tokens of the clients in [`MarkOutcome::Marked`]. If the caller goes away while it waits, an eviction may be done
    /// and never named: run this in a task of its own where that matters.
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
        tenant: &TenantSettings,
        id: &ClientId,
        live_until: Option<Timestamp>,
        user: Option<&str>,
    ) -> Result<MarkOutcome, BackendError> {
        // Users without a name are not one user.
        let named = user.filter(|user| !user.is_empty());
        let time = self.0.store_time().await?;
        let live_until = live_until.map(|moment| time.of(moment));
        let touch = Activity::used(time.store, live_until)
            .by(named.map(|user| UserKey::of(&tenant.id, user)))
            .max_clients_per_user(tenant.registration.max_clients_per_user);
        let evicted = match self.0.store.touch(&tenant.id, id, touch).await? {
            TouchOutcome::Written { evicted } => evicted,
            TouchOutcome::Unchanged => Vec::new(),
            TouchOutcome::Missing => return Ok(MarkOutcome::UnknownClient),
        };
        for client_id in &evicted {
            self.0.tell(&Event::Removed {
                tenant: &tenant.id,
                client_id,
                removal: Removal::UserLimit,
            });
        }
        Ok(MarkOutcome::Marked { evicted })
    }

    /// The time by the [clock of the store](crate::store::ClientStore::now), which clients register by. It is the
    /// time of this node's clock if the store has none. Compare it with
    /// [`Client::issued_at`](crate::Client::issued_at) to learn how long ago a client registered.
    ///
    /// [`Event::ClockDiffers`] reports that this node's clock differs from it by more than a minute. Calls that need
    /// this time read the store's clock once a minute. Call this at the start and now and then, so that an operator
    /// hears of a wrong clock although nobody registers.
    ///
    /// # Errors
    /// [`BackendError`] if the store's clock can't be read and there is no recent reading.
    pub async fn store_time(&self) -> Result<Timestamp, BackendError> {
        Ok(self.0.store_time().await?.store)
    }

    /// What the owner of the tenant that `selector` leads to may do with its clients. Whether a
    /// caller is the owner is for the host to know.
    ///
    /// # Errors
    /// [`OwnerError::UnknownTenant`], or [`OwnerError::Backend`] if the directory can't tell.
    pub async fn owner(&self, selector: TenantSelector<'_>) -> Result<Owner, OwnerError> {
        match self.0.tenants.find(selector).await? {
            Some(tenant) => Ok(Owner::new(Arc::clone(&self.0), tenant)),
            None => Err(OwnerError::UnknownTenant),
        }
    }

    /// The time, for headers that name a moment.
    pub(crate) fn clock(&self) -> &dyn Clock {
        &*self.0.clock
    }
}

/// Whether a client was marked as used.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use = "a client that is gone must not be issued anything"]
pub enum MarkOutcome {
    /// It is in use, and stays.
    Marked {
        /// Other clients of the user that were removed, because the user has too many. Their codes and
        /// tokens are the host's to end. Mostly empty.
        evicted: Vec<ClientId>,
    },
    /// It is gone: removed since it was found. Answer as for any client that is unknown.
    UnknownClient,
}

impl fmt::Debug for Registrar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Registrar").finish_non_exhaustive()
    }
}
