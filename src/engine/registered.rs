use std::sync::Arc;

use crate::{client::Client, types::ClientSecret};

/// A client that was registered or changed, and its new secret in clear, this once.
#[derive(Debug)]
pub struct Registered {
    client: Arc<Client>,
    secret: Option<ClientSecret>,
    is_duplicate: bool,
}

impl Registered {
    /// `client` is stored, and `secret` is its new one.
    pub(super) const fn new(client: Arc<Client>, secret: Option<ClientSecret>) -> Self {
        Self {
            client,
            secret,
            is_duplicate: false,
        }
    }

    /// `asked` is a duplicate of the stored client `into`. The answer is the stored client with the
    /// loopback ports of `asked`: some clients listen where the answer says.
    pub(super) fn duplicate(into: &Client, asked: Arc<Client>) -> Self {
        let client = Client {
            metadata: Arc::unwrap_or_clone(asked).metadata,
            ..into.clone()
        };
        Self {
            client: Arc::new(client),
            secret: None,
            is_duplicate: true,
        }
    }

    /// The client as it is stored. For a duplicate, the loopback ports are those of this registration.
    pub const fn client(&self) -> &Arc<Client> {
        &self.client
    }

    /// The secret, to show to its owner in this one answer; `None` if there is no new one.
    pub const fn secret(&self) -> Option<&ClientSecret> {
        self.secret.as_ref()
    }

    /// Whether the client was there already, registered with the same metadata.
    pub const fn is_duplicate(&self) -> bool {
        self.is_duplicate
    }
}
