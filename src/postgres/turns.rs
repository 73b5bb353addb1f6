//! Insertions one after another, in a transaction that holds the rows of their tenants: nobody else
//! adds or removes clients of these tenants meanwhile.

use std::{
    collections::{BTreeMap, BTreeSet},
    slice,
};

use sqlx::{Connection as _, PgConnection};
use tokio::time::Instant;

use crate::{
    ports::{InsertOutcome, Insertion},
    postgres::{
        database::{Database, after, patience},
        failure::Failure,
        fold::Folds,
        insert::ids,
        removal::Removal,
        row, sql,
    },
    values::ClientId,
};

/// Which part of the time a transaction takes on insertions for: after that it is committed, so that
/// a database that is far away gets some of them done and nobody waits for the tenants for long.
const TAKING_ON: u32 = 3;

/// Carries out the first of `insertions`, at least one of them.
pub(super) async fn insert(
    database: &Database,
    insertions: &[&Insertion],
) -> Result<Vec<InsertOutcome>, Failure> {
    let mut lease = database.lease().await?;
    let outcomes = in_transaction(&mut lease, database, insertions).await;
    lease.give_back(outcomes)
}

async fn in_transaction(
    connection: &mut PgConnection,
    database: &Database,
    insertions: &[&Insertion],
) -> Result<Vec<InsertOutcome>, Failure> {
    let until = after(database.timeout / TAKING_ON);
    let begin = sql::begin(patience(database.timeout));
    let mut transaction = connection.begin_with(begin).await?;
    let mut turns = Turns::lock(&mut transaction, insertions).await?;
    let mut outcomes = Vec::with_capacity(insertions.len());
    for insertion in insertions {
        outcomes.push(turns.insert(insertion).await?);
        if Instant::now() >= until {
            break;
        }
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

    async fn insert(&mut self, insertion: &Insertion) -> Result<InsertOutcome, Failure> {
        if !self.store(insertion).await? {
            return self.not_stored(insertion).await;
        }
        let (tenant, id) = ids(insertion);
        let before = self.clients.get(tenant).copied().unwrap_or(0);
        let to_go = insertion.to_make_room(before.try_into().unwrap_or(0));
        let removed = self.make_room(insertion, to_go).await?;
        if to_go > 0 && removed.is_empty() {
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
        let key = insertion.fold_key();
        let stored = sqlx::query(sql::INSERT)
            .bind(client.tenant().as_str())
            .bind(client.id().as_str())
            .bind(row::write(client)?)
            .bind(row::revision(client.revision()))
            .bind(client.is_blocked())
            .bind(row::millis(client.issued_at()))
            .bind(key.as_ref().map(|key| key.as_bytes().as_slice()))
            .execute(&mut *self.connection)
            .await?;
        Ok(stored.rows_affected() > 0)
    }

    /// Why it was not stored: the fold key goes before the id.
    async fn not_stored(&mut self, insertion: &Insertion) -> Result<InsertOutcome, Failure> {
        let mut folds = Folds::find(self.connection, slice::from_ref(&insertion)).await?;
        if let Some(client) = folds.fold(self.connection, insertion).await? {
            return Ok(InsertOutcome::Folded(client));
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

    async fn make_room(
        &mut self,
        insertion: &Insertion,
        to_go: u64,
    ) -> Result<Vec<ClientId>, Failure> {
        let client = insertion.client();
        let mut removal = Removal::new(client.tenant(), to_go);
        while let Some(left) = removal.left() {
            let chosen = sqlx::query_as(sql::MAKE_ROOM)
                .bind(client.tenant().as_str())
                .bind(client.id().as_str())
                .bind(left)
                .fetch_all(&mut *self.connection)
                .await?;
            removal.add(chosen)?;
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
