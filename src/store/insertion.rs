use std::{
    fmt,
    num::NonZeroU64,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
};

use crate::{
    client::{Client, StoredClient, UnreadableClient},
    store::{Activity, DuplicateKey, Usage, user_limit::MAX_EVICTED},
    types::{ClientId, TenantId, Timestamp},
};

/// A client to store, the conditions for storing it, and the callback that is told the outcome.
pub struct Insertion {
    client: Arc<Client>,
    max_clients: Option<NonZeroU64>,
    duplicate_key: Option<DuplicateKey>,
    on_outcome: Option<OnOutcome>,
}

type OnOutcome = Box<dyn FnOnce(&InsertOutcome) + Send + Sync>;

impl Insertion {
    /// Stores `client` if its id is free.
    pub const fn new(client: Arc<Client>) -> Self {
        Self {
            client,
            max_clients: None,
            duplicate_key: None,
            on_outcome: None,
        }
    }

    /// Evicts clients for it where the tenant has `max` clients already. `None`: there is no limit.
    #[must_use]
    pub const fn max_clients(mut self, max: Option<NonZeroU64>) -> Self {
        self.max_clients = max;
        self
    }

    /// Makes the client a duplicate of the stored client with this key, if there is one. `None`: the client
    /// is no duplicate, and no other client is a duplicate of it.
    #[must_use]
    pub const fn deduplicated_by(mut self, key: Option<DuplicateKey>) -> Self {
        self.duplicate_key = key;
        self
    }

    /// Has `report` called with the outcome once it is certain, even if the caller of
    /// [`ClientStore::insert`](crate::store::ClientStore::insert) has gone away by then. It must be quick, and must
    /// not call the store.
    #[must_use]
    pub fn on_outcome(
        mut self,
        report: impl FnOnce(&InsertOutcome) + Send + Sync + 'static,
    ) -> Self {
        self.on_outcome = Some(Box::new(report));
        self
    }

    /// Reports the outcome and gives it back. A store calls this once the transaction is committed, whether
    /// or not anyone still waits for the answer; and never for an outcome that may not last.
    ///
    /// A panic in the report ends there: the client is stored, and its caller gets the answer.
    pub fn settle(self, outcome: InsertOutcome) -> InsertOutcome {
        if let Some(report) = self.on_outcome {
            // The panic hook has shown it, and the report is gone either way.
            let _ended = catch_unwind(AssertUnwindSafe(|| report(&outcome)));
        }
        outcome
    }

    /// The client.
    pub const fn client(&self) -> &Arc<Client> {
        &self.client
    }

    /// The key that it shares with its duplicates.
    pub const fn duplicate_key(&self) -> Option<DuplicateKey> {
        self.duplicate_key
    }

    /// Whether the tenant has a limit: only then do the clients have to be counted.
    pub const fn has_limit(&self) -> bool {
        self.max_clients.is_some()
    }

    /// The most clients that the tenant may have, for a suite that shows what was asked for.
    #[cfg(feature = "conformance")]
    pub(crate) const fn limit(&self) -> Option<NonZeroU64> {
        self.max_clients
    }

    /// Whether all that has to be free is the id.
    pub const fn is_plain(&self) -> bool {
        self.max_clients.is_none() && self.duplicate_key.is_none()
    }

    /// How many of the tenant's `clients` have to be evicted before this one is stored; at least one of
    /// them, if any.
    pub fn evictions(&self, clients: u64) -> u64 {
        self.max_clients.map_or(0, |max| {
            let excess = clients.saturating_add(1).saturating_sub(max.get());
            excess.min(MAX_EVICTED)
        })
    }

    /// A used client that has been idle since before this moment has no live grant, and can be evicted.
    pub fn idle_before(&self) -> Timestamp {
        self.client.issued_at()
    }

    /// Which of `rows`, all that the tenant has, are evicted for this one, in the order in which they
    /// go; `None` if the tenant is full. Each row is an id, whether the client is blocked, and its usage.
    /// For stores that look at each: an index does better.
    pub fn evicted<'a>(
        &self,
        rows: impl ExactSizeIterator<Item = (&'a ClientId, bool, Usage)>,
    ) -> Option<Vec<ClientId>> {
        let evictions = self.evictions(u64::try_from(rows.len()).unwrap_or(u64::MAX));
        if evictions == 0 {
            return Some(Vec::new());
        }
        let is_evictable =
            |usage: Usage| !usage.is_used() || usage.idle_since() < self.idle_before();
        let mut idle: Vec<_> = rows
            .filter(|(_, blocked, usage)| !blocked && is_evictable(*usage))
            .map(|(id, _, usage)| (usage.is_used(), usage.idle_since(), id))
            .collect();
        idle.sort_unstable();
        let evicted = (0..evictions).zip(idle).map(|(_, (.., id))| id.clone());
        Some(evicted.collect()).filter(|evicted: &Vec<_>| !evicted.is_empty())
    }

    /// The activity of the stored client that this client is a duplicate of.
    pub fn registered_again(&self) -> Activity {
        Activity::registered_again(self.client.issued_at())
    }
}

impl fmt::Debug for Insertion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Insertion")
            .field("client", &self.client)
            .field("max_clients", &self.max_clients)
            .field("duplicate_key", &self.duplicate_key)
            .finish_non_exhaustive()
    }
}

/// What became of an insertion.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum InsertOutcome {
    /// The client is stored.
    Inserted {
        /// The clients that were evicted for it, in the order of their eviction.
        removed: Vec<ClientId>,
    },
    /// Another client has this id; nothing was changed.
    IdTaken,
    /// This client has the duplicate key; nothing was stored.
    Duplicate(Arc<Client>),
    /// The tenant has as many clients as it may, and none of them can be evicted; nothing was changed.
    Full,
}

impl InsertOutcome {
    /// Checks that it holds no client of another tenant than this one.
    ///
    /// # Errors
    /// [`UnreadableClient`] names the client that is another tenant's.
    pub(crate) fn check_tenant(&self, tenant: &TenantId) -> Result<(), UnreadableClient> {
        match self {
            Self::Duplicate(client) => {
                let row = StoredClient::from(Arc::clone(client)).of_tenant(tenant);
                row.readable().map(drop)
            }
            Self::Inserted { .. } | Self::IdTaken | Self::Full => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The moment at which the newcomer registers.
    const NOW: u64 = 1_000_000;

    fn insertion(max: u64) -> Insertion {
        let record = serde_json::json!({
            "version": 1, "tenant": "default", "client_id": "tpc_1", "issued_at": NOW,
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
    fn a_table_beyond_its_limit_shrinks() {
        for (max, clients, evictions) in [
            (0, u64::MAX, 0),
            (3, 0, 0),
            (3, 2, 0),
            (3, 3, 1),
            (3, 5, 3),
            (1, 1_000_000, 100),
            (u64::MAX, u64::MAX, 0),
        ] {
            let found = insertion(max).evictions(clients);
            assert_eq!(found, evictions, "{clients} of {max}");
        }
    }

    /// The ids of those of `rows` that are evicted for one more than `max`; each row is an id, whether the
    /// client is blocked, whether it was used, and since when it is idle.
    fn evicted(max: u64, rows: &[(&str, bool, bool, u64)]) -> Option<Vec<String>> {
        let id = |&(id, ..): &(&str, _, _, _)| ClientId::parse(id).unwrap();
        let ids: Vec<ClientId> = rows.iter().map(id).collect();
        let rows = ids.iter().zip(rows).map(|(id, (_, blocked, used, since))| {
            let since = Timestamp::from_unix_millis(*since);
            (id, *blocked, Usage::from_parts(*used, since, None, false))
        });
        let evicted = insertion(max).evicted(rows);
        evicted.map(|ids| ids.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn unused_clients_are_evicted_before_idle_ones() {
        let rows = [
            ("used-old", false, true, 1),
            ("unused-b", false, false, NOW + 1),
            ("used-new", false, true, NOW - 1),
            ("unused-c", false, false, 2),
            ("unused-a", false, false, NOW + 1),
        ];
        let order = ["unused-c", "unused-a", "unused-b", "used-old", "used-new"];
        for (max, evictions) in [(6, 0), (5, 1), (4, 2), (3, 3), (2, 4), (1, 5)] {
            let found = evicted(max, &rows).unwrap();
            assert_eq!(found, order[..evictions], "a limit of {max}");
        }
        assert_eq!(evicted(0, &rows), Some(vec![]), "there is no limit");
    }

    #[test]
    fn a_client_idle_since_the_newcomer_stays() {
        for (since, expected) in [(NOW - 1, Some(vec!["a".to_owned()])), (NOW, None)] {
            assert_eq!(evicted(1, &[("a", false, true, since)]), expected);
        }
    }

    #[test]
    fn a_tenant_of_blocked_clients_is_full() {
        let blocked = [("a", true, false, 0), ("b", true, true, 0)];
        assert_eq!(evicted(2, &blocked), None);
        // Those that can go are fewer than the limit asks for.
        let rows = [blocked[0], blocked[1], ("c", false, false, 0)];
        assert_eq!(evicted(1, &rows), Some(vec!["c".to_owned()]));
    }

    #[test]
    fn a_report_that_panics_leaves_the_outcome() {
        let insertion = insertion(1).on_outcome(|_| panic!("no report"));
        assert_eq!(insertion.settle(InsertOutcome::Full), InsertOutcome::Full);
    }
}
