//! A custom store that scans a map in memory, checked by the conformance suite.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::sync::Mutex;

use oauth_dcr::store::{Activity, BlockOutcome, ClientStore, ClientUpdate, DuplicateKey};
use oauth_dcr::store::{InsertOutcome, Insertion, RemoveOutcome, Sweep, TouchOutcome};
use oauth_dcr::store::{UpdateOutcome, Usage, UserLimit};
use oauth_dcr::{BackendError, Client, ClientId, TenantId, client::StoredClient, conformance};

type Answer<T> = Result<T, BackendError>;
type Page = Vec<StoredClient>;
type Rows = BTreeMap<ClientId, Row>;

/// The store's name in error messages.
const NAME: &str = "my store";

/// The row of a client: its record as JSON, and the columns beside it.
struct Row {
    record: Vec<u8>,
    blocked: bool,
    revision: u64,
    usage: Usage,
    key: Option<DuplicateKey>,
}

impl Row {
    fn write(client: &Client, usage: Usage, key: Option<DuplicateKey>) -> Answer<Self> {
        Ok(Self {
            record: serde_json::to_vec(client).map_err(|error| BackendError::new(NAME, error))?,
            blocked: client.is_blocked(),
            revision: client.revision(),
            usage,
            key,
        })
    }

    fn read(&self, tenant: &TenantId, id: &ClientId) -> StoredClient {
        StoredClient::from_record(tenant, id, &self.record, self.blocked, self.revision)
    }
}

/// The rows of each tenant.
#[derive(Default)]
pub(crate) struct MyStore(Mutex<BTreeMap<TenantId, Rows>>);

impl MyStore {
    /// The clients that [`Insertion::evicted`] and [`UserLimit::evicted`] choose from.
    fn candidates(rows: &Rows) -> impl ExactSizeIterator<Item = (&ClientId, bool, Usage)> {
        rows.iter().map(|(id, row)| (id, row.blocked, row.usage))
    }

    /// Runs `call` with exclusive access to the rows of a tenant.
    fn locked<T>(&self, tenant: &TenantId, call: impl FnOnce(&mut Rows) -> Answer<T>) -> Answer<T> {
        let tenants = self.0.lock();
        let mut tenants = tenants.map_err(|_| BackendError::new(NAME, "the lock is poisoned"))?;
        call(tenants.entry(tenant.clone()).or_default())
    }
}

impl ClientStore for MyStore {
    async fn insert(&self, insertion: Insertion) -> Answer<InsertOutcome> {
        let (client, key) = (insertion.client(), insertion.duplicate_key());
        let (tenant, usage) = (client.tenant(), Usage::registered(client.issued_at()));
        let outcome = self.locked(tenant, |rows| {
            let is_same = |(_, row): &(&ClientId, &mut Row)| key.is_some() && row.key == key;
            if let Some((id, same)) = rows.iter_mut().find(is_same) {
                let client = same.read(tenant, id).readable();
                let client = client.map_err(|error| BackendError::new(NAME, error))?;
                same.usage.touch(insertion.registered_again());
                return Ok(InsertOutcome::Duplicate(client));
            }
            if rows.contains_key(client.id()) {
                return Ok(InsertOutcome::IdTaken);
            }
            let Some(removed) = insertion.evicted(Self::candidates(rows)) else {
                return Ok(InsertOutcome::Full);
            };
            let row = Row::write(client, usage, key)?;
            rows.retain(|id, _| !removed.contains(id));
            rows.insert(client.id().clone(), row);
            Ok(InsertOutcome::Inserted { removed })
        });
        // This reports the outcome even if the caller has gone away.
        outcome.map(|outcome| insertion.settle(outcome))
    }

    async fn find(&self, tenant: &TenantId, id: &ClientId) -> Answer<Option<StoredClient>> {
        self.locked(tenant, |rows| {
            Ok(rows.get(id).map(|row| row.read(tenant, id)))
        })
    }

    async fn list(&self, tenant: &TenantId, after: Option<&ClientId>, limit: u32) -> Answer<Page> {
        self.locked(tenant, |rows| {
            let later = rows.iter().filter(|row| after.is_none_or(|id| row.0 > id));
            let clients = later.map(|(id, row)| row.read(tenant, id));
            Ok(clients.take(limit as usize).collect())
        })
    }

    async fn update(&self, update: ClientUpdate) -> Answer<UpdateOutcome> {
        let client = update.client();
        self.locked(client.tenant(), |rows| match rows.get_mut(client.id()) {
            None => Ok(UpdateOutcome::Missing),
            Some(row) if !update.follows(row.revision) => Ok(UpdateOutcome::Changed),
            Some(row) => {
                let key = row.key.filter(|_| !update.removes_duplicate_key());
                *row = Row::write(client, row.usage, key)?;
                Ok(UpdateOutcome::Updated)
            }
        })
    }

    async fn set_blocked(
        &self,
        tenant: &TenantId,
        id: &ClientId,
        blocked: bool,
    ) -> Answer<BlockOutcome> {
        self.locked(tenant, |rows| {
            let Some(row) = rows.get_mut(id) else {
                return Ok(BlockOutcome::Missing);
            };
            let revision = row.revision.saturating_add(1);
            (row.blocked, row.revision) = (blocked, revision);
            Ok(BlockOutcome::Written { revision })
        })
    }

    async fn remove(&self, tenant: &TenantId, id: &ClientId) -> Answer<RemoveOutcome> {
        let removed = self.locked(tenant, |rows| Ok(rows.remove(id)))?;
        Ok(removed.map_or(RemoveOutcome::Missing, |_| RemoveOutcome::Removed))
    }

    async fn touch(&self, tenant: &TenantId, id: &ClientId, by: Activity) -> Answer<TouchOutcome> {
        self.locked(tenant, |rows| {
            let Some(row) = rows.get_mut(id) else {
                return Ok(TouchOutcome::Missing);
            };
            if !row.usage.touch(by) {
                return Ok(TouchOutcome::Unchanged);
            }
            let evict = |limit: UserLimit| limit.evicted(id, Self::candidates(rows));
            let evicted = by.limit().map_or_else(Vec::new, evict);
            rows.retain(|id, _| !evicted.contains(id));
            Ok(TouchOutcome::Written { evicted })
        })
    }

    async fn sweep(&self, tenant: &TenantId, sweep: Sweep) -> Answer<Vec<ClientId>> {
        self.locked(tenant, |rows| {
            let removed = rows.extract_if(.., |_, row| sweep.removes(row.blocked, row.usage));
            let limit = sweep.max_removed() as usize;
            Ok(removed.map(|(id, _)| id).take(limit).collect())
        })
    }
}

#[tokio::main]
async fn main() -> std::io::Result<()> {
    conformance::client_store(MyStore::default()).await;
    writeln!(std::io::stdout(), "every rule of the contract holds")
}
