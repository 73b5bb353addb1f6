//! Files that are deleted, moved or replaced while the store has them open.

use std::{
    fs,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
    time::Duration,
};

use oauth_dcr::{
    BackendError, Client,
    sqlite::SqliteStore,
    store::{ClientStore as _, Insertion},
};
use tokio::{task::JoinSet, time::Instant};

use crate::{
    fixture::{cause, insert, inserted},
    minted::Minted,
    temporary::TemporaryDir,
};

const CALLERS: usize = 16;

/// How many calls are checked before and after the loss.
const CALLS: usize = 100;

/// The time limit of every wait.
const LIMIT: Duration = Duration::from_mins(1);

/// A folder with a store, within another folder, so that it can be moved and deleted.
struct Fixture {
    dir: TemporaryDir,
    store: SqliteStore,
}

impl Fixture {
    async fn new() -> Self {
        let dir = TemporaryDir::new();
        fs::create_dir(dir.path().join("data")).unwrap();
        let store = SqliteStore::open(dir.path().join("data/clients")).await;
        let store = store.unwrap();
        Self { dir, store }
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

    /// Another database with a store's tables, at `name`.
    async fn another(&self, name: &str) {
        let store = SqliteStore::open(self.path(name)).await.unwrap();
        insert(&store, &Minted::default().clients(1)[0]).await;
    }

    async fn find(&self, client: &Client) -> Result<bool, BackendError> {
        let found = self.store.find(client.tenant(), client.id()).await?;
        Ok(found.is_some())
    }

    async fn assert_all_are_found(&self, clients: &[Arc<Client>]) {
        for client in clients {
            assert!(self.find(client).await.unwrap(), "{}", client.id());
        }
    }

    /// Panics unless each read fails with an error that names this file.
    async fn assert_reads_name(&self, file: &str) {
        let client = &Minted::default().clients(1)[0];
        let errors = [
            self.find(client).await.unwrap_err(),
            self.store.list(client.tenant(), None, 9).await.unwrap_err(),
        ];
        for error in &errors {
            assert_names(error, &self.path(file));
        }
    }

    /// Deletes, moves or replaces a file while clients are inserted. Panics unless each later call
    /// fails and names the file. Returns the clients that were acknowledged.
    async fn lose(&self, lose: impl Future<Output = ()>, file: &str) -> Vec<Arc<Client>> {
        let load = Load::on(&self.store);
        load.wait_for(CALLS, |calls| calls.acknowledged.len()).await;
        lose.await;
        load.seen.is_lost.store(true, SeqCst);
        load.wait_for(CALLS, |calls| calls.refused_afterwards.len())
            .await;
        let calls = load.end().await;
        assert_eq!(calls.acknowledged_afterwards, 0);
        for error in &calls.refused_afterwards {
            assert_names(error, &self.path(file));
        }
        self.assert_reads_name(file).await;
        calls.acknowledged
    }
}

fn assert_names(error: &BackendError, file: &Path) {
    let expected = format!(
        "{} was deleted, moved or replaced while it was open",
        file.display()
    );
    let cause = cause(error);
    assert!(cause.starts_with(&expected), "{cause}");
    assert!(cause.contains("put the same file back, or stop"), "{cause}");
}

/// Insertions of many callers, each one after the other.
struct Load {
    seen: Arc<Seen>,
    callers: JoinSet<()>,
}

#[derive(Default)]
struct Seen {
    is_lost: AtomicBool,
    is_over: AtomicBool,
    calls: Mutex<Calls>,
}

#[derive(Default)]
struct Calls {
    acknowledged: Vec<Arc<Client>>,
    /// Calls that began after the loss.
    acknowledged_afterwards: usize,
    refused_afterwards: Vec<BackendError>,
}

impl Load {
    fn on(store: &SqliteStore) -> Self {
        let (seen, mut callers) = (Arc::<Seen>::default(), JoinSet::new());
        let minted = Arc::new(Mutex::new(Minted::default()));
        for _ in 0..CALLERS {
            let (store, seen) = (store.clone(), Arc::clone(&seen));
            let minted = Arc::clone(&minted);
            callers.spawn(async move {
                while !seen.is_over.load(SeqCst) {
                    let client = minted.lock().unwrap().clients(1).remove(0);
                    seen.insert(&store, client).await;
                }
            });
        }
        Self { seen, callers }
    }

    /// Waits until there are this many.
    async fn wait_for(&self, count: usize, of: fn(&Calls) -> usize) {
        let deadline = Instant::now() + LIMIT;
        while of(&self.seen.calls.lock().unwrap()) < count {
            assert!(Instant::now() < deadline, "too few calls in time");
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }

    async fn end(self) -> Calls {
        self.seen.is_over.store(true, SeqCst);
        self.callers.join_all().await;
        let seen = Arc::into_inner(self.seen).unwrap();
        seen.calls.into_inner().unwrap()
    }
}

impl Seen {
    async fn insert(&self, store: &SqliteStore, client: Arc<Client>) {
        let began_afterwards = self.is_lost.load(SeqCst);
        let outcome = store.insert(Insertion::new(Arc::clone(&client))).await;
        let mut calls = self.calls.lock().unwrap();
        match outcome {
            Ok(outcome) => {
                assert_eq!(outcome, inserted());
                calls.acknowledged_afterwards += usize::from(began_afterwards);
                calls.acknowledged.push(client);
            }
            Err(error) if began_afterwards => calls.refused_afterwards.push(error),
            Err(_) => {}
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deleted_file_fails_every_call() {
    let fixture = Fixture::new().await;
    let lose = async { fixture.remove("data/clients") };
    fixture.lose(lose, "data/clients").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deleted_folder_fails_every_call() {
    let fixture = Fixture::new().await;
    let lose = async { fs::remove_dir_all(fixture.path("data")).unwrap() };
    fixture.lose(lose, "data/clients").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_replaced_file_fails_every_call() {
    let fixture = Fixture::new().await;
    fixture.another("another").await;
    let lose = async { fixture.rename("another", "data/clients") };
    fixture.lose(lose, "data/clients").await;
    // The store wrote nothing to the other file.
    fixture.rename("data/clients", "another");
    let another = SqliteStore::open(fixture.path("another")).await.unwrap();
    let client = &Minted::default().clients(1)[0];
    let rows = another.list(client.tenant(), None, 9).await.unwrap();
    assert_eq!(rows, [Arc::clone(client).into()]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deleted_log_fails_every_call() {
    let fixture = Fixture::new().await;
    let lose = async { fixture.remove("data/clients-wal") };
    fixture.lose(lose, "data/clients-wal").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_replaced_log_fails_every_call() {
    let fixture = Fixture::new().await;
    fs::write(fixture.path("empty"), "").unwrap();
    let lose = async { fixture.rename("empty", "data/clients-wal") };
    fixture.lose(lose, "data/clients-wal").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deleted_log_index_fails_every_call() {
    let fixture = Fixture::new().await;
    let lose = async { fixture.remove("data/clients-shm") };
    fixture.lose(lose, "data/clients-shm").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_redirected_link_fails_every_call() {
    let mut fixture = Fixture::new().await;
    fixture.another("another").await;
    symlink("data/clients", fixture.path("link")).unwrap();
    symlink("another", fixture.path("other link")).unwrap();
    let store = SqliteStore::open(fixture.path("link")).await;
    fixture.store = store.unwrap();
    let lose = async { fixture.rename("other link", "link") };
    fixture.lose(lose, "link").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_linked_file_is_found() {
    let mut fixture = Fixture::new().await;
    symlink("data/clients", fixture.path("link")).unwrap();
    let store = SqliteStore::open(fixture.path("link")).await;
    fixture.store = store.unwrap();
    let clients = Minted::default().clients(1);
    assert_eq!(insert(&fixture.store, &clients[0]).await, inserted());
    fixture.assert_all_are_found(&clients).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_moved_back_works_again() {
    let fixture = Fixture::new().await;
    let lose = async { fixture.rename("data/clients", "elsewhere") };
    let mut clients = fixture.lose(lose, "data/clients").await;
    fixture.rename("elsewhere", "data/clients");
    let another = Minted::default().clients(10_000).swap_remove(9_999);
    assert_eq!(insert(&fixture.store, &another).await, inserted());
    clients.push(another);
    fixture.assert_all_are_found(&clients).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_folder_moved_back_works_again() {
    let fixture = Fixture::new().await;
    let lose = async { fixture.rename("data", "elsewhere") };
    let clients = fixture.lose(lose, "data/clients").await;
    fixture.rename("elsewhere", "data");
    fixture.assert_all_are_found(&clients).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_moved_back_works_again() {
    let fixture = Fixture::new().await;
    let lose = async { fixture.rename("data/clients-wal", "elsewhere") };
    let clients = fixture.lose(lose, "data/clients-wal").await;
    fixture.rename("elsewhere", "data/clients-wal");
    fixture.assert_all_are_found(&clients).await;
}
