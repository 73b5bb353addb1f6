//! The file: how it is opened, and its schema.

use std::{borrow::Cow, path::Path, time::Duration};

use sqlx::{
    ConnectOptions as _, SqlSafeStr as _, SqliteConnection, SqlitePool,
    migrate::{Migration, MigrationType, Migrator},
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};

/// Connections that read. They wait for no writer, so a few of them are enough.
const READERS: u32 = 4;

/// How often opening is tried: of processes that make or change the file at the same time, one is
/// first, and the others come too late.
const ATTEMPTS: u32 = 5;

/// <https://www.sqlite.org/rescode.html>
const SQLITE_BUSY: u32 = 5;
const SQLITE_LOCKED: u32 = 6;

const MIGRATIONS: [(i64, &str, &str); 1] =
    [(1, "clients", include_str!("migrations/0001_clients.sql"))];

/// The one connection that writes, and those that read.
pub(super) async fn open(
    path: &Path,
    timeout: Duration,
) -> Result<(SqliteConnection, SqlitePool), sqlx::Error> {
    let options = SqliteConnectOptions::new()
        .filename(path)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        // Elsewhere than on macOS this changes nothing; there, a plain fsync survives no power cut.
        .pragma("fullfsync", "1")
        .busy_timeout(timeout)
        .disable_statement_logging();
    let writer = open_writer(&options.clone().create_if_missing(true)).await?;
    let readers = SqlitePoolOptions::new()
        .max_connections(READERS)
        .acquire_timeout(timeout)
        .connect_lazy_with(options);
    Ok((writer, readers))
}

async fn open_writer(options: &SqliteConnectOptions) -> Result<SqliteConnection, sqlx::Error> {
    let mut attempt = 1;
    loop {
        match try_open_writer(options).await {
            Err(error) if attempt < ATTEMPTS && is_of_the_moment(&error) => {
                tokio::time::sleep(Duration::from_millis(50) * attempt).await;
                attempt += 1;
            }
            opened => return opened,
        }
    }
}

/// Whether another process is at work on the file: it is busy, or has just been migrated.
fn is_of_the_moment(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Migrate(_) => true,
        sqlx::Error::Database(error) => {
            // The low byte says what went wrong, the others why.
            let code = error.code().and_then(|code| code.parse::<u32>().ok());
            code.is_some_and(|code| [SQLITE_BUSY, SQLITE_LOCKED].contains(&(code & 0xff)))
        }
        _ => false,
    }
}

async fn try_open_writer(options: &SqliteConnectOptions) -> Result<SqliteConnection, sqlx::Error> {
    let mut connection = options.connect().await?;
    migrator().run(&mut connection).await?;
    Ok(connection)
}

/// The migrations, noted in a table of this crate's own: the host may have its own in the same file.
fn migrator() -> Migrator {
    let migrations = MIGRATIONS.map(|(version, description, sql)| {
        Migration::new(
            version,
            Cow::Borrowed(description),
            MigrationType::Simple,
            sql.into_sql_str(),
            false,
        )
    });
    let mut migrator = Migrator::with_migrations(migrations.into());
    migrator.dangerous_set_table_name("oauth_dcr_migrations");
    migrator
}
