//! The file: how it is opened, and its schema.

use std::{borrow::Cow, path::Path, time::Duration};

use sqlx::{
    ConnectOptions as _, SqlSafeStr as _, SqliteConnection, SqlitePool,
    migrate::{MigrateError, Migration, MigrationType, Migrator},
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};

use crate::sqlite::{count::drop_idle_triggers, failure::Failure};

/// Connections that read. They wait for no writer, so a few of them are enough.
pub(super) const READERS: u32 = 4;

/// How often opening is tried: of processes that make or change the file at the same time, one is
/// first, and the others come too late.
const ATTEMPTS: u32 = 5;

const MIGRATIONS: [(i64, &str, &str); 3] = [
    (1, "clients", include_str!("migrations/0001_clients.sql")),
    (2, "user key", include_str!("migrations/0002_user_key.sql")),
    (
        3,
        "counted tenants",
        concat!(
            include_str!("migrations/0003_counted_tenants.sql"),
            include_str!("migrations/0003_triggers.sql"),
        ),
    ),
];

/// How connections to the file are made.
pub(super) struct Database {
    options: SqliteConnectOptions,
    timeout: Duration,
}

impl Database {
    /// The database in the file at `path`. A statement waits for other processes for `timeout` at most.
    pub(super) fn new(path: &Path, timeout: Duration) -> Result<Self, Failure> {
        if is_special(path) {
            return Err(Failure::NoFile(path.to_owned()));
        }
        if has_no_folder(path) {
            return Err(Failure::NoFolder);
        }
        let options = options(path, timeout);
        Ok(Self { options, timeout })
    }

    /// The first connection, which creates the file or brings it up to date.
    pub(super) async fn create(&self) -> Result<SqliteConnection, Failure> {
        open_writer(&self.options.clone().create_if_missing(true)).await
    }

    /// Another connection that writes.
    pub(super) async fn connect(&self) -> Result<SqliteConnection, Failure> {
        Ok(self.options.connect().await?)
    }

    /// The connections that read, which are made when they are needed.
    pub(super) fn readers(&self) -> SqlitePool {
        SqlitePoolOptions::new()
            .max_connections(READERS)
            // Calls give up before.
            .acquire_timeout(self.timeout.saturating_mul(2))
            .connect_lazy_with(self.options.clone())
    }
}

/// Whether SQLite takes the name for something else than a file.
fn is_special(path: &Path) -> bool {
    let name = path.as_os_str().as_encoded_bytes();
    name.is_empty() || name == b":memory:" || name.starts_with(b"file:")
}

/// Whether the folder is missing that the file would be in. SQLite only says that it can't open the file.
fn has_no_folder(path: &Path) -> bool {
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    folder.is_some_and(|folder| !folder.is_dir())
}

fn options(path: &Path, timeout: Duration) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        // Elsewhere than on macOS this changes nothing; there, a plain fsync survives no power cut.
        .pragma("fullfsync", "1")
        .busy_timeout(timeout)
        .disable_statement_logging()
}

async fn open_writer(options: &SqliteConnectOptions) -> Result<SqliteConnection, Failure> {
    let mut attempt = 1_u32;
    loop {
        match try_open_writer(options).await {
            Err(failure) if attempt < ATTEMPTS && failure.is_of_the_moment() => {
                tokio::time::sleep(Duration::from_millis(50).saturating_mul(attempt)).await;
                attempt = attempt.saturating_add(1);
            }
            opened => return opened,
        }
    }
}

async fn try_open_writer(options: &SqliteConnectOptions) -> Result<SqliteConnection, Failure> {
    let mut connection = options.connect().await?;
    // SQLite keeps to another mode without an error, if it has to.
    let mode: String = sqlx::query_scalar("PRAGMA journal_mode")
        .fetch_one(&mut connection)
        .await?;
    if mode != "wal" {
        return Err(Failure::NoWal(mode));
    }
    match migrator().run(&mut connection).await {
        Ok(()) => {}
        Err(MigrateError::VersionMissing(newer)) => return Err(Failure::Newer(newer)),
        Err(error) => return Err(sqlx::Error::from(error).into()),
    }
    drop_idle_triggers(&mut connection).await?;
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

#[cfg(all(test, unix))]
mod tests {
    use std::{env, fs, process};

    use super::*;

    #[tokio::test]
    async fn what_can_have_no_write_ahead_log_is_refused() {
        let path = env::temp_dir().join(format!("oauth-dcr-no-wal-{}", process::id()));
        // These locks are files, of which no memory can be shared.
        let options = options(&path, Duration::from_secs(1)).vfs("unix-dotfile");
        let opened = open_writer(&options.create_if_missing(true)).await;
        let failure = opened.unwrap_err();
        fs::remove_file(&path).unwrap();
        assert!(matches!(&failure, Failure::NoWal(mode) if mode == "delete"));
    }

    #[tokio::test]
    async fn a_commit_waits_for_the_disk() {
        let path = env::temp_dir().join(format!("oauth-dcr-full-{}", process::id()));
        let database = Database::new(&path, Duration::from_secs(1)).unwrap();
        let mut found = Vec::new();
        for mut writer in [
            database.create().await.unwrap(),
            database.connect().await.unwrap(),
        ] {
            for pragma in ["PRAGMA synchronous", "PRAGMA fullfsync"] {
                let value = sqlx::query_scalar::<_, i64>(pragma).fetch_one(&mut writer);
                found.push(value.await.unwrap());
            }
        }
        for end in ["", "-wal", "-shm"] {
            let _ = fs::remove_file(format!("{}{end}", path.display()));
        }
        // FULL, in the numbers of SQLite.
        assert_eq!(found, [2, 1, 2, 1]);
    }
}
