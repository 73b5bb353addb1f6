//! Carries out insertions of one tenant, one after another, in a transaction that locks the tenant's row. Meanwhile, no
//! other transaction adds or removes clients of a counted tenant.

use std::{slice, time::Duration};

use sqlx::{Connection as _, PgConnection};
use tokio::time::Instant;

use crate::{
    group_commit::deadline_after,
    postgres::{
        counter::{self, Counter},
        failure::Failure,
        insert::{
            columns::Columns,
            duplicates::Duplicates,
            job::{Outcome, ids},
            stored::Stored,
        },
        read,
        removal::Removal,
        sql,
        time_outs::{GroupTime, lock_timeout, part},
    },
    store::{InsertOutcome, Insertion},
    stored_row,
    types::ClientId,
};

/// A transaction starts insertions for this fraction of the time-out, and is then committed. So a distant database
/// completes some of the insertions, and the tenant is not locked for long.
const STARTING: u32 = 4;

/// Carries out at least one of `insertions`.
pub(super) async fn insert(
    connection: &mut PgConnection,
    time: GroupTime,
    insertions: &[&Insertion],
) -> Result<Vec<Outcome>, Failure> {
    let [first, ..] = insertions else {
        return Ok(Vec::new());
    };
    let (tenant, _) = ids(first);
    let has_limit = insertions.iter().any(|insertion| insertion.has_limit());
    let lock_timeout = lock_timeout(time.timeout);
    let announced = if has_limit {
        announce_count(connection, tenant, lock_timeout).await?
    } else {
        None
    };
    let until = deadline_after(part(time.timeout, STARTING)).min(time.last_beginning);
    let mut inner = connection.begin_with(sql::begin(lock_timeout)).await?;
    let counter = Counter::lock(&mut inner, tenant).await?;
    let (clients, is_first_count) = match (counter, announced) {
        (Counter::Counted(clients), _) => (Some(clients), false),
        _ if !has_limit => (None, false),
        (Counter::Announced, Some(_)) => (Some(counter::count(&mut inner, tenant).await?), true),
        // An operator has ended counting in the meantime.
        _ => return Err(Failure::Overtaken),
    };
    let transaction = Transaction {
        connection: &mut inner,
        tenant,
        clients,
        is_count_final: !is_first_count || announced == Some(true),
        is_changed: is_first_count,
    };
    let outcomes = transaction.carry_out(insertions, until).await?;
    inner.commit().await?;
    Ok(outcomes)
}

/// Announces that the clients of `tenant` are about to be counted, and waits for insertions that began before. Returns
/// whether they have ended, so that a count stays correct. `None` if the tenant is already counted.
async fn announce_count(
    connection: &mut PgConnection,
    tenant: &str,
    lock_timeout: Duration,
) -> Result<Option<bool>, Failure> {
    // Most tenants are already counted, and checking this takes no lock.
    if counter::is_counted(connection, tenant).await? {
        return Ok(None);
    }
    let mut transaction = connection.begin_with(sql::begin(lock_timeout)).await?;
    let counter = Counter::lock(&mut transaction, tenant).await?;
    if matches!(counter, Counter::Uncounted) {
        counter::announce(&mut transaction, tenant).await?;
    }
    transaction.commit().await?;
    let have_ended = counter::wait_for_insertions(connection, lock_timeout).await?;
    Ok(Some(have_ended))
}

/// The rest of the transaction, once the tenant is locked.
struct Transaction<'a> {
    connection: &'a mut PgConnection,
    tenant: &'a str,
    /// The current number of clients of the tenant, if it is known.
    clients: Option<i64>,
    /// Whether the number stays correct after the transaction.
    is_count_final: bool,
    /// Whether the number has to be written.
    is_changed: bool,
}

impl Transaction<'_> {
    async fn carry_out(
        mut self,
        insertions: &[&Insertion],
        until: Instant,
    ) -> Result<Vec<Outcome>, Failure> {
        let mut stored = self.store_in_one_statement(insertions).await?;
        let mut is_late = false;
        let mut outcomes = Vec::with_capacity(insertions.len());
        for insertion in insertions {
            let mut outcome = stored.take(insertion);
            if outcome.is_none() && !is_late {
                outcome = Some(self.insert(insertion).await?);
                is_late = Instant::now() >= until;
            }
            outcomes.push(outcome.map(Ok));
        }
        self.write_count().await?;
        Ok(outcomes)
    }

    /// Stores the clients in one round trip, if no client has to be evicted. Clients that this does not return are
    /// inserted one by one.
    async fn store_in_one_statement(
        &mut self,
        insertions: &[&Insertion],
    ) -> Result<Stored, Failure> {
        if insertions.len() < 2 || !self.has_room(insertions) {
            return Ok(Stored::default());
        }
        let columns = Columns::new(insertions)?;
        let stored = columns.store(self.connection, sql::INSERT_SEVERAL).await?;
        self.add(stored.len(), 0);
        Ok(stored)
    }

    /// Whether none of `insertions` needs an eviction.
    fn has_room(&self, insertions: &[&Insertion]) -> bool {
        let mut clients = self.clients();
        insertions.iter().all(|insertion| {
            let evictions = insertion.evictions(clients);
            clients = clients.saturating_add(1);
            evictions == 0
        })
    }

    /// The number of clients of the tenant. It is 0 if no insertion has a limit, because the number is not needed then.
    fn clients(&self) -> u64 {
        let clients = self.clients.map(u64::try_from);
        clients.and_then(Result::ok).unwrap_or(0)
    }

    fn add(&mut self, stored: usize, removed: usize) {
        let [stored, removed] =
            [stored, removed].map(|count| i64::try_from(count).unwrap_or(i64::MAX));
        let changed = |clients: i64| clients.saturating_add(stored).saturating_sub(removed);
        self.clients = self.clients.map(changed);
        self.is_changed |= stored != removed;
    }

    async fn insert(&mut self, insertion: &Insertion) -> Result<InsertOutcome, Failure> {
        if !self.store(insertion).await? {
            return self.not_stored(insertion).await;
        }
        let (tenant, id) = ids(insertion);
        let evictions = insertion.evictions(self.clients());
        let removed = self.evict(insertion, evictions).await?;
        if evictions > 0 && removed.is_empty() {
            let take_back = sqlx::query(sql::TAKE_BACK).bind(tenant).bind(id);
            take_back.execute(&mut *self.connection).await?;
            return Ok(InsertOutcome::Full);
        }
        self.add(1, removed.len());
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

    /// Finds out why the client was not stored. The duplicate key is checked before the id.
    async fn not_stored(&mut self, insertion: &Insertion) -> Result<InsertOutcome, Failure> {
        let mut duplicates = Duplicates::find(self.connection, slice::from_ref(&insertion)).await?;
        if let Some(client) = duplicates.deduplicate(self.connection, insertion).await? {
            return Ok(InsertOutcome::Duplicate(client));
        }
        let (tenant, id) = ids(insertion);
        let found = sqlx::query(sql::EXISTS).bind(tenant).bind(id);
        match read::row(self.connection, found).await? {
            Some(_) => Ok(InsertOutcome::IdTaken),
            // The client that had its duplicate key has just lost the key.
            None => Err(Failure::Overtaken),
        }
    }

    async fn evict(
        &mut self,
        insertion: &Insertion,
        evictions: u64,
    ) -> Result<Vec<ClientId>, Failure> {
        let client = insertion.client();
        let mut removal = Removal::new(evictions);
        while let Some(remaining) = removal.remaining() {
            let chosen = sqlx::query_as(sql::EVICT)
                .bind(client.tenant().as_str())
                .bind(client.id().as_str())
                .bind(remaining)
                .bind(stored_row::millis(insertion.idle_before()))
                .fetch_all(&mut *self.connection)
                .await?;
            removal.add(chosen);
        }
        removal.ended(Ok(()))
    }

    /// Writes the number of clients, if they are counted.
    async fn write_count(self) -> Result<(), Failure> {
        let must_write = self.is_count_final && self.is_changed;
        match self.clients.filter(|_| must_write) {
            Some(clients) => counter::write(self.connection, self.tenant, clients).await,
            None => Ok(()),
        }
    }
}
