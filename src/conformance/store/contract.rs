//! The contract as a model: the outcome of each call of a tenant, and the clients that it leaves behind.

use std::{collections::BTreeMap, sync::Arc};

use crate::{
    client::Client,
    conformance::store::call::{Call, Outcome},
    store::{
        Activity, BlockOutcome, ClientUpdate, DuplicateKey, InsertOutcome, Insertion,
        RemoveOutcome, Sweep, TouchOutcome, UpdateOutcome, Usage,
    },
    types::ClientId,
};

/// The clients of one tenant.
#[derive(Clone, Default, PartialEq)]
pub(super) struct Contract {
    rows: BTreeMap<ClientId, Row>,
}

#[derive(Clone, PartialEq)]
pub(super) struct Row {
    pub(super) client: Arc<Client>,
    pub(super) usage: Usage,
    pub(super) key: Option<DuplicateKey>,
}

impl Contract {
    pub(super) const fn rows(&self) -> &BTreeMap<ClientId, Row> {
        &self.rows
    }

    /// Makes the call. Returns whether it may have this outcome. If more clients are due than a sweep may remove,
    /// the store chooses the removed clients.
    pub(super) fn explains(&mut self, call: &Call, outcome: &Outcome) -> bool {
        match (call, outcome) {
            (Call::Sweep(sweep), Outcome::Swept(swept)) => self.sweeps(*sweep, swept),
            _ => self.make(call) == *outcome,
        }
    }

    /// Makes the call.
    pub(super) fn make(&mut self, call: &Call) -> Outcome {
        match call {
            Call::Insert { client, key, max } => {
                let insertion = Insertion::new(Arc::clone(client))
                    .deduplicated_by(*key)
                    .max_clients(*max);
                Outcome::Inserted(self.insert(&insertion))
            }
            Call::Find(id) => {
                let found = self.rows.get(id);
                Outcome::Found(found.map(|row| Arc::clone(&row.client)))
            }
            Call::List { after, limit } => {
                let is_later = |id: &ClientId| after.as_ref().is_none_or(|after| id > after);
                let later = self.rows.iter().filter(|(id, _)| is_later(id));
                let clients = later.map(|(_, row)| Arc::clone(&row.client));
                let limit = usize::try_from(*limit).unwrap_or(usize::MAX);
                Outcome::Listed(clients.take(limit).collect())
            }
            Call::Update(update) => Outcome::Updated(self.update(update)),
            Call::Block { id, blocked } => Outcome::Blocked(self.block(id, *blocked)),
            Call::Remove(id) => {
                let removed = self.rows.remove(id);
                let missing = RemoveOutcome::Missing;
                Outcome::Removed(removed.map_or(missing, |_| RemoveOutcome::Removed))
            }
            Call::Touch { id, activity } => Outcome::Touched(self.touch(id, *activity)),
            Call::Sweep(sweep) => {
                let most = usize::try_from(sweep.max_removed()).unwrap_or(usize::MAX);
                let swept: Vec<_> = self.due(*sweep).into_iter().take(most).collect();
                self.forget(&swept);
                Outcome::Swept(swept)
            }
        }
    }

    fn insert(&mut self, insertion: &Insertion) -> InsertOutcome {
        let (client, key) = (insertion.client(), insertion.duplicate_key());
        let is_same = |row: &&mut Row| key.is_some() && row.key == key;
        if let Some(same) = self.rows.values_mut().find(is_same) {
            same.usage.touch(insertion.registered_again());
            return InsertOutcome::Duplicate(Arc::clone(&same.client));
        }
        if self.rows.contains_key(client.id()) {
            return InsertOutcome::IdTaken;
        }
        let Some(removed) = insertion.evicted(self.candidates()) else {
            return InsertOutcome::Full;
        };
        self.forget(&removed);
        let row = Row {
            client: Arc::clone(client),
            usage: Usage::registered(client.issued_at()),
            key,
        };
        self.rows.insert(client.id().clone(), row);
        InsertOutcome::Inserted { removed }
    }

    fn update(&mut self, update: &ClientUpdate) -> UpdateOutcome {
        let Some(row) = self.rows.get_mut(update.client().id()) else {
            return UpdateOutcome::Missing;
        };
        if !update.follows(row.client.revision()) {
            return UpdateOutcome::Changed;
        }
        row.client = Arc::clone(update.client());
        if update.removes_duplicate_key() {
            row.key = None;
        }
        UpdateOutcome::Updated
    }

    fn block(&mut self, id: &ClientId, blocked: bool) -> BlockOutcome {
        let Some(row) = self.rows.get_mut(id) else {
            return BlockOutcome::Missing;
        };
        let revision = row.client.revision().saturating_add(1);
        let client = Client {
            blocked,
            revision,
            ..Client::clone(&row.client)
        };
        row.client = Arc::new(client);
        BlockOutcome::Written { revision }
    }

    fn touch(&mut self, id: &ClientId, activity: Activity) -> TouchOutcome {
        let Some(row) = self.rows.get_mut(id) else {
            return TouchOutcome::Missing;
        };
        if !row.usage.touch(activity) {
            return TouchOutcome::Unchanged;
        }
        let limit = activity.limit();
        let evicted = limit.map_or_else(Vec::new, |limit| limit.evicted(id, self.candidates()));
        self.forget(&evicted);
        TouchOutcome::Written { evicted }
    }

    /// The clients that a sweep removes if it has no limit.
    fn due(&self, sweep: Sweep) -> Vec<ClientId> {
        let is_due = |row: &Row| sweep.removes(row.client.is_blocked(), row.usage);
        let due = self.rows.iter().filter(|(_, row)| is_due(row));
        due.map(|(id, _)| id.clone()).collect()
    }

    fn sweeps(&mut self, sweep: Sweep, swept: &[ClientId]) -> bool {
        let due = self.due(sweep);
        let most = usize::try_from(sweep.max_removed()).unwrap_or(usize::MAX);
        let mut distinct = swept.to_vec();
        distinct.sort();
        distinct.dedup();
        self.forget(swept);
        distinct.len() == swept.len()
            && swept.len() == due.len().min(most)
            && swept.iter().all(|id| due.contains(id))
    }

    fn forget(&mut self, ids: &[ClientId]) {
        for id in ids {
            self.rows.remove(id);
        }
    }

    /// The clients that may be evicted.
    fn candidates(&self) -> impl ExactSizeIterator<Item = (&ClientId, bool, Usage)> {
        let rows = self.rows.iter();
        rows.map(|(id, row)| (id, row.client.is_blocked(), row.usage))
    }
}
