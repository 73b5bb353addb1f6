//! The one connection that writes: a group of jobs, one transaction.

use std::{slice, sync::Arc};

use sqlx::{ConnectOptions as _, Connection as _, SqliteConnection, sqlite::SqliteConnectOptions};

use crate::{
    backend_error::BackendError,
    group_commit_old::Commit,
    sqlite::{
        failure::{Failure, NAME},
        insert::{Row, insert, insert_row, insert_rows, inserted},
        removal,
        touch::touch,
        update::{self, set_blocked},
    },
    store::{
        Activity, BlockOutcome, CertainOutcome, ClientUpdate, InsertOutcome, Insertion,
        RemoveOutcome, Sweep, TouchOutcome, UpdateOutcome,
    },
    types::{ClientId, TenantId},
};

/// Something to write. Records are encoded already: what can fail before the transaction has failed
/// before it.
pub(super) enum Job {
    Insert(Insertion, String),
    Update(ClientUpdate, String),
    SetBlocked(TenantId, ClientId, bool),
    Remove(TenantId, ClientId),
    Activity(TenantId, ClientId, Activity),
    Sweep(TenantId, Sweep),
}

/// What became of a job.
pub(super) enum Done {
    /// Within the transaction.
    Insert(InsertOutcome),
    /// Once that is committed.
    Inserted(CertainOutcome),
    Update(UpdateOutcome),
    SetBlocked(BlockOutcome),
    Remove(RemoveOutcome),
    Activity(TouchOutcome),
    Sweep(Vec<ClientId>),
}

/// Something with its place in the group.
type Placed<T> = (usize, T);

pub(super) struct Writer {
    /// `None` after a failure.
    connection: Option<SqliteConnection>,
    /// How to make another.
    options: SqliteConnectOptions,
}

impl Writer {
    pub(super) const fn new(connection: SqliteConnection, options: SqliteConnectOptions) -> Self {
        Self {
            connection: Some(connection),
            options,
        }
    }

    /// Carries out all of `jobs`, or none.
    async fn write(&mut self, jobs: &[Job]) -> Result<Vec<Done>, Failure> {
        let mut connection = match self.connection.take() {
            Some(connection) => connection,
            None => self.options.connect().await?,
        };
        let done = carry_out_all(&mut connection, jobs).await;
        if done.is_ok() {
            self.connection = Some(connection);
        } else {
            // A full disk, among others, makes SQLite end the transaction by itself. sqlx, which
            // counts on one to end, would never begin another.
            let _ = connection.close().await;
        }
        done
    }

    /// Carries out each of `jobs` by itself, so that one of them can't fail the others.
    async fn write_each(&mut self, jobs: Vec<Job>) -> Vec<Result<Done, BackendError>> {
        let mut done = Vec::with_capacity(jobs.len());
        let mut left = jobs.into_iter();
        while let Some(job) = left.next() {
            match self.write(slice::from_ref(&job)).await {
                Err(failure) if !failure.is_of_one_job() => {
                    done.extend(failed(failure, left.len().saturating_add(1)));
                    break;
                }
                one => {
                    let one = one.map_err(BackendError::from).and_then(only);
                    done.push(one.map(|done| certain((job, done))));
                }
            }
        }
        done
    }
}

impl Commit for Writer {
    type Job = Job;
    type Answer = Done;

    async fn commit(&mut self, jobs: Vec<Job>) -> Vec<Result<Done, BackendError>> {
        match self.write(&jobs).await {
            Ok(done) => jobs.into_iter().zip(done).map(certain).map(Ok).collect(),
            Err(failure) if jobs.len() > 1 && failure.is_of_one_job() => {
                self.write_each(jobs).await
            }
            Err(failure) => failed(failure, jobs.len()),
        }
    }
}

/// What became of a job, now that it is committed.
fn certain((job, done): (Job, Done)) -> Done {
    match (job, done) {
        (Job::Insert(insertion, _), Done::Insert(outcome)) => {
            Done::Inserted(CertainOutcome::new(insertion, outcome))
        }
        (_, done) => done,
    }
}

/// The answer of a group of one.
fn only(mut done: Vec<Done>) -> Result<Done, BackendError> {
    let no_answer = || BackendError::new(NAME, "the job was not answered");
    done.pop().ok_or_else(no_answer)
}

/// One failure, shared by all of `count` jobs.
fn failed(failure: Failure, count: usize) -> Vec<Result<Done, BackendError>> {
    if count == 1 {
        return vec![Err(failure.into())];
    }
    let failure = Arc::new(failure);
    let failed = || Err(BackendError::new(NAME, Arc::clone(&failure)));
    std::iter::repeat_with(failed).take(count).collect()
}

/// Carries out all of `jobs`, or none.
async fn carry_out_all(
    connection: &mut SqliteConnection,
    jobs: &[Job],
) -> Result<Vec<Done>, Failure> {
    let (plain, others) = split(jobs);
    if others.is_empty() {
        let rows: Vec<_> = plain.iter().map(|(_, row)| *row).collect();
        // One statement is a transaction by itself.
        if insert_rows(connection, &rows).await? {
            return Ok(rows.iter().map(|_| Done::Insert(inserted())).collect());
        }
    }
    // The lock is taken at once: a transaction that reads first could be refused it later.
    let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await?;
    let mut done = insert_plain(&mut transaction, plain).await?;
    for (place, job) in others {
        done.push((place, carry_out(&mut transaction, job).await?));
    }
    transaction.commit().await?;
    done.sort_unstable_by_key(|(place, _)| *place);
    Ok(done.into_iter().map(|(_, done)| done).collect())
}

/// The jobs of a group with their places in it: the plain insertions, and all others. Nobody has seen
/// one of them answered, so that any order will do.
fn split(jobs: &[Job]) -> (Vec<Placed<Row<'_>>>, Vec<Placed<&Job>>) {
    let (mut plain, mut others) = (Vec::new(), Vec::new());
    for (place, job) in jobs.iter().enumerate() {
        match job {
            Job::Insert(insertion, record) if insertion.is_plain() => {
                plain.push((place, (insertion, record.as_str())));
            }
            other => others.push((place, other)),
        }
    }
    (plain, others)
}

/// Inserts all of them by one statement, or by one for each if one of their ids is taken.
async fn insert_plain(
    connection: &mut SqliteConnection,
    insertions: Vec<Placed<Row<'_>>>,
) -> Result<Vec<Placed<Done>>, Failure> {
    let (places, rows): (Vec<_>, Vec<_>) = insertions.into_iter().unzip();
    let outcomes = if insert_rows(connection, &rows).await? {
        rows.iter().map(|_| inserted()).collect()
    } else {
        let mut outcomes = Vec::with_capacity(rows.len());
        for row in rows {
            outcomes.push(insert_row(connection, row).await?);
        }
        outcomes
    };
    let done = outcomes.into_iter().map(Done::Insert);
    Ok(places.into_iter().zip(done).collect())
}

async fn carry_out(connection: &mut SqliteConnection, job: &Job) -> Result<Done, Failure> {
    Ok(match job {
        Job::Insert(insertion, record) => {
            Done::Insert(insert(connection, insertion, record).await?)
        }
        Job::Update(update, record) => {
            Done::Update(update::update(connection, update, record).await?)
        }
        Job::SetBlocked(tenant, id, blocked) => {
            Done::SetBlocked(set_blocked(connection, tenant, id, *blocked).await?)
        }
        Job::Remove(tenant, id) => Done::Remove(removal::remove(connection, tenant, id).await?),
        Job::Activity(tenant, id, touch) => {
            Done::Activity(self::touch(connection, tenant, id, *touch).await?)
        }
        Job::Sweep(tenant, sweep) => Done::Sweep(removal::sweep(connection, tenant, *sweep).await?),
    })
}

#[cfg(test)]
mod tests {
    use std::{env, fs, path::PathBuf, process, time::Duration};

    use super::*;
    use crate::sqlite::database;

    fn insertions(ids: std::ops::Range<u32>) -> Vec<Job> {
        let insertion = |id| {
            let record = serde_json::json!({
                "version": 1, "tenant": "default", "client_id": format!("tpc_{id}"),
                "issued_at": 0, "security_mode": "strict",
                "metadata": {
                    "redirect_uris": ["https://app.example.com/cb"],
                    "token_endpoint_auth_method": "none",
                },
            });
            let record = record.to_string();
            let client = serde_json::from_str(&record).unwrap();
            Job::Insert(Insertion::new(Arc::new(client)), record)
        };
        ids.map(insertion).collect()
    }

    fn file(name: &str) -> PathBuf {
        let folder = env::temp_dir().join(format!("oauth-dcr-{name}-{}", process::id()));
        fs::create_dir(&folder).unwrap();
        folder.join("clients")
    }

    #[tokio::test]
    async fn a_full_disk_fails_what_comes_then_and_nothing_that_comes_later() {
        let path = file("full");
        let opened = database::open(&path, Duration::from_secs(5)).await;
        let (mut writer, _) = opened.unwrap();
        // No disk is needed to be full: this connection may not make the file any larger.
        let connection = writer.connection.as_mut().unwrap();
        let limit = sqlx::raw_sql("PRAGMA max_page_count = 1");
        limit.execute(connection).await.unwrap();
        let answers = writer.commit(insertions(0..200)).await;
        assert_eq!(answers.len(), 200);
        for answer in answers {
            let error = answer.map(|_| ()).unwrap_err();
            let cause = std::error::Error::source(&error).unwrap().to_string();
            assert!(cause.contains("full"), "{cause}");
        }
        // Nothing of it was written: all ids are free.
        for answer in writer.commit(insertions(0..200)).await {
            let Ok(Done::Inserted(outcome)) = answer else {
                panic!("it is written");
            };
            assert_eq!(outcome.settle(), Some(inserted()));
        }
        fs::remove_dir_all(path.parent().unwrap()).unwrap();
    }
}
