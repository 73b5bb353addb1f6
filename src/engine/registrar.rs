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

/// Registers clients. It is the entry to the pipeline.
///
/// [`Registrar::admit`] decides whether a request may register at all, before a byte of its body is read. The
/// [`Admission`] that it returns is the proof, and allows one registration.
///
/// Cloning is cheap. Clones share everything.
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

    /// Checks settings before they are used. The settings have to work ([`TenantSettings::check`]), and this registrar
    /// has to be able to evaluate each rule of the access control list.
    ///
    /// A host's own [`TenantDirectory`](crate::tenants::TenantDirectory) calls this for the tenants that it loads. It
    /// is safe not to check a tenant: a rule that can't be evaluated then refuses each request with 503.
    ///
    /// # Errors
    /// [`SettingsError`] names the first field that is wrong.
    pub fn check(&self, settings: &TenantSettings) -> Result<(), SettingsError> {
        settings.check_for(&self.0.geo.provides().signals())
    }

    /// Reads a settings document and lists everything that is wrong with it, for a tool that shows the list to a
    /// person.
    ///
    /// It is like [`SettingsDocument::review_json`](crate::settings::SettingsDocument::review_json), but also knows
    /// which signals this registrar provides.
    pub fn review_settings(&self, json: &str) -> SettingsReview {
        let provided = self.0.geo.provides();
        SettingsReview::of_json(json, |signal| provided.contains(signal))
    }

    /// Evaluates a tenant's access control list for a request to `endpoint`. Use it for the host's own endpoints: a
    /// registration already does this.
    ///
    /// Unlike [`Acl::evaluate`](crate::acl::Acl::evaluate), it looks up locations, treats a signal that nothing
    /// provides as unknown instead of absent, and reports matches of monitoring rules to the event sinks.
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

    /// Explains the verdict on a request, using everything that this registrar knows about it. Nothing is counted or
    /// reported.
    pub fn explain(
        &self,
        tenant: &TenantSettings,
        endpoint: Endpoint,
        signals: Signals<'_>,
    ) -> Explanation {
        let signals = access_control::complete(&self.0, tenant, signals);
        tenant.acl.explain(endpoint, &signals)
    }

    /// Decides whether a request to the tenant that `selector` finds may register a client. The tenant has to be known
    /// and to have registration enabled. Its access control list has to allow a request with these signals. Its rate
    /// limits have to have a token left, which is taken.
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

    /// Decides like [`Registrar::admit`], for a request that may have an initial access token. The token is verified
    /// if the registrar has a gate ([`InitialAccess`](crate::registration::InitialAccess)).
    ///
    /// # Errors
    /// The errors of [`Registrar::admit`], or [`RegistrationError::InitialAccessTokenRequired`],
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

    /// Starts the steps of [`Registrar::admit`], for callers that do them one by one.
    pub(crate) fn attempt(&self) -> Attempt {
        Attempt::begin(Arc::clone(&self.0))
    }

    /// Finds the client with this id in this tenant, even if registration is not enabled.
    ///
    /// # Errors
    /// [`BackendError`] if the store can't tell, or if the client's record can't be read. In the second case, the
    /// source of the error is the [`UnreadableClient`](crate::client::UnreadableClient), and [`Event::Unreadable`] names
    /// the client. Answer 503 in both cases, because the client may exist.
    pub async fn find(
        &self,
        tenant: &TenantId,
        id: &ClientId,
    ) -> Result<Option<Arc<Client>>, BackendError> {
        let found = self.0.find(tenant, id).await?;
        let client = found.map(StoredClient::readable).transpose();
        client.map_err(|unreadable| BackendError::new("store", unreadable))
    }

    /// Records that a client is in use. Call this each time before you issue a code or a token to the client.
    ///
    /// The client is neither swept nor evicted for a new client while one of its grants lives, which is until
    /// `live_until`. This is a time of this node's clock, the [`Clock`] of the builder. For a grant that never ends,
    /// pass [`Timestamp::MAX`].
    ///
    /// `user` identifies the user who gives the grant, by an id that never changes, such as the `sub` of your
    /// tokens. It is `None` or empty if there is no user. The store keeps a digest of the first user's id. With
    /// [`max_clients_per_user`](crate::settings::RegistrationSettings::max_clients_per_user), this call may evict the
    /// clients of the user that have been idle for longest, with or without a live grant. Clients that several users
    /// share are evicted last. Revoke the codes and tokens of the clients in [`MarkOutcome::Marked`]. If the caller goes
    /// away while it waits, a client may be evicted that no outcome names. If this matters, run the call in a separate
    /// task.
    ///
    /// Call this after the request was checked, and before the request uses up a code or a token. You can call it often:
    /// a client is written at most once an hour, unless a new grant lives more than an hour longer than all known
    /// grants.
    ///
    /// # Errors
    /// [`BackendError`] if the store can't confirm that the use is recorded. Issue nothing then, because the client
    /// might be removed too early.
    pub async fn mark_used(
        &self,
        tenant: &TenantSettings,
        id: &ClientId,
        live_until: Option<Timestamp>,
        user: Option<&str>,
    ) -> Result<MarkOutcome, BackendError> {
        // All users without an id are not the same user.
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
            self.0.report(&Event::Removed {
                tenant: &tenant.id,
                client_id,
                removal: Removal::UserLimit,
            });
        }
        Ok(MarkOutcome::Marked { evicted })
    }

    /// The current time by the [clock of the store](crate::store::ClientStore::now), or by this node's clock if the
    /// store has none. Clients register by the same clock: compare this time with
    /// [`Client::issued_at`](crate::Client::issued_at) to learn how long ago a client registered.
    ///
    /// If this node's clock differs by more than a minute, [`Event::ClockDiffers`] reports it. All calls that need this
    /// time read the store's clock once a minute. Call this at the start and at intervals, so that an operator learns
    /// of a wrong clock even if nobody registers.
    ///
    /// # Errors
    /// [`BackendError`] if the store's clock can't be read and there is no recent reading.
    pub async fn store_time(&self) -> Result<Timestamp, BackendError> {
        Ok(self.0.store_time().await?.store)
    }

    /// Returns the [`Owner`] of the tenant that `selector` finds, for listing and changing its clients. The host has to
    /// make sure that its caller is the owner.
    ///
    /// # Errors
    /// [`OwnerError::UnknownTenant`], or [`OwnerError::Backend`] if the directory can't tell.
    pub async fn owner(&self, selector: TenantSelector<'_>) -> Result<Owner, OwnerError> {
        match self.0.tenants.find(selector).await? {
            Some(tenant) => Ok(Owner::new(Arc::clone(&self.0), tenant)),
            None => Err(OwnerError::UnknownTenant),
        }
    }

    /// The clock of this node, for headers with a time.
    pub(crate) fn clock(&self) -> &dyn Clock {
        &*self.0.clock
    }
}

/// The result of marking a client as used.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use = "a client that is gone must not be issued anything"]
pub enum MarkOutcome {
    /// The client is marked as used.
    Marked {
        /// Other clients of the user that were evicted because the user had too many. The host has to revoke their
        /// codes and tokens. The list is mostly empty.
        evicted: Vec<ClientId>,
    },
    /// The client was removed after it was found. Answer in the same way as for an unknown client.
    UnknownClient,
}

impl fmt::Debug for Registrar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Registrar").finish_non_exhaustive()
    }
}
