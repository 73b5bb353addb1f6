//! The file: how it is opened, and its schema.

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

/// Connections that read. They wait for no writer, so a few of them are enough.
pub(super) const READERS: u32 = 4;

/// How much longer than a call a wait for a reader may take. Calls end by themselves before.
const MARGIN: Duration = Duration::from_secs(5);

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

/// An open file, and how further connections to it are made.
pub(super) struct Database {
    options: SqliteConnectOptions,
    timeout: Duration,
    files: Arc<Files>,
    /// Nothing uses it. While it is open, SQLite keeps the log, and no new file gets the number of an open one.
    _anchor: SqliteConnection,
}

impl Database {
    /// Opens the file at `path`, which is created or brought up to date. A statement waits for other processes
    /// for `timeout` at most.
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

    /// The files, to be checked before each call.
    pub(super) fn files(&self) -> Arc<Files> {
        Arc::clone(&self.files)
    }

    /// Another connection that writes.
    pub(super) async fn connect(&self) -> Result<SqliteConnection, Failure> {
        // SQLite would apply the log of this file to another file of its name.
        self.files.check()?;
        let connection = self.options.connect().await?;
        // The file may have been replaced in between.
        self.files.check()?;
        Ok(connection)
    }

    /// The connections that read. All are made now, and stay: if another file has this name later, SQLite would
    /// apply the log of this file to it.
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
        let mut made = Vec::new();
        for _ in 0..READERS {
            made.push(readers.acquire().await?);
        }
        drop(made);
        Ok(readers)
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

/// The first connection to the file at `path`, and the files that it has open.
async fn open_files(
    path: &Path,
    options: &SqliteConnectOptions,
) -> Result<(SqliteConnection, Files), Failure> {
    let mut attempt = 1_u32;
    loop {
        match try_open_files(path, options).await {
            Err(failure) if attempt < ATTEMPTS && failure.is_of_the_moment() => {
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
    // The file that is there before and after the connection was made is the one that is open.
    let database = OpenFile::at(path.to_owned())?;
    let connection = open_current(options).await?;
    Ok((connection, Files::of(database)?))
}

/// A connection to the file, which is brought up to date.
async fn open_current(options: &SqliteConnectOptions) -> Result<SqliteConnection, Failure> {
    let mut connection = options.connect().await?;
    // SQLite keeps to another mode without an error, if it has to.
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

/// The migrations, noted in a table of this crate's own: the host may have its own in the same file.
///
/// Migrations of later versions are ignored: an older version may start after a newer one. So a migration may
/// only add what an older version can ignore: columns with defaults, indexes, tables, and triggers under
/// names of their own. An older version creates and drops the triggers that it knows.
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
    async fn what_can_have_no_write_ahead_log_is_refused() {
        let path = env::temp_dir().join(format!("oauth-dcr-no-wal-{}", process::id()));
        // These locks are files, of which no memory can be shared.
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
        // FULL, in the numbers of SQLite.
        assert_eq!(found, [2, 1]);
    }
}
