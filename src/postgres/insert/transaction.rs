//! Insertions one after another, in a transaction that locks the rows of their tenants. Meanwhile no
//! other transaction adds or removes clients of these tenants.

use std::{
    collections::{BTreeMap, BTreeSet, HashSet},
    slice,
    time::Duration,
};

use sqlx::{Connection as _, PgConnection};
use tokio::time::Instant;

use crate::{
    postgres::{
        failure::Failure,
        insert::{
            columns::{Columns, Stored},
            duplicates::Duplicates,
            job::ids,
        },
        removal::Removal,
        sql,
        time_outs::{after, lock_timeout, part},
    },
    store::{InsertOutcome, Insertion},
    stored_row,
    types::ClientId,
};

/// Which part of the time a transaction starts insertions for. Then it is committed, so that a
/// database that is far away completes some of them, and the tenants are not locked for long.
const STARTING: u32 = 4;

/// Carries out some of `insertions`, at least one of them. `None`: that insertion was not started.
pub(super) async fn insert(
    connection: &mut PgConnection,
    timeout: Duration,
    last_beginning: Instant,
    insertions: &[&Insertion],
) -> Result<Vec<Option<InsertOutcome>>, Failure> {
    let until = after(part(timeout, STARTING)).min(last_beginning);
    let begin = sql::begin(lock_timeout(timeout));
    let mut inner = connection.begin_with(begin).await?;
    let mut transaction = Transaction::lock(&mut inner, insertions).await?;
    let mut stored = transaction.store_in_one_statement(insertions).await?;
    let mut is_late = false;
    let mut outcomes = Vec::with_capacity(insertions.len());
    for insertion in insertions {
        let (tenant, id) = ids(insertion);
        outcomes.push(if stored.remove(&(tenant.to_owned(), id.to_owned())) {
            let removed = Vec::new();
            Some(InsertOutcome::Inserted { removed })
        } else if is_late {
            None
        } else {
            let outcome = transaction.insert(insertion).await?;
            is_late = Instant::now() >= until;
            Some(outcome)
        });
    }
    transaction.count().await?;
    inner.commit().await?;
    Ok(outcomes)
}

/// The rest of the transaction, once the tenants are locked.
struct Transaction<'a> {
    connection: &'a mut PgConnection,
    /// How many clients each tenant has now.
    clients: BTreeMap<String, i64>,
    /// The tenants whose number of clients has changed.
    changed: BTreeSet<String>,
}

impl<'a> Transaction<'a> {
    async fn lock(
        connection: &'a mut PgConnection,
        insertions: &[&Insertion],
    ) -> Result<Self, Failure> {
        let tenants: BTreeSet<_> = insertions.iter().map(|it| ids(it).0).collect();
        let tenants: Vec<_> = tenants.into_iter().collect();
        let clients = sqlx::query_as(sql::LOCK_TENANTS)
            .bind(tenants)
            .fetch_all(&mut *connection)
            .await?;
        Ok(Self {
            connection,
            clients: clients.into_iter().collect(),
            changed: BTreeSet::new(),
        })
    }

    /// Stores the clients of tenants that have room for all of theirs, in one round trip. Clients that
    /// this does not return are inserted one by one.
    async fn store_in_one_statement(
        &mut self,
        insertions: &[&Insertion],
    ) -> Result<HashSet<Stored>, Failure> {
        let roomy = self.roomy(insertions);
        if roomy.len() < 2 {
            return Ok(HashSet::new());
        }
        let columns = Columns::new(&roomy)?;
        let stored: Vec<Stored> = sqlx::query_as(sql::INSERT_SEVERAL)
            .bind(columns.tenants)
            .bind(columns.ids)
            .bind(columns.records)
            .bind(columns.revisions)
            .bind(columns.blocked)
            .bind(columns.idle_since)
            .bind(columns.duplicate_keys)
            .fetch_all(&mut *self.connection)
            .await?;
        for (tenant, _) in &stored {
            let clients = self.clients.entry(tenant.clone()).or_default();
            *clients = clients.saturating_add(1);
            self.changed.insert(tenant.clone());
        }
        Ok(stored.into_iter().collect())
    }

    /// The insertions of tenants where none of them needs an eviction.
    fn roomy<'i>(&self, insertions: &[&'i Insertion]) -> Vec<&'i Insertion> {
        let mut crowded = BTreeSet::new();
        let mut clients = self.clients.clone();
        for insertion in insertions {
            let (tenant, _) = ids(insertion);
            let before = clients.entry(tenant.to_owned()).or_default();
            if insertion.evictions((*before).try_into().unwrap_or(0)) > 0 {
                crowded.insert(tenant);
            }
            *before = before.saturating_add(1);
        }
        let has_room = |it: &&Insertion| !crowded.contains(ids(it).0);
        insertions.iter().copied().filter(has_room).collect()
    }

    async fn insert(&mut self, insertion: &Insertion) -> Result<InsertOutcome, Failure> {
        if !self.store(insertion).await? {
            return self.not_stored(insertion).await;
        }
        let (tenant, id) = ids(insertion);
        let before = self.clients.get(tenant).copied().unwrap_or(0);
        let evictions = insertion.evictions(before.try_into().unwrap_or(0));
        let removed = self.evict(insertion, evictions).await?;
        if evictions > 0 && removed.is_empty() {
            let take_back = sqlx::query(sql::TAKE_BACK).bind(tenant).bind(id);
            take_back.execute(&mut *self.connection).await?;
            return Ok(InsertOutcome::Full);
        }
        let gone = i64::try_from(removed.len()).unwrap_or(i64::MAX);
        let now = before.saturating_add(1).saturating_sub(gone);
        self.clients.insert(tenant.to_owned(), now);
        self.changed.insert(tenant.to_owned());
        Ok(InsertOutcome::Inserted { removed })
    }

    async fn store(&mut self, insertion: &Insertion) -> Result<bool, Failure> {
        let client = insertion.client();
        let key = insertion.duplicate_key();
        let stored = sqlx::query(sql::INSERT)
            .bind(client.tenant().as_str())
            .bind(client.id().as_str())
            .bind(stored_row::write(client)?.into_bytes())
            .bind(stored_row::revision(client.revision()))
            .bind(client.is_blocked())
            .bind(stored_row::millis(client.issued_at()))
            .bind(key.as_ref().map(|key| key.as_bytes().as_slice()))
            .execute(&mut *self.connection)
            .await?;
        Ok(stored.rows_affected() > 0)
    }

    /// Why it was not stored: the duplicate key is looked at before the id.
    async fn not_stored(&mut self, insertion: &Insertion) -> Result<InsertOutcome, Failure> {
        let mut duplicates = Duplicates::find(self.connection, slice::from_ref(&insertion)).await?;
        if let Some(client) = duplicates.deduplicate(self.connection, insertion).await? {
            return Ok(InsertOutcome::Duplicate(client));
        }
        let (tenant, id) = ids(insertion);
        let is_taken = sqlx::query_scalar(sql::EXISTS).bind(tenant).bind(id);
        if is_taken.fetch_one(&mut *self.connection).await? {
            Ok(InsertOutcome::IdTaken)
        } else {
            // The client that had its duplicate key has just lost the key.
            Err(Failure::Overtaken)
        }
    }

    async fn evict(
        &mut self,
        insertion: &Insertion,
        evictions: u64,
    ) -> Result<Vec<ClientId>, Failure> {
        let client = insertion.client();
        let mut removal = Removal::new(evictions);
        while let Some(left) = removal.left() {
            let chosen = sqlx::query_as(sql::EVICT)
                .bind(client.tenant().as_str())
                .bind(client.id().as_str())
                .bind(left)
                .bind(stored_row::millis(insertion.idle_before()))
                .fetch_all(&mut *self.connection)
                .await?;
            removal.add(chosen);
        }
        removal.ended(Ok(()))
    }

    /// Writes down how many clients there are now.
    async fn count(self) -> Result<(), Failure> {
        let changed = self
            .clients
            .iter()
            .filter(|(tenant, _)| self.changed.contains(*tenant));
        let (tenants, clients): (Vec<&str>, Vec<i64>) = changed
            .map(|(tenant, clients)| (tenant.as_str(), *clients))
            .unzip();
        if !tenants.is_empty() {
            let count = sqlx::query(sql::COUNT).bind(tenants).bind(clients);
            count.execute(self.connection).await?;
        }
        Ok(())
    }
}
