//! The clients that registered last, for the home page.

use std::{
    collections::VecDeque,
    sync::{Mutex, MutexGuard, PoisonError},
};

use oauth_dcr::{
    Client, ClientId, TenantId, Timestamp,
    events::{Event, EventSink},
};

/// How many clients of a tenant are remembered.
pub(crate) const MOST_OF_TENANT: usize = 20;

/// How many clients of all tenants are remembered.
const MOST: usize = 1_000;

/// The longest name that is shown, in characters.
const LONGEST_NAME: usize = 60;

/// A sink that remembers the clients registered last, the newest first, and forgets removed clients. It holds no secret.
#[derive(Default)]
pub(crate) struct RecentClients(Mutex<VecDeque<RecentClient>>);

#[derive(Clone)]
pub(crate) struct RecentClient {
    pub(crate) tenant: TenantId,
    pub(crate) id: ClientId,
    /// The name that the client chose: untrusted text, cut to a few words.
    pub(crate) name: Option<String>,
    pub(crate) is_public: bool,
    pub(crate) registered_at: Timestamp,
}

impl RecentClients {
    /// The clients of the tenant, the newest first.
    pub(crate) fn of_tenant(&self, tenant: &TenantId) -> Vec<RecentClient> {
        let clients = self.lock();
        let own = clients.iter().filter(|it| it.tenant == *tenant);
        own.cloned().collect()
    }

    fn add(&self, client: RecentClient) {
        let mut clients = self.lock();
        let mut own = 0_usize;
        clients.retain(|it| {
            own += usize::from(it.tenant == client.tenant);
            it.tenant != client.tenant || own < MOST_OF_TENANT
        });
        clients.push_front(client);
        clients.truncate(MOST);
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<RecentClient>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl RecentClient {
    fn of(client: &Client) -> Self {
        let name = client.metadata().client_name();
        Self {
            tenant: client.tenant().clone(),
            id: client.id().clone(),
            name: name.map(|name| cut(name, LONGEST_NAME)),
            is_public: client.is_public(),
            registered_at: client.issued_at(),
        }
    }
}

impl EventSink for RecentClients {
    fn record(&self, event: &Event<'_>) {
        match *event {
            Event::Registered { client, .. } => self.add(RecentClient::of(client)),
            Event::Removed {
                tenant, client_id, ..
            } => self
                .lock()
                .retain(|it| it.tenant != *tenant || it.id != *client_id),
            _ => {}
        }
    }
}

/// The text, or its beginning with an ellipsis if the text has more than `most` characters.
pub(crate) fn cut(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
