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

/// A client to store, the conditions for storing it, and the callback that receives the outcome.
pub struct Insertion {
    client: Arc<Client>,
    max_clients: Option<NonZeroU64>,
    duplicate_key: Option<DuplicateKey>,
    on_outcome: Option<OnOutcome>,
}

type OnOutcome = Box<dyn FnOnce(&InsertOutcome) + Send + Sync>;

impl Insertion {
    /// Inserts `client` if its id is free.
    pub const fn new(client: Arc<Client>) -> Self {
        Self {
            client,
            max_clients: None,
            duplicate_key: None,
            on_outcome: None,
        }
    }

    /// Limits the tenant to `max` clients: if it already has as many, others are evicted for the new client.
    /// `None`: there is no limit.
    #[must_use]
    pub const fn max_clients(mut self, max: Option<NonZeroU64>) -> Self {
        self.max_clients = max;
        self
    }

    /// Makes the client a duplicate of the stored client with this key, if there is one. `None`: the client
    /// is not a duplicate, and no other client is a duplicate of it.
    #[must_use]
    pub const fn deduplicated_by(mut self, key: Option<DuplicateKey>) -> Self {
        self.duplicate_key = key;
        self
    }

    /// Calls `report` with the outcome once the outcome is certain, even if the caller of
    /// [`ClientStore::insert`](crate::store::ClientStore::insert) has gone away by then. `report` must be quick, and
    /// must not call the store.
    #[must_use]
    pub fn on_outcome(
        mut self,
        report: impl FnOnce(&InsertOutcome) + Send + Sync + 'static,
    ) -> Self {
        self.on_outcome = Some(Box::new(report));
        self
    }

    /// Reports the outcome and returns it. A store calls this once the transaction is committed, whether or not
    /// anyone still waits for the answer. It never calls this for an outcome that may not last.
    ///
    /// A panic in the report is caught: the client is stored, and the caller gets the answer.
    pub fn settle(self, outcome: InsertOutcome) -> InsertOutcome {
        if let Some(report) = self.on_outcome {
            // The panic hook has shown the panic, and the report can't be made again.
            let _ended = catch_unwind(AssertUnwindSafe(|| report(&outcome)));
        }
        outcome
    }

    /// The client.
    pub const fn client(&self) -> &Arc<Client> {
        &self.client
    }

    /// The key that the client shares with its duplicates.
    pub const fn duplicate_key(&self) -> Option<DuplicateKey> {
        self.duplicate_key
    }

    /// Whether the tenant has a limit. The clients have to be counted only in this case.
    pub const fn has_limit(&self) -> bool {
        self.max_clients.is_some()
    }

    /// The most clients that the tenant may have, for a test suite that shows what was asked for.
    #[cfg(feature = "conformance")]
    pub(crate) const fn limit(&self) -> Option<NonZeroU64> {
        self.max_clients
    }

    /// Whether the id is the only condition: there is neither a limit nor a duplicate key.
    pub const fn is_plain(&self) -> bool {
        self.max_clients.is_none() && self.duplicate_key.is_none()
    }

    /// How many clients have to be evicted before this client is stored, if the tenant has `clients` of them. At
    /// least one client has to be evicted if the result is not zero.
    pub fn evictions(&self, clients: u64) -> u64 {
        self.max_clients.map_or(0, |max| {
            let excess = clients.saturating_add(1).saturating_sub(max.get());
            excess.min(MAX_EVICTED)
        })
    }

    /// A used client that has been idle since before this time has no live grant, and can be evicted.
    pub fn idle_before(&self) -> Timestamp {
        self.client.issued_at()
    }

    /// Chooses which of `rows` are evicted for this client, in the order of their eviction. `None` if the tenant
    /// is full.
    ///
    /// `rows` are all clients of the tenant: the id, whether the client is blocked, and the usage. This is for
    /// stores that read every row: an index is faster.
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

/// The result of an insertion.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum InsertOutcome {
    /// The client is stored.
    Inserted {
        /// The clients that were evicted for this client, in the order of their eviction.
        removed: Vec<ClientId>,
    },
    /// Another client has this id. Nothing was changed.
    IdTaken,
    /// This stored client has the duplicate key. Nothing was stored.
    Duplicate(Arc<Client>),
    /// The tenant has as many clients as it may have, and none of them can be evicted. Nothing was changed.
    Full,
}

impl InsertOutcome {
    /// Checks that the outcome contains no client of a tenant other than `tenant`.
    ///
    /// # Errors
    /// [`UnreadableClient`] names the client that belongs to another tenant.
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

    /// The time at which the new client registers.
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

    /// The ids of the `rows` that are evicted for a new client, with a limit of `max`. Each row is an id, whether
    /// the client is blocked, whether it was used, and since when it has been idle.
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
    fn a_client_idle_since_now_stays() {
        for (since, expected) in [(NOW - 1, Some(vec!["a".to_owned()])), (NOW, None)] {
            assert_eq!(evicted(1, &[("a", false, true, since)]), expected);
        }
    }

    #[test]
    fn a_tenant_of_blocked_clients_is_full() {
        let blocked = [("a", true, false, 0), ("b", true, true, 0)];
        assert_eq!(evicted(2, &blocked), None);
        // Fewer clients can be evicted than the limit asks for.
        let rows = [blocked[0], blocked[1], ("c", false, false, 0)];
        assert_eq!(evicted(1, &rows), Some(vec!["c".to_owned()]));
    }

    #[test]
    fn a_report_that_panics_leaves_the_outcome() {
        let insertion = insertion(1).on_outcome(|_| panic!("no report"));
        assert_eq!(insertion.settle(InsertOutcome::Full), InsertOutcome::Full);
    }
}
