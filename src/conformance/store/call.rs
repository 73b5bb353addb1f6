//! A call to a store and its outcome, as values.

use std::{fmt, num::NonZeroU64, sync::Arc};

use crate::{
    backend_error::BackendError,
    client::{Client, StoredClient},
    conformance::store::text::{cut, difference, instead, listed},
    store::{
        Activity, BlockOutcome, ClientStore, ClientUpdate, DuplicateKey, InsertOutcome, Insertion,
        RemoveOutcome, Sweep, TouchOutcome, UpdateOutcome,
    },
    types::{ClientId, TenantId},
};

/// A call, without its tenant.
#[derive(Clone)]
pub(super) enum Call {
    Insert {
        client: Arc<Client>,
        key: Option<DuplicateKey>,
        max: Option<NonZeroU64>,
    },
    Find(ClientId),
    List {
        after: Option<ClientId>,
        limit: u32,
    },
    Update(ClientUpdate),
    Block {
        id: ClientId,
        blocked: bool,
    },
    Remove(ClientId),
    Touch {
        id: ClientId,
        activity: Activity,
    },
    Sweep(Sweep),
}

/// The outcome of a call.
#[derive(Clone, PartialEq)]
pub(super) enum Outcome {
    Inserted(InsertOutcome),
    Found(Option<Arc<Client>>),
    Listed(Vec<Arc<Client>>),
    Updated(UpdateOutcome),
    Blocked(BlockOutcome),
    Removed(RemoveOutcome),
    Touched(TouchOutcome),
    Swept(Vec<ClientId>),
    /// The call failed. The contract never has this outcome.
    Failed(String),
}

impl Call {
    /// The call that inserts the client.
    pub(super) fn of(insertion: &Insertion) -> Self {
        Self::Insert {
            client: Arc::clone(insertion.client()),
            key: insertion.duplicate_key(),
            max: insertion.limit(),
        }
    }

    /// The same call in another tenant.
    pub(super) fn within(&self, tenant: &TenantId) -> Self {
        let moved = |client: &Client| {
            let tenant = tenant.clone();
            Arc::new(Client {
                tenant,
                ..client.clone()
            })
        };
        match self {
            Self::Insert { client, key, max } => Self::Insert {
                client: moved(client),
                key: *key,
                max: *max,
            },
            Self::Update(update) => {
                let moved = ClientUpdate::new(moved(update.client()));
                Self::Update(if update.removes_duplicate_key() {
                    moved.without_duplicate_key()
                } else {
                    moved
                })
            }
            other => other.clone(),
        }
    }

    /// The client that the call names.
    pub(super) fn id(&self) -> Option<&ClientId> {
        match self {
            Self::Insert { client, .. } => Some(client.id()),
            Self::Update(update) => Some(update.client().id()),
            Self::Find(id) | Self::Block { id, .. } | Self::Remove(id) | Self::Touch { id, .. } => {
                Some(id)
            }
            Self::List { .. } | Self::Sweep(_) => None,
        }
    }

    pub(super) const fn is_read(&self) -> bool {
        matches!(self, Self::Find(_) | Self::List { .. })
    }

    /// Makes the call. The store calls `report` with the outcome of an insertion.
    pub(super) async fn make(
        &self,
        store: &impl ClientStore,
        tenant: &TenantId,
        report: impl FnOnce(&InsertOutcome) + Send + Sync + 'static,
    ) -> Outcome {
        match self {
            Self::Insert { client, key, max } => {
                let insertion = Insertion::new(Arc::clone(client))
                    .deduplicated_by(*key)
                    .max_clients(*max)
                    .on_outcome(report);
                Outcome::of(store.insert(insertion).await, Outcome::Inserted)
            }
            Self::Find(id) => Outcome::found(store.find(tenant, id).await),
            Self::List { after, limit } => {
                Outcome::listed(store.list(tenant, after.as_ref(), *limit).await)
            }
            Self::Update(update) => {
                Outcome::of(store.update(update.clone()).await, Outcome::Updated)
            }
            Self::Block { id, blocked } => {
                let written = store.set_blocked(tenant, id, *blocked).await;
                Outcome::of(written, Outcome::Blocked)
            }
            Self::Remove(id) => Outcome::of(store.remove(tenant, id).await, Outcome::Removed),
            Self::Touch { id, activity } => {
                let touched = store.touch(tenant, id, *activity).await;
                Outcome::of(touched, Outcome::Touched)
            }
            Self::Sweep(sweep) => Outcome::of(store.sweep(tenant, *sweep).await, Outcome::Swept),
        }
    }
}

impl Outcome {
    pub(super) fn of<T>(answer: Result<T, BackendError>, outcome: impl FnOnce(T) -> Self) -> Self {
        answer.map_or_else(|error| Self::Failed(format!("{error:?}")), outcome)
    }

    /// Says how the outcome differs from the expected outcome.
    pub(super) fn difference(&self, expected: &Self) -> String {
        match (self, expected) {
            (Self::Listed(seen), Self::Listed(expected)) => {
                let [seen, expected] = [seen, expected]
                    .map(|list| list.iter().map(|client| Shown(client)).collect::<Vec<_>>());
                difference(&seen, &expected)
            }
            _ => instead(&self.to_string(), &expected.to_string()),
        }
    }

    pub(super) fn found(answer: Result<Option<StoredClient>, BackendError>) -> Self {
        match answer.map(|row| row.map(StoredClient::readable).transpose()) {
            Ok(Ok(found)) => Self::Found(found),
            Ok(Err(unreadable)) => Self::Failed(unreadable.to_string()),
            Err(error) => Self::Failed(format!("{error:?}")),
        }
    }

    pub(super) fn listed(answer: Result<Vec<StoredClient>, BackendError>) -> Self {
        let read = |rows: Vec<StoredClient>| rows.into_iter().map(StoredClient::readable).collect();
        match answer.map(read) {
            Ok(Ok(listed)) => Self::Listed(listed),
            Ok(Err(unreadable)) => Self::Failed(format!("{unreadable:?}")),
            Err(error) => Self::Failed(format!("{error:?}")),
        }
    }
}

impl fmt::Display for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Insert { client, key, max } => {
                write!(
                    f,
                    "insert {} issued {:?}",
                    Shown(client),
                    client.issued_at()
                )?;
                key.map_or(Ok(()), |key| write!(f, ", key {}", hex(key)))?;
                max.map_or(Ok(()), |max| write!(f, ", at most {max} clients"))
            }
            Self::Find(id) => write!(f, "find {id}"),
            Self::List { after, limit } => {
                write!(f, "list {limit}")?;
                after.as_ref().map_or(Ok(()), |id| write!(f, " after {id}"))
            }
            Self::Update(update) if update.removes_duplicate_key() => {
                write!(f, "update {} without its key", Shown(update.client()))
            }
            Self::Update(update) => write!(f, "update {}", Shown(update.client())),
            Self::Block { id, blocked } => write!(f, "set_blocked {id} {blocked}"),
            Self::Remove(id) => write!(f, "remove {id}"),
            Self::Touch { id, activity } => write!(f, "touch {id} by {activity:?}"),
            Self::Sweep(sweep) => write!(f, "sweep by {sweep:?}"),
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Inserted(InsertOutcome::Duplicate(client)) => {
                write!(f, "Duplicate of {}", Shown(client))
            }
            Self::Inserted(outcome) => f.write_str(&cut(&format!("{outcome:?}"))),
            Self::Found(None) => f.write_str("no client"),
            Self::Found(Some(client)) => Shown(client).fmt(f),
            Self::Listed(clients) => {
                f.write_str(&listed(clients.iter().map(|client| Shown(client))))
            }
            Self::Updated(outcome) => write!(f, "{outcome:?}"),
            Self::Blocked(outcome) => write!(f, "{outcome:?}"),
            Self::Removed(outcome) => write!(f, "{outcome:?}"),
            Self::Touched(outcome) => f.write_str(&cut(&format!("{outcome:?}"))),
            Self::Swept(ids) => write!(f, "swept {}", listed(ids.iter())),
            Self::Failed(error) => write!(f, "a failure: {}", cut(error)),
        }
    }
}

impl fmt::Debug for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Debug for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Shows a client by the fields that the rules change.
#[derive(PartialEq)]
struct Shown<'a>(&'a Client);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(client) = self;
        write!(f, "{} (", client.id)?;
        if let Some(name) = client.metadata().client_name() {
            write!(f, "{name:?}, ")?;
        }
        write!(f, "revision {}", client.revision)?;
        for (is_shown, text) in [
            (client.blocked, "blocked"),
            (client.secret.is_some(), "secret"),
            (client.previous_secret.is_some(), "previous secret"),
            (client.error_redirect_policy.is_some(), "policy"),
        ] {
            if is_shown {
                write!(f, ", {text}")?;
            }
        }
        f.write_str(")")
    }
}

fn hex(key: DuplicateKey) -> String {
    let digits = key.as_bytes().iter().map(|byte| format!("{byte:02x}"));
    digits.collect()
}
