//! The number of clients of a tenant, on which its limit depends.

use std::{
    num::NonZeroU64,
    sync::{
        Arc,
        atomic::{AtomicU32, AtomicU64, Ordering::SeqCst},
    },
};

use oauth_dcr::{
    Client, Timestamp,
    sqlite::SqliteStore,
    store::{ClientStore as _, InsertOutcome, Insertion, RemoveOutcome, Sweep},
};
use sqlx::SqliteConnection;
use tokio::task::JoinSet;

use crate::{
    fixture::{connect, insert, inserted, open},
    minted::Minted,
    temporary::TemporaryDir,
};

pub(crate) async fn insert_up_to(
    store: &SqliteStore,
    client: &Arc<Client>,
    max: u64,
) -> InsertOutcome {
    let insertion = Insertion::new(Arc::clone(client)).max_clients(NonZeroU64::new(max));
    store.insert(insertion).await.unwrap()
}

pub(crate) async fn rows(connection: &mut SqliteConnection) -> i64 {
    let rows = sqlx::query_scalar("SELECT count(*) FROM oauth_dcr_clients");
    rows.fetch_one(connection).await.unwrap()
}

async fn triggers(connection: &mut SqliteConnection) -> i64 {
    let sql = "SELECT count(*) FROM sqlite_schema WHERE type = 'trigger'";
    let triggers = sqlx::query_scalar(sql);
    triggers.fetch_one(connection).await.unwrap()
}

/// The stored number of clients of each tenant, and whether the number is maintained.
pub(crate) async fn noted(connection: &mut SqliteConnection) -> Vec<(i64, bool)> {
    let noted = sqlx::query_as("SELECT clients, counted FROM oauth_dcr_tenants");
    noted.fetch_all(connection).await.unwrap()
}

#[tokio::test]
async fn a_tenant_without_a_limit_is_not_counted() {
    let dir = TemporaryDir::new();
    let store = open(&dir).await;
    let clients = Minted::default().clients(10);
    for client in &clients {
        insert(&store, client).await;
    }
    let removed = store.remove(clients[0].tenant(), clients[0].id()).await;
    assert_eq!(removed.unwrap(), RemoveOutcome::Removed);
    let mut connection = connect(&dir).await;
    assert_eq!(noted(&mut connection).await, []);
    // Without triggers, an insertion does not look for a counted tenant.
    assert_eq!(triggers(&mut connection).await, 0);
}

#[tokio::test]
async fn a_reopened_file_keeps_its_counts() {
    let dir = TemporaryDir::new();
    let clients = Minted::default().clients(3);
    insert_up_to(&open(&dir).await, &clients[0], 100).await;
    let store = open(&dir).await;
    insert(&store, &clients[1]).await;
    let mut connection = connect(&dir).await;
    assert_eq!(noted(&mut connection).await, [(2, true)]);
    // If a limit was removed for good, an operator may end the counting.
    let end = sqlx::query("UPDATE oauth_dcr_tenants SET counted = 0");
    end.execute(&mut connection).await.unwrap();
    let store = open(&dir).await;
    assert_eq!(triggers(&mut connection).await, 0);
    insert_up_to(&store, &clients[2], 100).await;
    assert_eq!(noted(&mut connection).await, [(3, true)]);
    assert_eq!(triggers(&mut connection).await, 2);
}

#[tokio::test]
async fn the_count_of_a_tenant_follows_its_clients() {
    let dir = TemporaryDir::new();
    let store = open(&dir).await;
    let mut connection = connect(&dir).await;
    let clients = Minted::default().clients(60);
    let tenant = clients[0].tenant();
    for client in &clients[..30] {
        insert(&store, client).await;
    }
    for pair in clients[30..].chunks_exact(2) {
        insert_up_to(&store, &pair[0], 100).await;
        insert(&store, &pair[1]).await;
        insert_up_to(&store, &pair[1], 100).await;
        let rows = rows(&mut connection).await;
        assert_eq!(noted(&mut connection).await, [(rows, true)]);
    }
    let removed = store.remove(tenant, clients[0].id()).await.unwrap();
    assert_eq!(removed, RemoveOutcome::Removed);
    let everything = Sweep::new().unused_before(Timestamp::MAX).limit(9);
    assert_eq!(store.sweep(tenant, everything).await.unwrap().len(), 9);
    assert_eq!(rows(&mut connection).await, 50);
    assert_eq!(noted(&mut connection).await, [(50, true)]);
}

#[tokio::test]
async fn a_tenant_is_counted_once() {
    let dir = TemporaryDir::new();
    let store = open(&dir).await;
    let mut connection = connect(&dir).await;
    let clients = Minted::default().clients(7);
    for client in &clients[..5] {
        insert(&store, client).await;
    }
    let outcome = insert_up_to(&store, &clients[5], 5).await;
    assert!(matches!(outcome, InsertOutcome::Inserted { removed } if removed.len() == 1));
    // A wrong number stays: the rows are not counted again.
    let wrong = sqlx::query("UPDATE oauth_dcr_tenants SET clients = 1");
    wrong.execute(&mut connection).await.unwrap();
    assert_eq!(insert_up_to(&store, &clients[6], 5).await, inserted());
    assert_eq!(noted(&mut connection).await, [(2, true)]);
}

/// Callers of two stores that share a file. After 100 clients, all callers register with a limit.
#[derive(Default)]
struct Callers {
    /// 0 means no limit yet.
    limit: AtomicU64,
    /// Insertions without a limit: those that were answered, and those that are running.
    answered: AtomicU32,
    under_way: AtomicU32,
}

impl Callers {
    const LIMIT: u64 = 80;

    /// Inserts `clients` one after another.
    async fn register(&self, store: SqliteStore, clients: Vec<Arc<Client>>, dir: &TemporaryDir) {
        let mut connection = connect(dir).await;
        for client in clients {
            self.under_way.fetch_add(1, SeqCst);
            let limit = self.limit.load(SeqCst);
            if limit == 0 {
                assert_eq!(insert(&store, &client).await, inserted());
                if self.answered.fetch_add(1, SeqCst) == 99 {
                    self.limit.store(Self::LIMIT, SeqCst);
                }
                self.under_way.fetch_sub(1, SeqCst);
                continue;
            }
            let others = self.under_way.fetch_sub(1, SeqCst) - 1;
            let outcome = insert_up_to(&store, &client, limit).await;
            assert!(matches!(outcome, InsertOutcome::Inserted { .. }));
            // An insertion without a limit may be committed after this one.
            if others == 0 {
                let rows = rows(&mut connection).await;
                assert!(rows.unsigned_abs() <= limit, "{rows} clients");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_limit_set_during_insertions_is_never_exceeded() {
    let dir = Arc::new(TemporaryDir::new());
    let stores = [open(&dir).await, open(&dir).await];
    let callers = Arc::<Callers>::default();
    let (mut minted, mut tasks) = (Minted::default(), JoinSet::new());
    for caller in 0..32 {
        let (store, clients) = (stores[caller % 2].clone(), minted.clients(30));
        let (callers, dir) = (Arc::clone(&callers), Arc::clone(&dir));
        tasks.spawn(async move { callers.register(store, clients, &dir).await });
    }
    tasks.join_all().await;
    let mut connection = connect(&dir).await;
    let limit = i64::try_from(Callers::LIMIT).unwrap();
    assert_eq!(rows(&mut connection).await, limit);
    assert_eq!(noted(&mut connection).await, [(limit, true)]);
}
