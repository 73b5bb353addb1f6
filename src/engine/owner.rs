use std::{fmt, sync::Arc, time::Duration};

use crate::{
    client::{Client, StoredClient, UnreadableClient},
    engine::{mint, ports::Ports, registered::Registered},
    error::OwnerError,
    events::{Change, Event, Removal},
    registration::RegistrationRequest,
    settings::{RegistrationSettings, TenantSettings},
    store::{BlockOutcome, ClientUpdate, RemoveOutcome, Sweep, UpdateOutcome},
    types::{ClientId, ErrorRedirectPolicy},
};

/// How often a change is retried after a concurrent change.
const RETRIES: u32 = 5;

/// Lists and changes the clients of a tenant. Only the tenant's owner can do this: a client itself can't change its
/// registration.
///
/// An `Owner` keeps the settings that the tenant had when the `Owner` was created, so create a new `Owner` for each
/// task.
///
/// After [`OwnerError::Backend`], the change was done either completely or not at all: the store did not say which.
/// After any other error, nothing was changed.
///
/// ```
/// # use oauth_dcr::{MemoryStore, RegistrationRequest, Registrar, TenantSettings, acl::Signals};
/// use oauth_dcr::tenants::TenantSelector;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let registrar = Registrar::builder(MemoryStore::new())
/// #     .tenant(TenantSettings::new().enabled())
/// #     .build()?;
/// # let admission = registrar.admit(TenantSelector::Host(None), Signals::new()).await?;
/// # let request = RegistrationRequest::new(["https://app.example.com/callback"]);
/// # let id = admission.register(request).await?.client().id().clone();
/// let owner = registrar.owner(TenantSelector::Host(None)).await?;
/// owner.block(&id).await?;
/// assert!(owner.find(&id).await?.is_blocked());
///
/// let mut next = None;
/// loop {
///     let page = owner.list(next.as_ref(), 100).await?;
///     // … page.clients
///     next = page.next;
///     if next.is_none() {
///         break;
///     }
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Owner {
    ports: Arc<Ports>,
    tenant: Arc<TenantSettings>,
}

/// A page of a tenant's clients, in the order of their ids.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ClientPage {
    /// The clients.
    pub clients: Vec<Arc<Client>>,
    /// The clients whose records can't be read. They count towards the size of the page.
    pub unreadable: Vec<UnreadableClient>,
    /// The id to pass as `after` for the next page. `None` if this is the last page.
    pub next: Option<ClientId>,
}

impl Owner {
    /// The longest time for which two secrets of a client are valid.
    pub const MAX_OVERLAP: Duration = Duration::from_hours(30 * 24);

    /// The most clients on one page.
    pub const MAX_PAGE: u32 = 1000;

    pub(super) const fn new(ports: Arc<Ports>, tenant: Arc<TenantSettings>) -> Self {
        Self { ports, tenant }
    }

    /// The settings of the tenant.
    pub fn settings(&self) -> &Arc<TenantSettings> {
        &self.tenant
    }

    /// Finds the client with this id.
    ///
    /// # Errors
    /// [`OwnerError::UnknownClient`], [`OwnerError::Unreadable`] or [`OwnerError::Backend`].
    pub async fn find(&self, id: &ClientId) -> Result<Arc<Client>, OwnerError> {
        let found = self.ports.find(&self.tenant.id, id).await?;
        Ok(found.ok_or(OwnerError::UnknownClient)?.readable()?)
    }

    /// Lists up to `limit` clients, 1 to [`Owner::MAX_PAGE`], whose ids come after `after`.
    ///
    /// A client that exists from the first page to the last page is on exactly one page, whichever other clients are
    /// stored or removed meanwhile.
    ///
    /// # Errors
    /// [`OwnerError::Backend`].
    pub async fn list(
        &self,
        after: Option<&ClientId>,
        limit: u32,
    ) -> Result<ClientPage, OwnerError> {
        let limit = limit.clamp(1, Self::MAX_PAGE);
        let store = &self.ports.store;
        // One client more than the limit shows that this page is not the last.
        let more = limit.saturating_add(1);
        let mut rows = store.list(&self.tenant.id, after, more).await?;
        let is_last = rows.len() <= usize::try_from(limit).unwrap_or(usize::MAX);
        let next = if is_last {
            None
        } else {
            rows.pop();
            rows.last().map(|row| row.id().clone())
        };
        let (mut clients, mut unreadable) = (Vec::with_capacity(rows.len()), Vec::new());
        for row in rows {
            match row {
                StoredClient::Readable(client) => clients.push(client),
                StoredClient::Unreadable(client) => unreadable.push(client),
            }
        }
        Ok(ClientPage {
            clients,
            unreadable,
            next,
        })
    }

    /// Replaces the metadata of `client` by the metadata in `request`. The request is checked like any registration in
    /// the client's mode. The client keeps its id, and everything else that the owner has set.
    ///
    /// A client that becomes confidential gets a secret. A client that becomes public loses its secret. Later
    /// registrations are not duplicates of this client.
    ///
    /// # Errors
    /// - [`OwnerError::Metadata`] if the request breaks a rule of the profile.
    /// - [`OwnerError::Changed`] if the client has changed since `client` was read.
    /// - [`OwnerError::UnknownClient`], [`OwnerError::Unreadable`], [`OwnerError::Backend`] or [`OwnerError::Random`].
    pub async fn update(
        &self,
        client: &Client,
        request: RegistrationRequest,
    ) -> Result<Registered, OwnerError> {
        if client.tenant() != &self.tenant.id {
            return Err(OwnerError::UnknownClient);
        }
        // Change the stored client: the caller may have modified its copy.
        let stored = self.find(client.id()).await?;
        if stored.revision() != client.revision() {
            return Err(OwnerError::Changed);
        }
        let client = &*stored;
        // A client keeps the mode that it was created with.
        let rules = RegistrationSettings {
            security_mode: client.security_mode(),
            ..self.tenant.registration.clone()
        };
        let metadata = request.apply(&rules)?;
        let becomes_public = metadata.token_endpoint_auth_method().is_public();
        let mut changed = Client {
            metadata,
            ..client.clone()
        };
        let mut secret = None;
        if becomes_public {
            (changed.secret, changed.previous_secret) = (None, None);
        } else if client.is_public() {
            let minted = mint::secret(&*self.ports.random)?;
            changed.secret = Some(minted.digest());
            secret = Some(minted);
        }
        let update = |client| ClientUpdate::new(client).without_duplicate_key();
        match self.replace(changed, update).await? {
            Some(client) => {
                self.record_changed(client.id(), client.revision(), Change::Metadata(&client));
                Ok(Registered::new(client, secret))
            }
            None => Err(OwnerError::Changed),
        }
    }

    /// Gives a confidential client a new secret. The old secret stays valid for `overlap`, at most
    /// [`Owner::MAX_OVERLAP`], so that the client can be updated in the meantime. With [`Duration::ZERO`] it ends at
    /// once. If an earlier rotation left a third secret valid, that secret ends at once.
    ///
    /// # Errors
    /// [`OwnerError::PublicClient`], [`OwnerError::UnknownClient`], [`OwnerError::Unreadable`],
    /// [`OwnerError::Changed`], [`OwnerError::Random`], or [`OwnerError::Backend`]. After [`OwnerError::Backend`],
    /// compare [`Client::revision`] before you try again: if the rotation was done, another rotation ends the secret
    /// that the client uses.
    pub async fn rotate_secret(
        &self,
        id: &ClientId,
        overlap: Duration,
    ) -> Result<Registered, OwnerError> {
        let secret = mint::secret(&*self.ports.random)?;
        let digest = secret.digest();
        let overlap = overlap.min(Self::MAX_OVERLAP);
        let until = self.ports.clock.now().saturating_add(overlap);
        let rotate = |client: &mut Client| {
            let old = client.secret.ok_or(OwnerError::PublicClient)?;
            client.previous_secret = (!overlap.is_zero()).then_some((old, until));
            client.secret = Some(digest);
            Ok(())
        };
        let rotated = self.change(id, Change::Secret, rotate).await;
        let client = match rotated {
            Ok(client) => client,
            // The rotation may have been done, with only the answer lost. Then nobody else knows the new secret.
            Err(error @ OwnerError::Backend(_)) => match self.find(id).await {
                Ok(client) if client.secret == Some(digest) => {
                    self.record_changed(id, client.revision(), Change::Secret);
                    client
                }
                _ => return Err(error),
            },
            Err(error) => return Err(error),
        };
        Ok(Registered::new(client, Some(secret)))
    }

    /// Blocks a client, so that it gets neither authorization nor tokens. A blocked client is neither swept nor
    /// evicted. Registrations can still be duplicates of it.
    ///
    /// This also works for a client whose record can't be read.
    ///
    /// # Errors
    /// [`OwnerError::UnknownClient`] or [`OwnerError::Backend`].
    pub async fn block(&self, id: &ClientId) -> Result<(), OwnerError> {
        self.set_blocked(id, true).await
    }

    /// Unblocks a client.
    ///
    /// # Errors
    /// The errors of [`Owner::block`].
    pub async fn unblock(&self, id: &ClientId) -> Result<(), OwnerError> {
        self.set_blocked(id, false).await
    }

    async fn set_blocked(&self, id: &ClientId, blocked: bool) -> Result<(), OwnerError> {
        let store = &self.ports.store;
        match store.set_blocked(&self.tenant.id, id, blocked).await? {
            BlockOutcome::Written { revision } => {
                let change = if blocked {
                    Change::Blocked
                } else {
                    Change::Unblocked
                };
                self.record_changed(id, revision, change);
                Ok(())
            }
            BlockOutcome::Missing => Err(OwnerError::UnknownClient),
        }
    }

    /// Sets whether refused authorization requests of the client are redirected to the client.
    ///
    /// # Errors
    /// [`OwnerError::UnknownClient`], [`OwnerError::Unreadable`], [`OwnerError::Changed`] or
    /// [`OwnerError::Backend`].
    pub async fn set_error_redirect_policy(
        &self,
        id: &ClientId,
        policy: ErrorRedirectPolicy,
    ) -> Result<Arc<Client>, OwnerError> {
        let decide = |client: &mut Client| {
            client.error_redirect_policy = Some(policy);
            Ok(())
        };
        let change = Change::ErrorRedirectPolicy(policy);
        self.change(id, change, decide).await
    }

    /// Deletes a client. This also works if its record can't be read. The host has to revoke the client's codes and
    /// tokens.
    ///
    /// # Errors
    /// [`OwnerError::UnknownClient`] or [`OwnerError::Backend`].
    pub async fn delete(&self, id: &ClientId) -> Result<(), OwnerError> {
        match self.ports.store.remove(&self.tenant.id, id).await? {
            RemoveOutcome::Removed => {
                self.record_removed(id, Removal::Deleted);
                Ok(())
            }
            RemoveOutcome::Missing => Err(OwnerError::UnknownClient),
        }
    }

    /// Removes up to `limit` clients, 1 to [`Sweep::MAX_LIMIT`], that have been unused or idle for longer than the
    /// tenant's settings allow. Returns their ids.
    ///
    /// Call this on a schedule, and call it again at once while it removes `limit` clients. A limit of a few hundred
    /// does not delay other requests.
    ///
    /// The [clock of the store](crate::store::ClientStore::now) decides, and nodes use the same clock to record when a
    /// client registers or is used. So their own clocks may differ. If the store has no clock, the clock of this
    /// registrar decides. Then the clocks of all nodes must agree to within much less than the times in the settings.
    ///
    /// # Errors
    /// [`OwnerError::Backend`].
    pub async fn sweep(&self, limit: u32) -> Result<Vec<ClientId>, OwnerError> {
        let settings = &self.tenant.registration;
        if !Sweep::is_in(settings) {
            return Ok(Vec::new());
        }
        let now = self.ports.store_time().await?.store;
        let sweep = Sweep::by_settings(settings, now).limit(limit.max(1));
        let removed = self.ports.store.sweep(&self.tenant.id, sweep).await?;
        for id in &removed {
            self.record_removed(id, Removal::Swept);
        }
        Ok(removed)
    }

    /// Reads the client, changes it by `edit`, and writes it back. Repeats this if the client was changed in between.
    async fn change(
        &self,
        id: &ClientId,
        change: Change<'_>,
        edit: impl Fn(&mut Client) -> Result<(), OwnerError>,
    ) -> Result<Arc<Client>, OwnerError> {
        for _ in 0..=RETRIES {
            let mut client = Client::clone(&*self.find(id).await?);
            // An expired secret must not become valid again if the clock steps back, so it is removed here.
            let now = self.ports.clock.now();
            client.previous_secret = client.previous_secret.filter(|(_, until)| now < *until);
            edit(&mut client)?;
            if let Some(client) = self.replace(client, ClientUpdate::new).await? {
                self.record_changed(id, client.revision(), change);
                return Ok(client);
            }
        }
        Err(OwnerError::Changed)
    }

    /// Replaces the stored client that `client` was made from. `None` if the stored client has changed since.
    async fn replace(
        &self,
        mut client: Client,
        update: impl Fn(Arc<Client>) -> ClientUpdate,
    ) -> Result<Option<Arc<Client>>, OwnerError> {
        client.revision = client.revision.saturating_add(1);
        let client = Arc::new(client);
        match self.ports.store.update(update(Arc::clone(&client))).await? {
            UpdateOutcome::Updated => Ok(Some(client)),
            UpdateOutcome::Changed => Ok(None),
            UpdateOutcome::Missing => Err(OwnerError::UnknownClient),
        }
    }

    fn record_changed(&self, client_id: &ClientId, revision: u64, change: Change<'_>) {
        self.ports.report(&Event::Changed {
            tenant: &self.tenant.id,
            client_id,
            revision,
            change,
        });
    }

    fn record_removed(&self, client_id: &ClientId, removal: Removal) {
        self.ports.report(&Event::Removed {
            tenant: &self.tenant.id,
            client_id,
            removal,
        });
    }
}

impl fmt::Debug for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Owner")
            .field("tenant", &self.tenant.id)
            .finish_non_exhaustive()
    }
}
