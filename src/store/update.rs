use std::sync::Arc;

use crate::client::Client;

/// A changed client that replaces the stored client that it was made from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientUpdate {
    client: Arc<Client>,
    removes_duplicate_key: bool,
}

impl ClientUpdate {
    /// Replaces the stored client that has the id of `client` and the revision before it.
    pub const fn new(client: Arc<Client>) -> Self {
        Self {
            client,
            removes_duplicate_key: false,
        }
    }

    /// Removes the duplicate key: the client no longer has the metadata that it registered with, so later
    /// registrations are not duplicates of it.
    #[must_use]
    pub const fn without_duplicate_key(mut self) -> Self {
        self.removes_duplicate_key = true;
        self
    }

    /// The client.
    pub const fn client(&self) -> &Arc<Client> {
        &self.client
    }

    /// Whether `revision`, the stored one, is the revision just before that of the client. If it is not, the client
    /// has changed since it was read.
    pub fn follows(&self, revision: u64) -> bool {
        revision.checked_add(1) == Some(self.client.revision())
    }

    /// Whether the duplicate key is removed.
    pub const fn removes_duplicate_key(&self) -> bool {
        self.removes_duplicate_key
    }
}

/// The result of an update.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum UpdateOutcome {
    /// The client is stored.
    Updated,
    /// The stored client has another revision. Nothing was changed.
    Changed,
    /// There is no client with this id.
    Missing,
}

/// The result of blocking or unblocking a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum BlockOutcome {
    /// The change is written.
    Written {
        /// The revision that the client has now.
        revision: u64,
    },
    /// There is no client with this id.
    Missing,
}

/// The result of a removal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RemoveOutcome {
    /// The client is gone.
    Removed,
    /// There was no client with this id.
    Missing,
}
