//! A client as a store returns it: readable or not.

use std::{borrow::Cow, sync::Arc};

use crate::{
    client::{Client, record::RecordFault},
    types::{ClientId, TenantId},
};

/// A row of a store: a client, or a record that can't be read.
///
/// A record can become unreadable: another program wrote to the table, a disk failed, or a newer version
/// of this crate wrote a form that this version does not know. An unreadable row stays in the store and does
/// not affect other rows. The owner of the tenant sees it in a [`ClientPage`](crate::ClientPage). It can be
/// blocked, deleted and swept without being read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StoredClient {
    /// The client.
    Readable(Arc<Client>),
    /// The row of a client whose record can't be read.
    Unreadable(UnreadableClient),
}

/// A stored client whose record can't be read, and why.
///
/// Its `Display` is safe to log: it names the client, but contains no text of the record.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the record of client `{id}` can't be read: {reason}")]
pub struct UnreadableClient {
    id: ClientId,
    reason: Cow<'static, str>,
}

impl UnreadableClient {
    /// The client with this id, and the reason why it can't be read. The reason appears in logs and pages, so
    /// it must not contain text of the record.
    pub fn new(id: ClientId, reason: impl Into<Cow<'static, str>>) -> Self {
        let reason = reason.into();
        Self { id, reason }
    }

    fn of_fault(id: &ClientId, fault: &RecordFault) -> Self {
        Self::new(id.clone(), fault.to_string())
    }

    /// The client's identifier, which the row has in addition to the record.
    pub const fn id(&self) -> &ClientId {
        &self.id
    }

    /// Why the record can't be read, for a person.
    pub fn reason(&self) -> &str {
        &self.reason
    }
}

impl StoredClient {
    /// Reads a row with `record`, which is the client as JSON, and the other columns.
    ///
    /// A store keeps `blocked` and `revision` in separate columns, because they can change even if the record
    /// can't be read ([`ClientStore::set_blocked`](crate::store::ClientStore::set_blocked)). Their values in
    /// the record are ignored.
    ///
    /// ```
    /// use oauth_dcr::{client::StoredClient, ClientId, TenantId};
    ///
    /// let (tenant, id) = (TenantId::parse("acme")?, ClientId::parse("tpc_1")?);
    /// let row = StoredClient::from_record(&tenant, &id, b"{\"vers", false, 0);
    /// let StoredClient::Unreadable(unreadable) = row else { unreachable!() };
    /// assert_eq!(unreadable.reason(), "it is not the JSON of a client, at line 1, column 6");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn from_record(
        tenant: &TenantId,
        id: &ClientId,
        record: &[u8],
        blocked: bool,
        revision: u64,
    ) -> Self {
        match Client::from_record(record) {
            Ok(client) => Self::Readable(Arc::new(Client {
                blocked,
                revision,
                ..client
            }))
            .of_row(tenant, id),
            Err(fault) => Self::Unreadable(UnreadableClient::of_fault(id, &fault)),
        }
    }

    /// Checks that this row, which a store returned, has this tenant and id. The row of another client becomes
    /// unreadable.
    pub(crate) fn of_row(self, tenant: &TenantId, id: &ClientId) -> Self {
        if self.id() == id {
            self.of_tenant(tenant)
        } else {
            Self::Unreadable(UnreadableClient::of_fault(id, &RecordFault::AnotherClient))
        }
    }

    /// Checks that this row, which a store returned, has this tenant. The row of another tenant becomes
    /// unreadable.
    pub(crate) fn of_tenant(self, tenant: &TenantId) -> Self {
        match self {
            Self::Readable(client) if client.tenant != *tenant => {
                let fault = RecordFault::AnotherClient;
                Self::Unreadable(UnreadableClient::of_fault(&client.id, &fault))
            }
            row => row,
        }
    }

    /// The client's identifier.
    pub fn id(&self) -> &ClientId {
        match self {
            Self::Readable(client) => client.id(),
            Self::Unreadable(client) => client.id(),
        }
    }

    /// The client.
    ///
    /// # Errors
    /// [`UnreadableClient`] if its record can't be read.
    pub fn readable(self) -> Result<Arc<Client>, UnreadableClient> {
        match self {
            Self::Readable(client) => Ok(client),
            Self::Unreadable(client) => Err(client),
        }
    }
}

impl From<Arc<Client>> for StoredClient {
    fn from(client: Arc<Client>) -> Self {
        Self::Readable(client)
    }
}
