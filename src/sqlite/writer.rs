//! The one connection that writes: a group of jobs, one transaction.

use std::{error::Error, fmt, sync::Arc};

use sqlx::{Connection as _, QueryBuilder, SqliteConnection};

use crate::{
    error::BackendError,
    group_commit::Commit,
    life::{Sweep, Touch, TouchOutcome, Usage},
    ports::{ClientUpdate, Insertion, RemoveOutcome, UpdateOutcome},
    sqlite::row::{self, BACKEND, millis, signed},
    values::{ClientId, TenantId},
};

/// Something to write. Records are encoded already: what can fail before the transaction has failed
/// before it.
pub(super) enum Job {
    Insert(Insertion, String),
    Update(ClientUpdate, String),
    Remove(TenantId, ClientId),
    Touch(TenantId, ClientId, Touch),
    Sweep(TenantId, Sweep),
}

/// An insertion without conditions, and its record.
type Plain = (Insertion, String);

/// Something with its place in the group.
type Placed<T> = (usize, T);

const INSERT_INTO: &str = "INSERT INTO oauth_dcr_clients \
    (tenant, client_id, record, revision, blocked, is_used, idle_since, fold_key) ";

/// What became of a job.
pub(super) enum Done {
    Inserted { removed: Vec<ClientId> },
    IdTaken,
    Folded { record: String },
    Full,
    Update(UpdateOutcome),
    Remove(RemoveOutcome),
    Touch(TouchOutcome),
    Swept(Vec<ClientId>),
}

impl Done {
    /// The error for an answer to another job.
    pub(super) fn unexpected() -> BackendError {
        BackendError::new(BACKEND, "the writer answered another job")
    }
}

pub(super) struct Writer {
    connection: SqliteConnection,
}

/// One failure that many share.
#[derive(Clone, Debug)]
struct Shared(Arc<sqlx::Error>);

impl Writer {
    pub(super) const fn new(connection: SqliteConnection) -> Self {
        Self { connection }
    }

    /// Carries out all of `jobs`, or none.
    async fn write(&mut self, jobs: Vec<Job>) -> Result<Vec<Done>, sqlx::Error> {
        // The lock is taken at once: a transaction that reads first could be refused it later.
        let mut transaction = self.connection.begin_with("BEGIN IMMEDIATE").await?;
        let (plain, others) = split(jobs);
        let mut done = insert_plain(&mut transaction, plain).await?;
        for (place, job) in others {
            done.push((place, carry_out(&mut transaction, job).await?));
        }
        transaction.commit().await?;
        done.sort_unstable_by_key(|(place, _)| *place);
        Ok(done.into_iter().map(|(_, done)| done).collect())
    }
}

impl Commit for Writer {
    type Job = Job;
    type Answer = Done;

    async fn commit(&mut self, jobs: Vec<Job>) -> Vec<Result<Done, BackendError>> {
        let count = jobs.len();
        match self.write(jobs).await {
            Ok(done) => done.into_iter().map(Ok).collect(),
            Err(error) => {
                let error = Shared(Arc::new(error));
                let failed = || Err(BackendError::new(BACKEND, error.clone()));
                std::iter::repeat_with(failed).take(count).collect()
            }
        }
    }
}

/// The jobs of a group with their places in it: the plain insertions, and all others. Nobody has seen
/// one of them answered, so that any order will do.
fn split(jobs: Vec<Job>) -> (Vec<Placed<Plain>>, Vec<Placed<Job>>) {
    let (mut plain, mut others) = (Vec::new(), Vec::new());
    for (place, job) in jobs.into_iter().enumerate() {
        match job {
            Job::Insert(insertion, record) if insertion.is_plain() => {
                plain.push((place, (insertion, record)));
            }
            other => others.push((place, other)),
        }
    }
    (plain, others)
}

/// Inserts all of them by one statement, or by one for each if one of their ids is taken.
async fn insert_plain(
    connection: &mut SqliteConnection,
    insertions: Vec<Placed<Plain>>,
) -> Result<Vec<Placed<Done>>, sqlx::Error> {
    let rows: Vec<_> = insertions.iter().map(|(_, row)| row).collect();
    let inserted = match insert_rows(connection, &rows).await {
        Err(sqlx::Error::Database(error)) if error.is_unique_violation() => {
            let mut inserted = Vec::with_capacity(rows.len());
            for row in rows {
                inserted.push(insert_row(connection, row).await?);
            }
            inserted
        }
        done => done.map(|()| vec![true; rows.len()])?,
    };
    let done = insertions.iter().zip(inserted).map(|((place, _), is_new)| {
        let removed = Vec::new();
        let done = if is_new {
            Done::Inserted { removed }
        } else {
            Done::IdTaken
        };
        (*place, done)
    });
    Ok(done.collect())
}

/// Whether the row was inserted: it is not, if its id is taken.
async fn insert_row(connection: &mut SqliteConnection, row: &Plain) -> Result<bool, sqlx::Error> {
    match insert_rows(connection, &[row]).await {
        Ok(()) => Ok(true),
        Err(sqlx::Error::Database(error)) if error.is_unique_violation() => Ok(false),
        Err(error) => Err(error),
    }
}

/// Inserts all of them, or none: then the transaction can go on.
async fn insert_rows(
    connection: &mut SqliteConnection,
    rows: &[&Plain],
) -> Result<(), sqlx::Error> {
    if rows.is_empty() {
        return Ok(());
    }
    let mut sql = QueryBuilder::new(INSERT_INTO);
    sql.push_values(rows, |mut values, (insertion, record)| {
        let client = insertion.client();
        let usage = Usage::registered(client.issued_at());
        values
            .push_bind(client.tenant().as_str())
            .push_bind(client.id().as_str())
            .push_bind(record)
            .push_bind(signed(client.revision()))
            .push_bind(client.is_blocked())
            .push_bind(usage.is_used())
            .push_bind(millis(usage.idle_since()))
            .push_bind(insertion.fold_key().map(|key| key.as_bytes().to_vec()));
    });
    // Statements of one row are many; those of any other number are few, and not worth keeping.
    let insert = sql.build().persistent(rows.len() == 1);
    insert.execute(connection).await.map(|_| ())
}

async fn carry_out(connection: &mut SqliteConnection, job: Job) -> Result<Done, sqlx::Error> {
    match job {
        Job::Insert(insertion, record) => insert(connection, &insertion, record).await,
        Job::Update(update, record) => self::update(connection, &update, record).await,
        Job::Remove(tenant, id) => remove(connection, &tenant, &id).await,
        Job::Touch(tenant, id, touch) => {
            let outcome = self::touch(connection, &tenant, &id, touch).await?;
            Ok(Done::Touch(outcome))
        }
        Job::Sweep(tenant, sweep) => self::sweep(connection, &tenant, sweep).await,
    }
}

async fn insert(
    connection: &mut SqliteConnection,
    insertion: &Insertion,
    record: String,
) -> Result<Done, sqlx::Error> {
    let client = insertion.client();
    let tenant = client.tenant();
    if let Some(key) = insertion.fold_key()
        && let Some(same) = row::same(&mut *connection, tenant, key).await?
    {
        touch(
            connection,
            tenant,
            &same.client_id,
            insertion.registered_again(),
        )
        .await?;
        return Ok(Done::Folded {
            record: same.record,
        });
    }
    let mut removed = Vec::new();
    if insertion.has_limit() {
        if row::find(&mut *connection, tenant, client.id())
            .await?
            .is_some()
        {
            return Ok(Done::IdTaken);
        }
        let to_go = insertion.to_make_room(row::count(connection, tenant).await?);
        removed = remove_idle(connection, tenant, false, i64::MAX, signed(to_go)).await?;
        if to_go > 0 && removed.is_empty() {
            return Ok(Done::Full);
        }
    }
    let row = (insertion.clone(), record);
    Ok(if insert_row(connection, &row).await? {
        Done::Inserted { removed }
    } else {
        Done::IdTaken
    })
}

async fn update(
    connection: &mut SqliteConnection,
    update: &ClientUpdate,
    record: String,
) -> Result<Done, sqlx::Error> {
    let client = update.client();
    let sql = "UPDATE oauth_dcr_clients SET record = ?, revision = ?, blocked = ?,
               fold_key = CASE WHEN ? THEN NULL ELSE fold_key END
               WHERE tenant = ? AND client_id = ? AND revision + 1 = ?";
    let updated = sqlx::query(sql)
        .bind(record)
        .bind(signed(client.revision()))
        .bind(client.is_blocked())
        .bind(update.unfolds())
        .bind(client.tenant().as_str())
        .bind(client.id().as_str())
        .bind(signed(client.revision()))
        .execute(&mut *connection)
        .await?;
    if updated.rows_affected() > 0 {
        return Ok(Done::Update(UpdateOutcome::Updated));
    }
    let found = row::find(connection, client.tenant(), client.id()).await?;
    Ok(Done::Update(match found {
        Some(_) => UpdateOutcome::Changed,
        None => UpdateOutcome::Missing,
    }))
}

async fn remove(
    connection: &mut SqliteConnection,
    tenant: &TenantId,
    id: &ClientId,
) -> Result<Done, sqlx::Error> {
    let removed = sqlx::query("DELETE FROM oauth_dcr_clients WHERE tenant = ? AND client_id = ?")
        .bind(tenant.as_str())
        .bind(id.as_str())
        .execute(connection)
        .await?;
    Ok(Done::Remove(match removed.rows_affected() {
        0 => RemoveOutcome::Missing,
        _ => RemoveOutcome::Removed,
    }))
}

async fn touch(
    connection: &mut SqliteConnection,
    tenant: &TenantId,
    id: &ClientId,
    touch: Touch,
) -> Result<TouchOutcome, sqlx::Error> {
    let sql = "UPDATE oauth_dcr_clients
               SET is_used = is_used OR ?1, idle_since = MAX(idle_since, ?2)
               WHERE tenant = ?3 AND client_id = ?4
               AND (idle_since < ?5 OR (?1 AND NOT is_used))";
    let touched = sqlx::query(sql)
        .bind(touch.is_use())
        .bind(millis(touch.idle_since()))
        .bind(tenant.as_str())
        .bind(id.as_str())
        .bind(millis(touch.until()))
        .execute(&mut *connection)
        .await?;
    if touched.rows_affected() > 0 {
        return Ok(TouchOutcome::Written);
    }
    Ok(match row::usage(connection, tenant, id).await? {
        Some(_) => TouchOutcome::Unchanged,
        None => TouchOutcome::Missing,
    })
}

async fn sweep(
    connection: &mut SqliteConnection,
    tenant: &TenantId,
    sweep: Sweep,
) -> Result<Done, sqlx::Error> {
    let mut removed = Vec::new();
    for is_used in [false, true] {
        if let Some(before) = sweep.before(is_used) {
            let done = i64::try_from(removed.len()).unwrap_or(i64::MAX);
            let left = i64::from(sweep.max_removed()).saturating_sub(done);
            let some = remove_idle(connection, tenant, is_used, millis(before), left).await?;
            removed.extend(some);
        }
    }
    Ok(Done::Swept(removed))
}

/// Removes up to `limit` of those that may be removed, used or unused, that are idle since `before`,
/// the longest idle first.
async fn remove_idle(
    connection: &mut SqliteConnection,
    tenant: &TenantId,
    is_used: bool,
    before: i64,
    limit: i64,
) -> Result<Vec<ClientId>, sqlx::Error> {
    let sql = "DELETE FROM oauth_dcr_clients WHERE rowid IN (
                   SELECT rowid FROM oauth_dcr_clients
                   WHERE tenant = ? AND is_used = ? AND blocked = 0 AND idle_since < ?
                   ORDER BY idle_since, client_id LIMIT ?)
               RETURNING client_id";
    let removed: Vec<String> = sqlx::query_scalar(sql)
        .bind(tenant.as_str())
        .bind(is_used)
        .bind(before)
        .bind(limit)
        .fetch_all(connection)
        .await?;
    removed.iter().map(|id| row::id(id)).collect()
}

impl fmt::Display for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the transaction failed, and all that it was to write")
    }
}

impl Error for Shared {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&*self.0)
    }
}
