//! The rows of a correct store. Like a database, it stores more than the rows: an index of the
//! duplicate keys, and a count for each tenant.

use std::collections::BTreeMap;

use oauth_dcr::{
    ClientId, TenantId,
    client::StoredClient,
    store::{
        Activity, BlockOutcome, ClientUpdate, DuplicateKey, InsertOutcome, Insertion,
        RemoveOutcome, Sweep, TouchOutcome, UpdateOutcome, UserLimit,
    },
};

use super::{
    row::{Answer, At, Page, Row, failure},
    steps::{Seen, Steps, first_of},
};

#[derive(Default)]
pub(super) struct Rows {
    pub(super) steps: Steps,
    pub(super) stored: BTreeMap<String, Row>,
    /// The owner of each duplicate key.
    pub(super) keys: BTreeMap<Vec<u8>, At>,
    counts: BTreeMap<String, i64>,
    /// What a broken store leaves behind.
    pub(super) left: BTreeMap<String, Row>,
}

#[expect(
    clippy::unnecessary_wraps,
    reason = "a call that replaces one of these may fail"
)]
impl Rows {
    fn prefix(&self, tenant: &TenantId) -> String {
        (self.steps.tenant)(tenant) + self.steps.separator
    }

    pub(super) fn place(&self, at: &At) -> String {
        self.prefix(&at.tenant) + &(self.steps.id)(&at.id)
    }

    pub(super) fn get(&self, at: &At) -> Option<&Row> {
        self.stored.get(&self.place(at))
    }

    pub(super) fn get_mut(&mut self, at: &At) -> Option<&mut Row> {
        let place = self.place(at);
        self.stored.get_mut(&place)
    }

    /// Changes a row, if there is a row.
    pub(super) fn change(&mut self, at: &At, change: impl FnOnce(&mut Row)) {
        if let Some(row) = self.get_mut(at) {
            change(row);
        }
    }

    /// Replaces a row, if there is a row.
    pub(super) fn write_back(&mut self, row: Row) {
        if let Some(stored) = self.get_mut(&row.at) {
            *stored = row;
        }
    }

    /// The rows of a tenant, by id.
    pub(super) fn of(&self, tenant: &TenantId) -> impl Iterator<Item = &Row> {
        let prefix = self.prefix(tenant);
        let later = self.stored.range(prefix.clone()..);
        let of_tenant = later.take_while(move |(place, _)| place.starts_with(&prefix));
        of_tenant.map(|(_, row)| row)
    }

    pub(super) fn seen(&self, tenant: &TenantId) -> Vec<Seen> {
        self.of(tenant).map(Row::seen).collect()
    }

    pub(super) fn count(&mut self, tenant: &TenantId) -> &mut i64 {
        let counted = (self.steps.counted)(tenant);
        self.counts.entry(counted).or_default()
    }

    fn owner(&self, tenant: &TenantId, key: DuplicateKey) -> Option<At> {
        self.keys.get(&(self.steps.key)(tenant, key)).cloned()
    }

    /// Stores a client and its key, and increments the count.
    pub(super) fn put(&mut self, insertion: &Insertion) {
        self.put_row(insertion);
        self.put_key(insertion);
        *self.count(insertion.client().tenant()) += 1;
    }

    /// Stores a client again that was removed for a moment.
    pub(super) fn put_back(&mut self, row: Row) {
        if let Some(key) = row.key {
            let key = (self.steps.key)(&row.at.tenant, key);
            self.keys.insert(key, row.at.clone());
        }
        *self.count(&row.at.tenant) += 1;
        self.stored.insert(self.place(&row.at), row);
    }

    pub(super) fn put_row(&mut self, insertion: &Insertion) {
        let client = insertion.client();
        let row = Row {
            at: At::of(client),
            record: (self.steps.written)(serde_json::to_string(&**client).unwrap()),
            blocked: client.is_blocked(),
            revision: client.revision(),
            usage: (self.steps.registered)(client),
            key: insertion.duplicate_key(),
        };
        self.stored.insert(self.place(&row.at), row);
    }

    pub(super) fn put_key(&mut self, insertion: &Insertion) {
        let at = At::of(insertion.client());
        self.change(&at, |row| row.key = insertion.duplicate_key());
        if let Some(key) = insertion.duplicate_key() {
            let key = (self.steps.key)(&at.tenant, key);
            self.keys.insert(key, at);
        }
    }

    /// Removes a client and its key, and decrements the count.
    pub(super) fn take(&mut self, at: &At) -> Option<Row> {
        let row = self.stored.remove(&self.place(at))?;
        self.take_key(at, row.key);
        *self.count(&at.tenant) -= 1;
        Some(row)
    }

    pub(super) fn take_key(&mut self, at: &At, key: Option<DuplicateKey>) {
        if let Some(key) = key {
            self.keys.remove(&(self.steps.key)(&at.tenant, key));
        }
    }

    pub(super) fn take_all(&mut self, tenant: &TenantId, ids: &[ClientId]) {
        for id in ids {
            self.take(&At::new(tenant, id));
        }
    }

    /// The client that has the key of `insertion`, touched.
    pub(super) fn duplicate(&mut self, insertion: &Insertion) -> Answer<Option<InsertOutcome>> {
        let tenant = insertion.client().tenant();
        let key = insertion.duplicate_key();
        let Some(at) = key.and_then(|key| self.owner(tenant, key)) else {
            return Ok(None);
        };
        let again = self.steps.registered_again;
        let row = self.get_mut(&at).ok_or(failure("a key of no client"))?;
        let client = row.client()?;
        let touched = again(row.usage, insertion.registered_again());
        row.usage = touched.unwrap_or(row.usage);
        Ok(Some(InsertOutcome::Duplicate(client)))
    }

    /// Which clients are evicted for a new client, or `None` if the tenant is full.
    pub(super) fn evicted(&mut self, insertion: &Insertion) -> Option<Vec<ClientId>> {
        let tenant = insertion.client().tenant();
        let clients = u64::try_from(*self.count(tenant)).unwrap_or(0);
        let evictions = (self.steps.evictions)(insertion, clients);
        if evictions == 0 {
            return Some(Vec::new());
        }
        let order = |seen: &Seen| (self.steps.evicted)(insertion, seen);
        Some(first_of(evictions, &self.seen(tenant), order)).filter(|it| !it.is_empty())
    }

    pub(super) fn insert(&mut self, insertion: &Insertion) -> Answer<InsertOutcome> {
        let client = insertion.client();
        if let Some(duplicate) = self.duplicate(insertion)? {
            return Ok(duplicate);
        }
        if self.get(&At::of(client)).is_some() {
            return Ok(InsertOutcome::IdTaken);
        }
        let Some(removed) = self.evicted(insertion) else {
            return Ok(InsertOutcome::Full);
        };
        self.take_all(client.tenant(), &removed);
        self.put(insertion);
        Ok(InsertOutcome::Inserted { removed })
    }

    pub(super) fn find(&mut self, at: &At) -> Answer<Option<StoredClient>> {
        Ok(self.get(at).map(Row::read))
    }

    pub(super) fn list(&mut self, page: &Page) -> Answer<Vec<StoredClient>> {
        let is_later = |row: &&Row| page.after.as_ref().is_none_or(|after| row.at.id > *after);
        let rows = self.of(&page.tenant).filter(is_later);
        Ok(rows.take(page.limit as usize).map(Row::read).collect())
    }

    pub(super) fn update(&mut self, update: &ClientUpdate) -> Answer<UpdateOutcome> {
        let at = At::of(update.client());
        let follows = self.steps.follows;
        match self.get(&at) {
            None => return Ok(UpdateOutcome::Missing),
            Some(row) if !follows(update, row.revision) => return Ok(UpdateOutcome::Changed),
            Some(_) => {}
        }
        self.write(update);
        if update.removes_duplicate_key() {
            self.free_key(&at);
        }
        Ok(UpdateOutcome::Updated)
    }

    /// Writes the new record, and the fields beside it.
    pub(super) fn write(&mut self, update: &ClientUpdate) {
        let client = update.client();
        let (written, updated) = (self.steps.written, self.steps.updated);
        let Some(row) = self.get_mut(&At::of(client)) else {
            return;
        };
        let new = serde_json::to_string(&**client).unwrap();
        row.record = updated(&row.record, written(new));
        row.blocked = client.is_blocked();
        row.revision = client.revision();
    }

    pub(super) fn free_key(&mut self, at: &At) {
        let key = self.get_mut(at).and_then(|row| row.key.take());
        self.take_key(at, key);
    }

    pub(super) fn set_blocked(&mut self, given: &(At, bool)) -> Answer<BlockOutcome> {
        let (at, blocked) = given;
        let Some(row) = self.get_mut(at) else {
            return Ok(BlockOutcome::Missing);
        };
        let revision = row.revision.saturating_add(1);
        (row.blocked, row.revision) = (*blocked, revision);
        Ok(BlockOutcome::Written { revision })
    }

    pub(super) fn remove(&mut self, at: &At) -> Answer<RemoveOutcome> {
        let removed = self.take(at);
        Ok(removed.map_or(RemoveOutcome::Missing, |_| RemoveOutcome::Removed))
    }

    pub(super) fn touch(&mut self, given: &(At, Activity)) -> Answer<TouchOutcome> {
        let (at, activity) = given;
        let touched = self.steps.touched;
        let Some(row) = self.get_mut(at) else {
            return Ok(TouchOutcome::Missing);
        };
        let Some(usage) = touched(row.usage, *activity) else {
            return Ok(TouchOutcome::Unchanged);
        };
        row.usage = usage;
        let limit = activity.limit();
        let evicted = limit.map_or_else(Vec::new, |limit| self.evicted_by(limit, at));
        self.take_all(&at.tenant, &evicted);
        Ok(TouchOutcome::Written { evicted })
    }

    /// Which of a user's clients are evicted after a client was touched.
    pub(super) fn evicted_by(&self, limit: UserLimit, touched: &At) -> Vec<ClientId> {
        let steps = &self.steps;
        let mut seen = self.seen(&touched.tenant);
        if !seen
            .iter()
            .any(|it| it.0 == touched.id && (steps.is_theirs)(limit, it))
        {
            return Vec::new();
        }
        seen.retain(|seen| (steps.is_theirs)(limit, seen));
        let counted = seen.iter().filter(|seen| (steps.counts_for_user)(seen));
        let evictions = (steps.user_evictions)(limit, counted.count() as u64);
        let order = |seen: &Seen| (steps.evicted_of_user)(&touched.id, seen);
        first_of(evictions, &seen, order)
    }

    pub(super) fn due(&self, given: &(TenantId, Sweep)) -> Vec<ClientId> {
        let (tenant, sweep) = given;
        let due = self
            .of(tenant)
            .filter(|row| (self.steps.swept)(sweep, &row.seen()));
        let ids = due.map(|row| row.at.id.clone());
        ids.take(sweep.max_removed() as usize).collect()
    }

    pub(super) fn sweep(&mut self, given: &(TenantId, Sweep)) -> Answer<Vec<ClientId>> {
        let due = self.due(given);
        self.take_all(&given.0, &due);
        Ok(due)
    }
}
