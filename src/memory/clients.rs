use std::{
    borrow::Borrow,
    cmp::Ordering,
    collections::{BTreeMap, BTreeSet, HashMap, hash_map::Entry},
    ops::Bound,
    sync::Arc,
};

use crate::{
    client::{Client, StoredClient},
    store::{
        Activity, BlockOutcome, ClientUpdate, DuplicateKey, InsertOutcome, Insertion,
        RemoveOutcome, Sweep, TouchOutcome, UpdateOutcome, Usage, UserKey, UserLimit,
    },
    types::{ClientId, Timestamp},
};

/// The clients of one tenant.
#[derive(Debug, Default)]
pub(super) struct Clients {
    rows: BTreeMap<ById, Row>,
    /// The clients that can be evicted or swept, ordered by when they became idle. Blocked clients are not here.
    unused: BTreeSet<(Timestamp, ById)>,
    used: BTreeSet<(Timestamp, ById)>,
    /// The clients of each user that can be evicted, in the order of eviction: shared clients last, and the longest
    /// idle clients first.
    by_user: HashMap<UserKey, BTreeSet<(bool, Timestamp, ById)>>,
    by_duplicate_key: HashMap<DuplicateKey, ClientId>,
}

/// A client that is looked up by its id, without a copy of the id.
#[derive(Clone, Debug)]
struct ById(Arc<Client>);

/// The data that is stored beside a client.
#[derive(Debug)]
struct Row {
    usage: Usage,
    /// It is boxed because few clients have a key.
    duplicate_key: Option<Box<DuplicateKey>>,
}

impl Clients {
    pub(super) fn len(&self) -> usize {
        self.rows.len()
    }

    pub(super) fn insert(&mut self, insertion: &Insertion) -> InsertOutcome {
        let duplicate_key = insertion.duplicate_key();
        let duplicate = duplicate_key.and_then(|key| self.by_duplicate_key.get(&key).cloned());
        if let Some(client) = duplicate.as_ref().and_then(|id| self.find(id)) {
            self.touch(client.id(), insertion.registered_again());
            return InsertOutcome::Duplicate(client);
        }
        let client = insertion.client();
        if self.rows.contains_key(client.id()) {
            return InsertOutcome::IdTaken;
        }
        let clients = u64::try_from(self.len()).unwrap_or(u64::MAX);
        let evictions = insertion.evictions(clients);
        let mut removed = self.remove_idle(false, None, evictions);
        let done = u64::try_from(removed.len()).unwrap_or(u64::MAX);
        let remaining = evictions.saturating_sub(done);
        removed.extend(self.remove_idle(true, Some(insertion.idle_before()), remaining));
        if evictions > 0 && removed.is_empty() {
            return InsertOutcome::Full;
        }
        let usage = Usage::registered(client.issued_at());
        let duplicate_key = duplicate_key.map(Box::new);
        self.put(
            Arc::clone(client),
            Row {
                usage,
                duplicate_key,
            },
        );
        InsertOutcome::Inserted { removed }
    }

    pub(super) fn find(&self, id: &ClientId) -> Option<Arc<Client>> {
        let found = self.rows.get_key_value(id);
        found.map(|(ById(client), _)| Arc::clone(client))
    }

    pub(super) fn list(&self, after: Option<&ClientId>, limit: u32) -> Vec<StoredClient> {
        let after = after.map_or(Bound::Unbounded, Bound::Excluded);
        let rows = self.rows.range::<ClientId, _>((after, Bound::Unbounded));
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        rows.take(limit)
            .map(|(ById(client), _)| Arc::clone(client).into())
            .collect()
    }

    pub(super) fn update(&mut self, update: &ClientUpdate) -> UpdateOutcome {
        let new = update.client();
        let Some(old) = self.find(new.id()) else {
            return UpdateOutcome::Missing;
        };
        if !update.follows(old.revision()) {
            return UpdateOutcome::Changed;
        }
        let Some(mut row) = self.take(new.id()) else {
            return UpdateOutcome::Missing;
        };
        if update.removes_duplicate_key() {
            row.duplicate_key = None;
        }
        self.put(Arc::clone(new), row);
        UpdateOutcome::Updated
    }

    pub(super) fn set_blocked(&mut self, id: &ClientId, blocked: bool) -> BlockOutcome {
        let (Some(client), Some(row)) = (self.find(id), self.take(id)) else {
            return BlockOutcome::Missing;
        };
        let revision = client.revision().saturating_add(1);
        let client = Client {
            blocked,
            revision,
            ..Arc::unwrap_or_clone(client)
        };
        self.put(Arc::new(client), row);
        BlockOutcome::Written { revision }
    }

    /// Stores a client whose id and duplicate key are free.
    fn put(&mut self, client: Arc<Client>, row: Row) {
        let client = ById(client);
        if let Some(key) = &row.duplicate_key {
            self.by_duplicate_key.insert(**key, client.0.id().clone());
        }
        self.add_to_indexes(&client, row.usage);
        self.rows.insert(client, row);
    }

    pub(super) fn remove(&mut self, id: &ClientId) -> RemoveOutcome {
        match self.take(id) {
            Some(_) => RemoveOutcome::Removed,
            None => RemoveOutcome::Missing,
        }
    }

    /// Removes the client from the table and from all indexes.
    fn take(&mut self, id: &ClientId) -> Option<Row> {
        let (client, row) = self.rows.remove_entry(id)?;
        if let Some(key) = &row.duplicate_key {
            self.by_duplicate_key.remove(&**key);
        }
        self.remove_from_indexes(&client, row.usage);
        Some(row)
    }

    pub(super) fn touch(&mut self, id: &ClientId, touch: Activity) -> TouchOutcome {
        let Some(client) = self.find(id).map(ById) else {
            return TouchOutcome::Missing;
        };
        let Some(row) = self.rows.get_mut(id) else {
            return TouchOutcome::Missing;
        };
        let before = row.usage;
        if !row.usage.touch(touch) {
            return TouchOutcome::Unchanged;
        }
        let after = row.usage;
        self.remove_from_indexes(&client, before);
        self.add_to_indexes(&client, after);
        let limit = touch
            .limit()
            .filter(|limit| after.user() == Some(limit.user));
        let evicted = limit.map(|limit| self.evict_of_user(limit, id));
        TouchOutcome::Written {
            evicted: evicted.unwrap_or_default(),
        }
    }

    /// Removes clients of a user, except `touched`, until the limit holds: the longest idle clients first, and
    /// shared clients last.
    fn evict_of_user(&mut self, limit: UserLimit, touched: &ClientId) -> Vec<ClientId> {
        let Some(clients) = self.by_user.get(&limit.user) else {
            return Vec::new();
        };
        let evictions = limit.evictions(u64::try_from(clients.len()).unwrap_or(u64::MAX));
        let others = clients.iter().map(|(.., ById(client))| client.id());
        let others = others.filter(|id| *id != touched);
        let evicted: Vec<_> = (0..evictions)
            .zip(others)
            .map(|(_, id)| id.clone())
            .collect();
        for id in &evicted {
            self.take(id);
        }
        evicted
    }

    pub(super) fn sweep(&mut self, sweep: Sweep) -> Vec<ClientId> {
        let mut removed = Vec::new();
        for is_used in [false, true] {
            let Some(before) = sweep.before(is_used) else {
                continue;
            };
            let done = u64::try_from(removed.len()).unwrap_or(u64::MAX);
            let remaining = u64::from(sweep.max_removed()).saturating_sub(done);
            removed.extend(self.remove_idle(is_used, Some(before), remaining));
        }
        removed
    }

    /// Removes up to `limit` clients that can be removed, used or unused, and that have been idle since before
    /// `before`: the longest idle clients first.
    fn remove_idle(
        &mut self,
        is_used: bool,
        before: Option<Timestamp>,
        limit: u64,
    ) -> Vec<ClientId> {
        let mut removed = Vec::new();
        for _ in 0..limit {
            let first = self.removable(is_used).first();
            let due =
                first.filter(|(idle_since, _)| before.is_none_or(|before| *idle_since < before));
            let Some(id) = due.map(|(_, ById(client))| client.id().clone()) else {
                break;
            };
            self.take(&id);
            removed.push(id);
        }
        removed
    }

    const fn removable(&mut self, is_used: bool) -> &mut BTreeSet<(Timestamp, ById)> {
        if is_used {
            &mut self.used
        } else {
            &mut self.unused
        }
    }

    fn add_to_indexes(&mut self, client: &ById, usage: Usage) {
        if client.0.is_blocked() {
            return;
        }
        if let Some(user) = usage.user() {
            let place = (usage.is_shared(), usage.idle_since(), client.clone());
            self.by_user.entry(user).or_default().insert(place);
        }
        let place = (usage.idle_since(), client.clone());
        self.removable(usage.is_used()).insert(place);
    }

    fn remove_from_indexes(&mut self, client: &ById, usage: Usage) {
        if let Some(user) = usage.user()
            && let Entry::Occupied(mut clients) = self.by_user.entry(user)
        {
            let place = (usage.is_shared(), usage.idle_since(), client.clone());
            clients.get_mut().remove(&place);
            if clients.get().is_empty() {
                clients.remove();
            }
        }
        let place = (usage.idle_since(), client.clone());
        self.removable(usage.is_used()).remove(&place);
    }
}

impl Borrow<ClientId> for ById {
    fn borrow(&self) -> &ClientId {
        self.0.id()
    }
}

impl PartialEq for ById {
    fn eq(&self, other: &Self) -> bool {
        self.0.id() == other.0.id()
    }
}

impl Eq for ById {}

impl PartialOrd for ById {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for ById {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.id().cmp(other.0.id())
    }
}
