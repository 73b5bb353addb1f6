//! A store of one's own, by plain scans in memory, and the suite that tells whether it is right.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::sync::Mutex;

use oauth_dcr::store::{Activity, BlockOutcome, ClientStore, ClientUpdate, DuplicateKey};
use oauth_dcr::store::{InsertOutcome, Insertion, RemoveOutcome, Sweep, TouchOutcome};
use oauth_dcr::store::{UpdateOutcome, Usage};
use oauth_dcr::{BackendError, Client, ClientId, TenantId, client::StoredClient, conformance};

type Answer<T> = Result<T, BackendError>;
type Page = Vec<StoredClient>;
type Rows = BTreeMap<ClientId, Row>;

/// The name in errors.
const NAME: &str = "my store";

/// What a table has for each client: its record as JSON, and what stands beside it.
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
    /// What [`Insertion::evicted`] and [`oauth_dcr::store::UserLimit::evicted`] choose from.
    fn lives(rows: &Rows) -> impl ExactSizeIterator<Item = (&ClientId, bool, Usage)> {
        rows.iter().map(|(id, row)| (id, row.blocked, row.usage))
    }

    /// Does one thing with a tenant's rows: nobody else comes between.
    fn alone<T>(&self, tenant: &TenantId, call: impl FnOnce(&mut Rows) -> Answer<T>) -> Answer<T> {
        let tenants = self.0.lock();
        let mut tenants = tenants.map_err(|_| BackendError::new(NAME, "out of order"))?;
        call(tenants.entry(tenant.clone()).or_default())
    }
}

impl ClientStore for MyStore {
    async fn insert(&self, insertion: Insertion) -> Answer<InsertOutcome> {
        let (client, key) = (insertion.client(), insertion.duplicate_key());
        let (tenant, usage) = (client.tenant(), Usage::registered(client.issued_at()));
        let outcome = self.alone(tenant, |rows| {
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
            let Some(removed) = insertion.evicted(Self::lives(rows)) else {
                return Ok(InsertOutcome::Full);
            };
            let row = Row::write(client, usage, key)?;
            rows.retain(|id, _| !removed.contains(id));
            rows.insert(client.id().clone(), row);
            Ok(InsertOutcome::Inserted { removed })
        });
        // What is stored gets its event now, whether or not anyone still waits.
        outcome.map(|outcome| insertion.settle(outcome))
    }

    async fn find(&self, tenant: &TenantId, id: &ClientId) -> Answer<Option<StoredClient>> {
        self.alone(tenant, |rows| {
            Ok(rows.get(id).map(|row| row.read(tenant, id)))
        })
    }

    async fn list(&self, tenant: &TenantId, after: Option<&ClientId>, limit: u32) -> Answer<Page> {
        self.alone(tenant, |rows| {
            let later = rows.iter().filter(|row| after.is_none_or(|it| row.0 > it));
            let clients = later.map(|(id, row)| row.read(tenant, id));
            Ok(clients.take(limit as usize).collect())
        })
    }

    async fn update(&self, update: ClientUpdate) -> Answer<UpdateOutcome> {
        let client = update.client();
        self.alone(client.tenant(), |rows| match rows.get_mut(client.id()) {
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
        self.alone(tenant, |rows| {
            let Some(row) = rows.get_mut(id) else {
                return Ok(BlockOutcome::Missing);
            };
            let revision = row.revision.saturating_add(1);
            (row.blocked, row.revision) = (blocked, revision);
            Ok(BlockOutcome::Written { revision })
        })
    }

    async fn remove(&self, tenant: &TenantId, id: &ClientId) -> Answer<RemoveOutcome> {
        let removed = self.alone(tenant, |rows| Ok(rows.remove(id)))?;
        Ok(removed.map_or(RemoveOutcome::Missing, |_| RemoveOutcome::Removed))
    }

    async fn touch(&self, tenant: &TenantId, id: &ClientId, by: Activity) -> Answer<TouchOutcome> {
        self.alone(tenant, |rows| {
            let Some(row) = rows.get_mut(id) else {
                return Ok(TouchOutcome::Missing);
            };
            if !row.usage.touch(by) {
                return Ok(TouchOutcome::Unchanged);
            }
            let limit = by.limit();
            let evicted = limit.map_or_else(Vec::new, |it| it.evicted(id, Self::lives(rows)));
            rows.retain(|id, _| !evicted.contains(id));
            Ok(TouchOutcome::Written { evicted })
        })
    }

    async fn sweep(&self, tenant: &TenantId, sweep: Sweep) -> Answer<Vec<ClientId>> {
        self.alone(tenant, |rows| {
            let gone = rows.extract_if(.., |_, row| sweep.removes(row.blocked, row.usage));
            let most = sweep.max_removed() as usize;
            Ok(gone.map(|(id, _)| id).take(most).collect())
        })
    }
}

#[tokio::main]
async fn main() -> std::io::Result<()> {
    conformance::client_store(MyStore::default()).await;
    writeln!(std::io::stdout(), "every rule of the contract holds")
}
