//! Inserts new clients.

use std::sync::Arc;

use sqlx::{QueryBuilder, SqliteConnection};

use crate::{
    client::Client,
    sqlite::{
        count::count,
        failure::Failure,
        removal::{remaining, remove_idle},
        row,
        touch::touch,
    },
    store::{InsertOutcome, Insertion, Usage},
    stored_row::{self, millis},
    types::ClientId,
};

const INSERT_INTO: &str = "INSERT INTO oauth_dcr_clients \
    (tenant, client_id, record, revision, blocked, is_used, idle_since, fold_key) ";

/// A prepared statement with up to this many rows is cached. sqlx caches 100 statements of a connection, so the other
/// statements fit as well.
const MAX_CACHED_ROWS: usize = 64;

/// A client to insert.
pub(super) struct NewClient {
    pub(super) insertion: Insertion,
    pub(super) record: String,
}

/// Inserts a client under the conditions of its insertion.
pub(super) async fn insert(
    connection: &mut SqliteConnection,
    new: &NewClient,
) -> Result<InsertOutcome, Failure> {
    let insertion = &new.insertion;
    if let Some(client) = touch_duplicate(connection, insertion).await? {
        return Ok(InsertOutcome::Duplicate(client));
    }
    let mut removed = Vec::new();
    if insertion.has_limit() {
        let (tenant, id) = (insertion.client().tenant(), insertion.client().id());
        // If the id is taken, no client must be evicted.
        if row::exists(&mut *connection, tenant, id).await? {
            return Ok(InsertOutcome::IdTaken);
        }
        let evictions = insertion.evictions(count(connection, tenant).await?);
        removed = evict(connection, insertion, evictions).await?;
        if evictions > 0 && removed.is_empty() {
            return Ok(InsertOutcome::Full);
        }
    }
    let is_inserted = insert_all(connection, &[new]).await?;
    Ok(if is_inserted {
        InsertOutcome::Inserted { removed }
    } else {
        InsertOutcome::IdTaken
    })
}

/// Inserts all `clients`, whatever the conditions of their insertions are. Returns `false` if an id is taken. Then no
/// client is inserted, and the transaction can continue.
pub(super) async fn insert_all(
    connection: &mut SqliteConnection,
    clients: &[&NewClient],
) -> Result<bool, Failure> {
    if clients.is_empty() {
        return Ok(true);
    }
    let mut sql = QueryBuilder::new(INSERT_INTO);
    sql.push_values(clients, |mut values, NewClient { insertion, record }| {
        let client = insertion.client();
        let usage = Usage::registered(client.issued_at());
        values
            .push_bind(client.tenant().as_str())
            .push_bind(client.id().as_str())
            .push_bind(record.as_str())
            .push_bind(stored_row::revision(client.revision()))
            .push_bind(client.is_blocked())
            .push_bind(usage.is_used())
            .push_bind(millis(usage.idle_since()))
            .push_bind(insertion.duplicate_key().map(|key| key.as_bytes().to_vec()));
    });
    let insert = sql.build().persistent(clients.len() <= MAX_CACHED_ROWS);
    match insert.execute(connection).await {
        Ok(_) => Ok(true),
        Err(sqlx::Error::Database(error)) if error.is_unique_violation() => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// Finds the client that `insertion` is a duplicate of, and records that it registered again.
async fn touch_duplicate(
    connection: &mut SqliteConnection,
    insertion: &Insertion,
) -> Result<Option<Arc<Client>>, Failure> {
    let tenant = insertion.client().tenant();
    let Some(key) = insertion.duplicate_key() else {
        return Ok(None);
    };
    let Some(duplicate) = row::duplicate(&mut *connection, tenant, key).await? else {
        return Ok(None);
    };
    let client = duplicate.client()?;
    let again = insertion.registered_again();
    touch(connection, tenant, client.id(), again).await?;
    Ok(Some(client))
}

/// Evicts up to `evictions` clients: first clients that were never used, then clients without a live grant.
async fn evict(
    connection: &mut SqliteConnection,
    insertion: &Insertion,
    evictions: u64,
) -> Result<Vec<ClientId>, Failure> {
    let tenant = insertion.client().tenant();
    let mut removed = Vec::new();
    let before = millis(insertion.idle_before());
    for (is_used, latest) in [(false, i64::MAX), (true, before.saturating_sub(1))] {
        let remaining = remaining(evictions, &removed);
        removed.extend(remove_idle(connection, tenant, is_used, latest, remaining).await?);
    }
    Ok(removed)
}
