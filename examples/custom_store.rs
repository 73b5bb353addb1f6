//! A store of one's own, by plain scans in memory, and the suite that tells whether it is right.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::sync::{Arc, Mutex};

use oauth_dcr::{BackendError, Client, ClientId, ClientStore, ClientUpdate, FoldKey, conformance};
use oauth_dcr::{InsertOutcome, Insertion, RemoveOutcome, Sweep, TenantId, Touch, TouchOutcome};
use oauth_dcr::{UpdateOutcome, Usage};

type Answer<T> = Result<T, BackendError>;
type Page = Vec<Arc<Client>>;
type Row = (Arc<Client>, Usage, Option<FoldKey>);
type Rows = BTreeMap<ClientId, Row>;

/// The rows of each tenant.
#[derive(Default)]
pub(crate) struct MyStore(Mutex<BTreeMap<TenantId, Rows>>);

impl MyStore {
    /// Does one thing with a tenant's rows: nobody else comes between.
    fn alone<T>(&self, tenant: &TenantId, call: impl FnOnce(&mut Rows) -> T) -> Answer<T> {
        let tenants = self.0.lock();
        let mut tenants = tenants.map_err(|_| BackendError::new("my store", "out of order"))?;
        Ok(call(tenants.entry(tenant.clone()).or_default()))
    }
}

impl ClientStore for MyStore {
    async fn insert(&self, insertion: Insertion) -> Answer<InsertOutcome> {
        let (client, key) = (insertion.client(), insertion.fold_key());
        self.alone(client.tenant(), |rows| {
            let is_same = |row: &&mut Row| key.is_some() && row.2 == key;
            if let Some((same, usage, _)) = rows.values_mut().find(is_same) {
                usage.touch(insertion.registered_again());
                return InsertOutcome::Folded(Arc::clone(same));
            }
            if rows.contains_key(client.id()) {
                return InsertOutcome::IdTaken;
            }
            let usages = rows.values().map(|row| (&*row.0, row.1));
            let Some(removed) = insertion.who_makes_room(usages) else {
                return InsertOutcome::Full;
            };
            rows.retain(|id, _| !removed.contains(id));
            let usage = Usage::registered(client.issued_at());
            rows.insert(client.id().clone(), (Arc::clone(client), usage, key));
            InsertOutcome::Inserted { removed }
        })
    }

    async fn find(&self, tenant: &TenantId, id: &ClientId) -> Answer<Option<Arc<Client>>> {
        self.alone(tenant, |rows| rows.get(id).map(|row| Arc::clone(&row.0)))
    }

    async fn list(&self, tenant: &TenantId, after: Option<&ClientId>, limit: u32) -> Answer<Page> {
        self.alone(tenant, |rows| {
            let later = rows.iter().filter(|row| after.is_none_or(|it| row.0 > it));
            let clients = later.map(|(_, row)| Arc::clone(&row.0));
            clients.take(limit as usize).collect()
        })
    }

    async fn update(&self, update: ClientUpdate) -> Answer<UpdateOutcome> {
        let client = update.client();
        self.alone(client.tenant(), |rows| match rows.get_mut(client.id()) {
            None => UpdateOutcome::Missing,
            Some((stored, ..)) if !update.follows(stored) => UpdateOutcome::Changed,
            Some((stored, _, key)) => {
                *stored = Arc::clone(client);
                *key = key.filter(|_| !update.unfolds());
                UpdateOutcome::Updated
            }
        })
    }

    async fn remove(&self, tenant: &TenantId, id: &ClientId) -> Answer<RemoveOutcome> {
        let removed = self.alone(tenant, |rows| rows.remove(id))?;
        Ok(removed.map_or(RemoveOutcome::Missing, |_| RemoveOutcome::Removed))
    }

    async fn touch(&self, tenant: &TenantId, id: &ClientId, touch: Touch) -> Answer<TouchOutcome> {
        self.alone(tenant, |rows| {
            let row = rows.get_mut(id);
            row.map_or(TouchOutcome::Missing, |row| row.1.touch(touch))
        })
    }

    async fn sweep(&self, tenant: &TenantId, sweep: Sweep) -> Answer<Vec<ClientId>> {
        self.alone(tenant, |rows| {
            let gone = rows.extract_if(.., |_, row| sweep.removes(&row.0, row.1));
            let most = sweep.max_removed() as usize;
            gone.map(|(id, _)| id).take(most).collect()
        })
    }
}

#[tokio::main]
async fn main() -> std::io::Result<()> {
    conformance::client_store(MyStore::default()).await;
    writeln!(std::io::stdout(), "every rule of the contract holds")
}
