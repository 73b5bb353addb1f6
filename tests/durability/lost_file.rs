//! An SQLite file that is deleted, moved or restored.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::{Arc, atomic::AtomicUsize},
    time::Instant,
};

use sqlx::{ConnectOptions as _, sqlite::SqliteConnectOptions};

use crate::{
    database::Database,
    example_server::ExampleServer,
    ledger::{Acknowledged, assert_are_stored, assert_work},
    load::{CONNECTIONS, Load, settings},
    requests,
    temporary::TemporaryDir,
    wire::Connection,
};

/// How many registrations are acknowledged before the loss.
const BEFORE: usize = 300;

/// How many are refused after it.
const AFTER: usize = 10 * CONNECTIONS;

fn start(path: &Path) -> ExampleServer {
    let database = Database::Sqlite(path.to_owned());
    ExampleServer::start_with(Some(&settings()), &["--store", &database.option()])
}

struct Fixture {
    dir: TemporaryDir,
    server: ExampleServer,
}

impl Fixture {
    fn new() -> Self {
        let dir = TemporaryDir::new();
        let server = start(&dir.path().join("clients"));
        Self { dir, server }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn rename(&self, from: &str, to: &str) {
        fs::rename(self.path(from), self.path(to)).unwrap();
    }

    fn remove(&self, name: &str) {
        fs::remove_file(self.path(name)).unwrap();
    }

    /// Deletes or moves a file while clients register. Panics unless each later request is refused.
    /// Returns the acknowledged registrations.
    async fn lose(&self, lose: impl FnOnce(&Self)) -> Vec<Acknowledged> {
        let load = Load::on(&self.server.base, &Arc::new(AtomicUsize::new(0)));
        load.acknowledged(BEFORE).await;
        lose(self);
        let is_lost = Instant::now();
        load.refused(AFTER).await;
        assert_eq!(load.sent_after(is_lost), 0);
        let (acknowledged, refused) = load.end().await;
        println!(
            "{} acknowledged, {refused} refused after the loss",
            acknowledged.len()
        );
        self.assert_all_is_unavailable(&acknowledged[0]).await;
        acknowledged
    }

    /// Panics unless a registration and a look-up are both told to retry later.
    async fn assert_all_is_unavailable(&self, known: &Acknowledged) {
        let mut connection = Connection::open(&self.server.base).await.unwrap();
        for request in [
            requests::register(&known.tenant, &requests::metadata(0)),
            requests::token(&known.tenant, known.id(), None),
        ] {
            let answer = connection.send(request).await.unwrap();
            assert_eq!(answer.status, 503, "{answer:?}");
            assert_eq!(answer.header("retry-after"), Some("1"), "{answer:?}");
        }
    }

    /// Starts a server with the file of this name, and panics unless the file has all acknowledged
    /// clients.
    async fn assert_nothing_is_lost(&mut self, name: &str, acknowledged: &[Acknowledged]) {
        let path = self.path(name);
        self.server = start(&path);
        assert_work(&self.server.base, acknowledged).await;
        assert_are_stored(acknowledged, &Database::Sqlite(path)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_file_stops_registrations() {
    let fixture = Fixture::new();
    fixture.lose(|it| it.remove("clients")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_moved_with_its_log_is_complete() {
    let mut fixture = Fixture::new();
    let acknowledged = fixture.lose(|it| it.rename("clients", "moved")).await;
    fixture.server.kill();
    fixture.rename("clients-wal", "moved-wal");
    fixture.assert_nothing_is_lost("moved", &acknowledged).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_moved_back_is_complete() {
    let mut fixture = Fixture::new();
    let acknowledged = fixture.lose(|it| it.rename("clients", "moved")).await;
    fixture.rename("moved", "clients");
    assert_work(&fixture.server.base, &acknowledged).await;
    fixture.server.kill();
    fixture
        .assert_nothing_is_lost("clients", &acknowledged)
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_log_stops_registrations() {
    let fixture = Fixture::new();
    fixture.lose(|it| it.remove("clients-wal")).await;
}

/// While the server runs, its files can be read through the process.
#[cfg(target_os = "linux")]
async fn save_from_the_process(name: &str) {
    let mut fixture = Fixture::new();
    let acknowledged = fixture.lose(|it| it.remove(name)).await;
    let path = fixture.path(name);
    let deleted = format!("{} (deleted)", path.display());
    let open = fs::read_dir(format!("/proc/{}/fd", fixture.server.id())).unwrap();
    let mut open = open.map(|it| it.unwrap().path());
    let is_deleted = |it: &PathBuf| fs::read_link(it).is_ok_and(|it| it == Path::new(&deleted));
    fs::copy(open.find(is_deleted).unwrap(), path).unwrap();
    fixture.server.kill();
    fixture
        .assert_nothing_is_lost("clients", &acknowledged)
        .await;
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_file_is_recovered_from_the_process() {
    save_from_the_process("clients").await;
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_log_is_recovered_from_the_process() {
    save_from_the_process("clients-wal").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_is_restored_to_a_stopped_server() {
    let mut fixture = Fixture::new();
    let load = Load::on(&fixture.server.base, &Arc::new(AtomicUsize::new(0)));
    load.acknowledged(BEFORE).await;
    let before = load.acknowledged_so_far();
    let options = SqliteConnectOptions::new().filename(fixture.path("clients"));
    let mut connection = options.connect().await.unwrap();
    let backup = fixture.path("backup").display().to_string();
    let backed_up = sqlx::query("VACUUM INTO ?").bind(backup);
    backed_up.execute(&mut connection).await.unwrap();
    load.acknowledged(before.len() + BEFORE).await;
    load.end().await;
    drop(connection);

    assert!(fixture.server.terminate().is_some_and(|it| it.success()));
    for name in ["clients", "clients-wal", "clients-shm"] {
        let _ = fs::remove_file(fixture.path(name));
    }
    fixture.rename("backup", "clients");
    fixture.assert_nothing_is_lost("clients", &before).await;
}
