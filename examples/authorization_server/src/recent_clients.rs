//! The clients that registered last, for the home page.

use std::{
    collections::VecDeque,
    sync::{Mutex, MutexGuard, PoisonError},
};

use oauth_dcr::{
    Client, ClientId, TenantId, Timestamp,
    events::{Event, EventSink},
};

/// How many clients are remembered.
const MOST: usize = 20;

/// The longest name that is shown, in characters.
const LONGEST_NAME: usize = 60;

/// A sink that remembers the clients registered last, and forgets removed clients. It holds no secret.
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
    /// The clients, the newest first.
    pub(crate) fn newest_first(&self) -> Vec<RecentClient> {
        self.lock().iter().cloned().collect()
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
            Event::Registered { client, .. } => {
                let client = RecentClient::of(client);
                let mut clients = self.lock();
                clients.push_front(client);
                clients.truncate(MOST);
            }
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
