//! Calls that are committed together, and their failures.

use std::{num::NonZeroU64, sync::Arc, time::Duration};

use oauth_dcr::{
    sqlite::SqliteStore,
    store::{ClientStore as _, DuplicateKey, InsertOutcome, Insertion},
};
use sqlx::Connection as _;
use tokio::task::JoinSet;

use crate::{
    fixture::{cause, connect, insert, inserted, open},
    minted::Minted,
    temporary::TemporaryDir,
    wal,
};

// With one thread, the scheduling of threads delays no call.
#[tokio::test]
async fn sixteen_waiting_calls_share_a_commit() {
    let dir = TemporaryDir::new();
    let store = open(&dir).await;
    let before = wal::commits(&dir.path().join("clients"));
    // All calls arrive while another process writes.
    let mut other = connect(&dir).await;
    let lock = other.begin_with("BEGIN IMMEDIATE").await.unwrap();
    let mut tasks = JoinSet::new();
    for client in Minted::default().clients(320) {
        let store = store.clone();
        tasks.spawn(async move { insert(&store, &client).await });
    }
    // There is one thread, so each task has run after this.
    tokio::task::yield_now().await;
    lock.rollback().await.unwrap();
    assert_eq!(tasks.join_all().await, vec![inserted(); 320]);
    let commits = wal::commits(&dir.path().join("clients")) - before;
    assert!((1..=320 / 16).contains(&commits), "{commits} commits");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_group_stores_each_id_once() {
    let dir = TemporaryDir::new();
    let store = open(&dir).await;
    let clients = Minted::default().clients(20);
    let mut tasks = JoinSet::new();
    for client in clients.iter().flat_map(|client| [client, client, client]) {
        let (store, client) = (store.clone(), Arc::clone(client));
        tasks.spawn(async move { insert(&store, &client).await });
    }
    let outcomes = tasks.join_all().await;
    let count = |wanted| outcomes.iter().filter(|it| **it == wanted).count();
    assert_eq!((count(inserted()), count(InsertOutcome::IdTaken)), (20, 40));
}

#[tokio::test]
async fn a_failed_insertion_fails_no_other_in_its_group() {
    let dir = TemporaryDir::new();
    let store = open(&dir).await;
    let clients = Minted::default().clients(42);
    let key = Some(DuplicateKey::from_bytes([1; 32]));
    let first = Insertion::new(Arc::clone(&clients[0])).deduplicated_by(key);
    store.insert(first).await.unwrap();
    sqlx::query("UPDATE oauth_dcr_clients SET record = '', idle_since = 0")
        .execute(&mut connect(&dir).await)
        .await
        .unwrap();
    // In this runtime, all calls are queued before the first commit begins.
    let mut tasks = JoinSet::new();
    for client in clients[2..].iter().map(Arc::clone) {
        let store = store.clone();
        tasks.spawn(async move { insert(&store, &client).await });
    }
    // This insertion needs the unreadable record.
    let same = store.insert(Insertion::new(Arc::clone(&clients[1])).deduplicated_by(key));
    let (same, inserted_all) = tokio::join!(same, tasks.join_all());
    let expected = format!(
        "the record of client `{}` can't be read: \
         it is not the JSON of a client, at line 1, column 0",
        clients[0].id()
    );
    assert_eq!(cause(&same.unwrap_err()), expected);
    assert_eq!(inserted_all, vec![inserted(); 40]);
}

#[tokio::test]
async fn the_store_survives_a_rollback_by_sqlite() {
    let dir = TemporaryDir::new();
    let store = open(&dir).await;
    let mut other = connect(&dir).await;
    // SQLite does the same if a disk is full or fails.
    let sql = "CREATE TRIGGER full BEFORE INSERT ON oauth_dcr_clients
               BEGIN SELECT RAISE(ROLLBACK, 'out of order'); END";
    sqlx::raw_sql(sql).execute(&mut other).await.unwrap();
    let clients = Minted::default().clients(2);
    for client in &clients {
        // With a limit, an insertion takes several statements within a transaction.
        let insertion = Insertion::new(Arc::clone(client)).max_clients(NonZeroU64::new(9));
        let error = store.insert(insertion).await.unwrap_err();
        assert!(cause(&error).contains("out of order"), "{error:?}");
    }
    let sql = sqlx::raw_sql("DROP TRIGGER full");
    sql.execute(&mut other).await.unwrap();
    for client in &clients {
        let insertion = Insertion::new(Arc::clone(client)).max_clients(NonZeroU64::new(9));
        assert_eq!(store.insert(insertion).await.unwrap(), inserted());
    }
}

#[tokio::test]
async fn a_file_locked_by_another_process_times_out() {
    let dir = TemporaryDir::new();
    let timeout = Duration::from_millis(200);
    let path = dir.path().join("clients");
    let store = SqliteStore::open_with_timeout(&path, timeout)
        .await
        .unwrap();
    let mut other = connect(&dir).await;
    let lock = other.begin_with("BEGIN IMMEDIATE").await.unwrap();
    let clients = Minted::default().clients(2);
    let insertion = Insertion::new(Arc::clone(&clients[0]));
    let error = store.insert(insertion).await.unwrap_err();
    let cause = cause(&error);
    let is_late = cause.starts_with("there was no answer in time");
    assert!(cause.contains("locked") || is_late, "{cause}");
    lock.rollback().await.unwrap();
    // The queue continues after the failed calls.
    assert_eq!(insert(&store, &clients[1]).await, inserted());
    // A call that was answered with an error may have been written since, but only completely.
    let found = store
        .find(clients[0].tenant(), clients[0].id())
        .await
        .unwrap();
    assert!(found.is_none_or(|found| found == Arc::clone(&clients[0]).into()));
}
