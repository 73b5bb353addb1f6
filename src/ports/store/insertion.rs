use std::{num::NonZeroU64, sync::Arc};

use crate::{
    client::Client,
    life::{FoldKey, Touch, Usage},
    values::ClientId,
};

/// The most clients that make room for one: where a limit was lowered, a table shrinks with each
/// registration, and none of them waits for it for long.
const MOST_TO_GO: u64 = 100;

/// A client to store, and under which conditions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Insertion {
    client: Arc<Client>,
    max_clients: Option<NonZeroU64>,
    fold_key: Option<FoldKey>,
}

impl Insertion {
    /// Stores `client` if its id is free.
    pub const fn new(client: Arc<Client>) -> Self {
        Self {
            client,
            max_clients: None,
            fold_key: None,
        }
    }

    /// Makes room for it where the tenant has `max` clients already. `None`: there is no limit.
    #[must_use]
    pub const fn max_clients(mut self, max: Option<NonZeroU64>) -> Self {
        self.max_clients = max;
        self
    }

    /// Folds it into the client with this key, if there is one. `None`: it is not folded, and nothing
    /// is folded into it.
    #[must_use]
    pub const fn folded_by(mut self, key: Option<FoldKey>) -> Self {
        self.fold_key = key;
        self
    }

    /// The client.
    pub const fn client(&self) -> &Arc<Client> {
        &self.client
    }

    /// The client, for a store to keep.
    pub fn into_client(self) -> Arc<Client> {
        self.client
    }

    /// The key that it is folded by.
    pub const fn fold_key(&self) -> Option<FoldKey> {
        self.fold_key
    }

    /// Whether the tenant has a limit: only then do the clients have to be counted.
    pub const fn has_limit(&self) -> bool {
        self.max_clients.is_some()
    }

    /// Whether all that has to be free is the id.
    pub const fn is_plain(&self) -> bool {
        self.max_clients.is_none() && self.fold_key.is_none()
    }

    /// How many of the tenant's `clients` have to go before this one is stored; at least one of them,
    /// if any.
    pub fn to_make_room(&self, clients: u64) -> u64 {
        self.max_clients.map_or(0, |max| {
            let excess = clients.saturating_add(1).saturating_sub(max.get());
            excess.min(MOST_TO_GO)
        })
    }

    /// Which of `clients`, all that the tenant has, make room for this one, in the order in which they
    /// go; `None` if the tenant is full. For stores that look at each: an index does better.
    pub fn who_makes_room<'a>(
        &self,
        clients: impl ExactSizeIterator<Item = (&'a Client, Usage)>,
    ) -> Option<Vec<ClientId>> {
        let to_go = self.to_make_room(u64::try_from(clients.len()).unwrap_or(u64::MAX));
        if to_go == 0 {
            return Some(Vec::new());
        }
        let mut idle: Vec<_> = clients
            .filter(|(client, usage)| !usage.is_used() && !client.is_blocked())
            .map(|(client, usage)| (usage.idle_since(), client.id()))
            .collect();
        idle.sort_unstable();
        let gone = (0..to_go).zip(idle).map(|(_, (_, id))| id.clone());
        Some(gone.collect()).filter(|gone: &Vec<_>| !gone.is_empty())
    }

    /// What this does to the client that it is folded into.
    pub fn registered_again(&self) -> Touch {
        Touch::registered_again(self.client.issued_at())
    }
}

/// What became of an insertion.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum InsertOutcome {
    /// The client is stored.
    Inserted {
        /// Those that made room for it.
        removed: Vec<ClientId>,
    },
    /// Another client has this id; nothing was changed.
    IdTaken,
    /// This client has the fold key; nothing was stored.
    Folded(Arc<Client>),
    /// The tenant has as many clients as it may, and none of them can go; nothing was changed.
    Full,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn insertion(max: u64) -> Insertion {
        let record = serde_json::json!({
            "version": 1, "tenant": "default", "client_id": "tpc_1", "issued_at": 0,
            "security_mode": "strict",
            "metadata": {
                "redirect_uris": ["https://app.example.com/cb"],
                "token_endpoint_auth_method": "none",
            },
        });
        let client = serde_json::from_value(record).unwrap();
        Insertion::new(Arc::new(client)).max_clients(NonZeroU64::new(max))
    }

    #[test]
    fn room_is_made_for_one_and_a_table_too_large_shrinks() {
        for (max, clients, to_go) in [
            (0, u64::MAX, 0),
            (3, 0, 0),
            (3, 2, 0),
            (3, 3, 1),
            (3, 5, 3),
            (1, 1_000_000, 100),
            (u64::MAX, u64::MAX, 0),
        ] {
            let found = insertion(max).to_make_room(clients);
            assert_eq!(found, to_go, "{clients} of {max}");
        }
    }
}
