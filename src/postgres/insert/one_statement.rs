//! Insertions that need nothing but a free id, in one statement: a round trip, which is a transaction
//! of its own.

use std::collections::{BTreeMap, HashSet};

use tokio::time::Instant;

use crate::{
    client::Client,
    postgres::{database::Database, failure::Failure, insert::ids, sql},
    store::{InsertOutcome, Insertion},
    stored_row,
};

/// The tenant and the id of a client that was stored.
pub(super) type Stored = (String, String);

pub(super) async fn insert(
    database: &Database,
    deadline: Instant,
    insertions: &[&Insertion],
) -> Result<Vec<Option<InsertOutcome>>, Failure> {
    let stored = match insertions {
        [insertion] => insert_alone(database, deadline, insertion.client()).await?,
        _ => insert_group(database, deadline, Rows::new(insertions)?).await?,
    };
    let mut stored: HashSet<_> = stored.into_iter().collect();
    // Of several with one id only the first finds it here.
    let outcomes = insertions.iter().map(|insertion| {
        let (tenant, id) = ids(insertion);
        Some(if stored.remove(&(tenant.to_owned(), id.to_owned())) {
            let removed = Vec::new();
            InsertOutcome::Inserted { removed }
        } else {
            InsertOutcome::IdTaken
        })
    });
    Ok(outcomes.collect())
}

async fn insert_alone(
    database: &Database,
    deadline: Instant,
    client: &Client,
) -> Result<Vec<Stored>, Failure> {
    let record = stored_row::write(client)?.into_bytes();
    let stored = database.call_by(deadline, || async {
        let mut lease = database.lease().await?;
        let stored = sqlx::query_as(sql::INSERT_ALONE)
            .bind(client.tenant().as_str())
            .bind(client.id().as_str())
            .bind(&record)
            .bind(stored_row::revision(client.revision()))
            .bind(client.is_blocked())
            .bind(stored_row::millis(client.issued_at()))
            .fetch_all(&mut *lease)
            .await;
        lease.give_back(stored.map_err(Failure::from))
    });
    stored.await
}

async fn insert_group(
    database: &Database,
    deadline: Instant,
    rows: Rows<'_>,
) -> Result<Vec<Stored>, Failure> {
    let stored = database.call_by(deadline, || async {
        let mut lease = database.lease().await?;
        let stored = sqlx::query_as(sql::INSERT_GROUP)
            .bind(&rows.tenants)
            .bind(&rows.ids)
            .bind(&rows.records)
            .bind(&rows.revisions)
            .bind(&rows.blocked)
            .bind(&rows.idle_since)
            .fetch_all(&mut *lease)
            .await;
        lease.give_back(stored.map_err(Failure::from))
    });
    stored.await
}

/// The columns of clients to store, the first for each id.
#[derive(Default)]
pub(super) struct Rows<'a> {
    pub(super) tenants: Vec<&'a str>,
    pub(super) ids: Vec<&'a str>,
    pub(super) records: Vec<Vec<u8>>,
    pub(super) revisions: Vec<i64>,
    pub(super) blocked: Vec<bool>,
    pub(super) idle_since: Vec<i64>,
    pub(super) fold_keys: Vec<Option<Vec<u8>>>,
}

impl<'a> Rows<'a> {
    pub(super) fn new(insertions: &[&'a Insertion]) -> Result<Self, Failure> {
        // Groups of several nodes that have ids in common take them in one order.
        let mut sorted = BTreeMap::new();
        for insertion in insertions {
            sorted.entry(ids(insertion)).or_insert(*insertion);
        }
        let mut rows = Self::default();
        for ((tenant, id), insertion) in sorted {
            let client = insertion.client();
            rows.tenants.push(tenant);
            rows.ids.push(id);
            rows.records.push(stored_row::write(client)?.into_bytes());
            rows.revisions.push(stored_row::revision(client.revision()));
            rows.blocked.push(client.is_blocked());
            rows.idle_since.push(stored_row::millis(client.issued_at()));
            let key = insertion.duplicate_key();
            rows.fold_keys.push(key.map(|key| key.as_bytes().to_vec()));
        }
        Ok(rows)
    }
}
