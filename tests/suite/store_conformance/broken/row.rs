//! A row of a table, and where it is.

use std::sync::Arc;

use oauth_dcr::{
    BackendError, Client, ClientId, TenantId,
    client::StoredClient,
    store::{DuplicateKey, Usage},
};

use super::steps::Seen;

pub(super) type Answer<T> = Result<T, BackendError>;

/// What a store says when it fails.
pub(super) fn failure(reason: &'static str) -> BackendError {
    BackendError::new("broken", reason)
}

/// A tenant and the id of a client in it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct At {
    pub(super) tenant: TenantId,
    pub(super) id: ClientId,
}

impl At {
    pub(super) fn new(tenant: &TenantId, id: &ClientId) -> Self {
        let (tenant, id) = (tenant.clone(), id.clone());
        Self { tenant, id }
    }

    pub(super) fn of(client: &Client) -> Self {
        Self::new(client.tenant(), client.id())
    }
}

/// What a caller of `list` asks for.
#[derive(Clone, Debug)]
pub(super) struct Page {
    pub(super) tenant: TenantId,
    pub(super) after: Option<ClientId>,
    pub(super) limit: u32,
}

#[derive(Clone)]
pub(super) struct Row {
    pub(super) at: At,
    pub(super) record: String,
    pub(super) blocked: bool,
    pub(super) revision: u64,
    pub(super) usage: Usage,
    pub(super) key: Option<DuplicateKey>,
}

impl Row {
    pub(super) fn read(&self) -> StoredClient {
        let (At { tenant, id }, record) = (&self.at, self.record.as_bytes());
        StoredClient::from_record(tenant, id, record, self.blocked, self.revision)
    }

    pub(super) fn client(&self) -> Answer<Arc<Client>> {
        let client = self.read().readable();
        client.map_err(|error| BackendError::new("broken", error))
    }

    pub(super) fn seen(&self) -> Seen {
        (self.at.id.clone(), self.blocked, self.usage)
    }
}
