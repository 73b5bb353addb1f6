//! Opens the file, and updates its schema.

use std::{
    borrow::Cow,
    path::{self, Path},
    sync::Arc,
    time::Duration,
};

use sqlx::{
    ConnectOptions as _, Connection as _, SqlSafeStr as _, SqliteConnection, SqlitePool,
    migrate::{Migration, MigrationType, Migrator},
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};

use crate::sqlite::{
    count::drop_idle_triggers,
    failure::Failure,
    files::{Files, OpenFile},
};

/// The number of connections that read. They do not wait for the writer, so a few are enough.
pub(super) const READERS: u32 = 4;

/// How much longer than a call the pool waits for a reader. The call ends before.
const MARGIN: Duration = Duration::from_secs(5);

/// How often opening is tried. If several processes create or migrate the file at the same time, one succeeds and the
/// others have to try again.
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

/// An open file, and the options for more connections to it.
pub(super) struct Database {
    options: SqliteConnectOptions,
    timeout: Duration,
    files: Arc<Files>,
    /// Nothing uses this connection. While it is open, SQLite keeps the log, and no new file gets the inode number of
    /// an open file.
    _anchor: SqliteConnection,
}

impl Database {
    /// Opens the file at `path`. Creates it or updates its schema. A statement waits for other processes for at most
    /// `timeout`.
    pub(super) async fn open(path: &Path, timeout: Duration) -> Result<Self, Failure> {
        if is_special(path) {
            return Err(Failure::NoFile(path.to_owned()));
        }
        if has_no_folder(path) {
            return Err(Failure::NoFolder);
        }
        // The process may change its working directory.
        let path = path::absolute(path).map_err(sqlx::Error::from)?;
        let options = options(&path, timeout);
        let (anchor, files) = open_files(&path, &options).await?;
        Ok(Self {
            options,
            timeout,
            files: Arc::new(files),
            _anchor: anchor,
        })
    }

    /// The files, which each call checks.
    pub(super) fn files(&self) -> Arc<Files> {
        Arc::clone(&self.files)
    }

    /// Opens another connection that writes.
    pub(super) async fn connect(&self) -> Result<SqliteConnection, Failure> {
        // If another file has this name now, SQLite would apply the log of this file to it.
        self.files.check()?;
        let connection = self.options.connect().await?;
        // The file may have been replaced in between.
        self.files.check()?;
        Ok(connection)
    }

    /// Opens the connections that read. All of them are opened now and stay open: if another file gets this name
    /// later, SQLite would apply the log of this file to it.
    pub(super) async fn readers(&self) -> Result<SqlitePool, Failure> {
        let files = self.files();
        let readers = SqlitePoolOptions::new()
            .max_connections(READERS)
            .idle_timeout(None)
            .max_lifetime(None)
            .test_before_acquire(false)
            .acquire_timeout(self.timeout.saturating_add(MARGIN))
            .after_connect(move |_, _| {
                let checked = files.check();
                Box::pin(async { checked.map_err(|lost| sqlx::Error::Configuration(lost.into())) })
            })
            .connect_lazy_with(self.options.clone());
        let mut opened = Vec::new();
        for _ in 0..READERS {
            opened.push(readers.acquire().await?);
        }
        drop(opened);
        Ok(readers)
    }
}

/// Whether the name means something other than a file to SQLite.
fn is_special(path: &Path) -> bool {
    let name = path.as_os_str().as_encoded_bytes();
    name.is_empty() || name == b":memory:" || name.starts_with(b"file:")
}

/// Whether the folder of the file is missing. SQLite would only say that it can't open the file.
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
        // On macOS, a plain fsync does not survive a power cut. On other systems, this changes nothing.
        .pragma("fullfsync", "1")
        .busy_timeout(timeout)
        .disable_statement_logging()
}

/// Opens the first connection to the file at `path`, and returns the files that it has open.
async fn open_files(
    path: &Path,
    options: &SqliteConnectOptions,
) -> Result<(SqliteConnection, Files), Failure> {
    let mut attempt = 1_u32;
    loop {
        match try_open_files(path, options).await {
            Err(failure) if attempt < ATTEMPTS && failure.is_transient() => {
                tokio::time::sleep(Duration::from_millis(50).saturating_mul(attempt)).await;
                attempt = attempt.saturating_add(1);
            }
            opened => return opened,
        }
    }
}

async fn try_open_files(
    path: &Path,
    options: &SqliteConnectOptions,
) -> Result<(SqliteConnection, Files), Failure> {
    if !path.exists() {
        let options = options.clone().create_if_missing(true);
        options.connect().await?.close().await?;
    }
    // If the file is the same before and after the connection was opened, it is the file that is open.
    let database = OpenFile::at(path.to_owned())?;
    let connection = open_current(options).await?;
    Ok((connection, Files::of(database)?))
}

/// Opens a connection to the file, and updates the schema.
async fn open_current(options: &SqliteConnectOptions) -> Result<SqliteConnection, Failure> {
    let mut connection = options.connect().await?;
    // If SQLite can't use WAL mode, it uses another mode without an error.
    let mode: String = sqlx::query_scalar("PRAGMA journal_mode")
        .fetch_one(&mut connection)
        .await?;
    if mode != "wal" {
        return Err(Failure::NoWal(mode));
    }
    let migrated = migrator().run(&mut connection).await;
    migrated.map_err(sqlx::Error::from)?;
    drop_idle_triggers(&mut connection).await?;
    Ok(connection)
}

/// The migrations. They are recorded in a table of this crate, because the host may have migrations of its own in the
/// same file.
///
/// Migrations of later versions are ignored, because an older version may start after a newer version. So a migration
/// may only add what an older version can ignore: columns with defaults, indexes, tables, and triggers with new names.
/// An older version creates and drops the triggers that it knows.
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
    migrator
        .set_ignore_missing(true)
        .dangerous_set_table_name("oauth_dcr_migrations");
    migrator
}

#[cfg(all(test, unix))]
mod tests {
    use std::{env, fs, process};

    use super::*;

    #[tokio::test]
    async fn a_file_without_write_ahead_log_is_refused() {
        let path = env::temp_dir().join(format!("oauth-dcr-no-wal-{}", process::id()));
        // With file locks, SQLite can't share memory, which the write-ahead log needs.
        let options = options(&path, Duration::from_secs(1)).vfs("unix-dotfile");
        let opened = open_current(&options.create_if_missing(true)).await;
        let failure = opened.unwrap_err();
        fs::remove_file(&path).unwrap();
        assert!(matches!(&failure, Failure::NoWal(mode) if mode == "delete"));
    }

    #[tokio::test]
    async fn a_commit_waits_for_the_disk() {
        let path = env::temp_dir().join(format!("oauth-dcr-full-{}", process::id()));
        let database = Database::open(&path, Duration::from_secs(1));
        let database = database.await.unwrap();
        let mut writer = database.connect().await.unwrap();
        let mut found = Vec::new();
        for pragma in ["PRAGMA synchronous", "PRAGMA fullfsync"] {
            let value = sqlx::query_scalar::<_, i64>(pragma).fetch_one(&mut writer);
            found.push(value.await.unwrap());
        }
        for end in ["", "-wal", "-shm"] {
            let _ = fs::remove_file(format!("{}{end}", path.display()));
        }
        // 2 is FULL.
        assert_eq!(found, [2, 1]);
    }
}
