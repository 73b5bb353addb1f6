//! The only connection that writes. It writes each group of jobs in one transaction.

use std::slice;

use sqlx::{Connection as _, SqliteConnection};

use crate::{
    backend_error::BackendError,
    group_commit::{Commit, share_failure},
    sqlite::{
        database::Database,
        failure::{Failure, NAME},
        job::{Job, insert_plain},
    },
};

pub(super) struct Writer {
    database: Database,
    /// `None` after a failure.
    connection: Option<SqliteConnection>,
}

impl Writer {
    pub(super) async fn new(database: Database) -> Result<Self, Failure> {
        let connection = Some(database.connect().await?);
        Ok(Self {
            database,
            connection,
        })
    }

    /// Carries out and commits all of `jobs` or none. It is a failure if the file was lost in the meantime, even if the
    /// jobs were committed.
    async fn write(&mut self, jobs: &mut [Job]) -> Result<(), Failure> {
        let files = self.database.files();
        files.check()?;
        let written = self.write_unchecked(jobs).await;
        files.check().map_err(Failure::LostMeanwhile)?;
        written
    }

    async fn write_unchecked(&mut self, jobs: &mut [Job]) -> Result<(), Failure> {
        let mut connection = match self.connection.take() {
            Some(connection) => connection,
            None => self.database.connect().await?,
        };
        let written = write_all(&mut connection, jobs).await;
        if written.is_ok() {
            self.connection = Some(connection);
        } else {
            // SQLite may have ended the transaction by itself, for example because the disk is full. sqlx would
            // assume that it is still open, and never begin another transaction.
            let _ = connection.close().await;
        }
        written
    }

    /// Writes each job separately, so that no job can fail the others.
    async fn write_each(&mut self, jobs: Vec<Job>) {
        let mut remaining = jobs.into_iter();
        while let Some(mut job) = remaining.next() {
            match self.write(slice::from_mut(&mut job)).await {
                Err(failure) if !failure.is_of_one_job() => {
                    return fail([job].into_iter().chain(remaining).collect(), failure);
                }
                written => job.settle(written.map_err(BackendError::from)),
            }
        }
    }
}

impl Commit for Writer {
    type Job = Job;

    async fn commit(&mut self, mut jobs: Vec<Job>) {
        match self.write(&mut jobs).await {
            Ok(()) => jobs.into_iter().for_each(|job| job.settle(Ok(()))),
            Err(failure) if jobs.len() > 1 && failure.is_of_one_job() => {
                self.write_each(jobs).await;
            }
            Err(failure) => fail(jobs, failure),
        }
    }
}

/// Carries out and commits all of `jobs` or none. No caller has an answer yet, so any order is correct.
async fn write_all(connection: &mut SqliteConnection, jobs: &mut [Job]) -> Result<(), Failure> {
    let are_plain = jobs.iter().all(Job::is_plain);
    // One statement is a transaction by itself.
    if are_plain && insert_plain(connection, jobs).await? {
        return Ok(());
    }
    // Take the write lock at the start: a transaction that reads first could fail to get it later.
    let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await?;
    let plain_are_done = !are_plain && insert_plain(&mut transaction, jobs).await?;
    for job in jobs {
        if !(plain_are_done && job.is_plain()) {
            job.carry_out(&mut transaction).await?;
        }
    }
    Ok(transaction.commit().await?)
}

/// Answers all of `jobs` with the same failure.
fn fail(jobs: Vec<Job>, failure: Failure) {
    share_failure(NAME, failure, jobs, |job, error| job.settle(Err(error)));
}

#[cfg(test)]
mod tests;
