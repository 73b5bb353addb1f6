use std::sync::Arc;

use crate::{client::Client, types::ClientSecret};

/// A client that was registered or changed, with its new secret in clear text. The secret can't be read again later.
#[derive(Debug)]
pub struct Registered {
    client: Arc<Client>,
    secret: Option<ClientSecret>,
    is_duplicate: bool,
}

impl Registered {
    /// The result for a stored `client` with the new `secret`.
    pub(super) const fn new(client: Arc<Client>, secret: Option<ClientSecret>) -> Self {
        Self {
            client,
            secret,
            is_duplicate: false,
        }
    }

    /// The result for `requested`, which is a duplicate of the `stored` client. It is the stored client with the
    /// loopback ports of `requested`, because some clients listen on the port in the response.
    pub(super) fn duplicate(stored: &Client, requested: Arc<Client>) -> Self {
        let client = Client {
            metadata: Arc::unwrap_or_clone(requested).metadata,
            ..stored.clone()
        };
        Self {
            client: Arc::new(client),
            secret: None,
            is_duplicate: true,
        }
    }

    /// The stored client. For a duplicate, the loopback ports are those of this registration.
    pub const fn client(&self) -> &Arc<Client> {
        &self.client
    }

    /// The new secret, to send to the client once, in this response. `None` if there is no new secret.
    pub const fn secret(&self) -> Option<&ClientSecret> {
        self.secret.as_ref()
    }

    /// Whether the client already existed, registered with the same metadata.
    pub const fn is_duplicate(&self) -> bool {
        self.is_duplicate
    }
}
