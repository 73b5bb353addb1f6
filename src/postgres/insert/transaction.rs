//! Insertions one after another, in a transaction that holds the rows of their tenants: nobody else
//! adds or removes clients of these tenants meanwhile.

use std::{
    collections::{BTreeMap, BTreeSet, HashSet},
    slice,
};

use sqlx::{Connection as _, PgConnection, SqlStr};
use tokio::time::Instant;

use crate::{
    postgres::{
        database::{Database, after, part, patience},
        duplicates::Duplicates,
        failure::Failure,
        insert::ids,
        removal::Removal,
        sql,
        together::{Rows, Stored},
    },
    store::{InsertOutcome, Insertion},
    stored_row,
    types::ClientId,
};

/// Which part of the time a transaction takes on insertions for: after that it is committed, so that
/// a database that is far away gets some of them done and nobody waits for the tenants for long.
const TAKING_ON: u32 = 4;

/// Carries out some of `insertions`, at least one of them. `None`: it has not come to that one.
pub(super) async fn insert(
    database: &Database,
    last_beginning: Instant,
    insertions: &[&Insertion],
) -> Result<Vec<Option<InsertOutcome>>, Failure> {
    let mut lease = database.lease().await?;
    let until = after(part(database.timeout, TAKING_ON)).min(last_beginning);
    let begin = sql::begin(patience(database.timeout));
    let outcomes = in_transaction(&mut lease, begin, until, insertions).await;
    lease.give_back(outcomes)
}

async fn in_transaction(
    connection: &mut PgConnection,
    begin: SqlStr,
    until: Instant,
    insertions: &[&Insertion],
) -> Result<Vec<Option<InsertOutcome>>, Failure> {
    let mut transaction = connection.begin_with(begin).await?;
    let mut turns = Turns::lock(&mut transaction, insertions).await?;
    let mut stored = turns.store_together(insertions).await?;
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
            let outcome = turns.insert(insertion).await?;
            is_late = Instant::now() >= until;
            Some(outcome)
        });
    }
    turns.count().await?;
    transaction.commit().await?;
    Ok(outcomes)
}

/// The rest of the transaction, once the tenants are locked.
struct Turns<'a> {
    connection: &'a mut PgConnection,
    /// How many clients each tenant has now.
    clients: BTreeMap<String, i64>,
    /// Whose number has changed.
    changed: BTreeSet<String>,
}

impl<'a> Turns<'a> {
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

    /// Stores clients of tenants that have room for all of theirs, in one round trip. Those that are
    /// not among what this gives back get their turn.
    async fn store_together(
        &mut self,
        insertions: &[&Insertion],
    ) -> Result<HashSet<Stored>, Failure> {
        let roomy = self.roomy(insertions);
        if roomy.len() < 2 {
            return Ok(HashSet::new());
        }
        let rows = Rows::new(&roomy)?;
        let stored: Vec<Stored> = sqlx::query_as(sql::INSERT_TOGETHER)
            .bind(rows.tenants)
            .bind(rows.ids)
            .bind(rows.records)
            .bind(rows.revisions)
            .bind(rows.blocked)
            .bind(rows.idle_since)
            .bind(rows.fold_keys)
            .fetch_all(&mut *self.connection)
            .await?;
        for (tenant, _) in &stored {
            let clients = self.clients.entry(tenant.clone()).or_default();
            *clients = clients.saturating_add(1);
            self.changed.insert(tenant.clone());
        }
        Ok(stored.into_iter().collect())
    }

    /// Those of tenants where nobody has to make room for any of them.
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

    /// Why it was not stored: the fold key goes before the id.
    async fn not_stored(&mut self, insertion: &Insertion) -> Result<InsertOutcome, Failure> {
        let mut folds = Duplicates::find(self.connection, slice::from_ref(&insertion)).await?;
        if let Some(client) = folds.fold(self.connection, insertion).await? {
            return Ok(InsertOutcome::Duplicate(client));
        }
        let (tenant, id) = ids(insertion);
        let is_taken = sqlx::query_scalar(sql::EXISTS).bind(tenant).bind(id);
        if is_taken.fetch_one(&mut *self.connection).await? {
            Ok(InsertOutcome::IdTaken)
        } else {
            // What had its fold key has just lost that.
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
