use std::sync::Arc;

use crate::client::Client;

/// A client to put in the place of the one that it was made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientUpdate {
    client: Arc<Client>,
    removes_duplicate_key: bool,
}

impl ClientUpdate {
    /// `client` in the place of the one with its id and the revision before.
    pub const fn new(client: Arc<Client>) -> Self {
        Self {
            client,
            removes_duplicate_key: false,
        }
    }

    /// Removes the duplicate key: the client no longer has the metadata that it registered with, so later
    /// registrations are no duplicates of it.
    #[must_use]
    pub const fn without_duplicate_key(mut self) -> Self {
        self.removes_duplicate_key = true;
        self
    }

    /// The client.
    pub const fn client(&self) -> &Arc<Client> {
        &self.client
    }

    /// Whether it follows a stored client of `revision`: whether that is the one before. If not, the client
    /// has changed since it was read.
    pub fn follows(&self, revision: u64) -> bool {
        revision.checked_add(1) == Some(self.client.revision())
    }

    /// Whether the duplicate key is removed.
    pub const fn removes_duplicate_key(&self) -> bool {
        self.removes_duplicate_key
    }
}

/// What became of an update.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum UpdateOutcome {
    /// The client is stored.
    Updated,
    /// The stored client is of another revision; nothing was changed.
    Changed,
    /// There is no client with this id.
    Missing,
}

/// What became of a block, or of its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum BlockOutcome {
    /// It is written.
    Written {
        /// The revision that the client has now.
        revision: u64,
    },
    /// There is no client with this id.
    Missing,
}

/// What became of a removal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RemoveOutcome {
    /// The client is gone.
    Removed,
    /// There was no client with this id.
    Missing,
}
