//! What is special about the store in an SQLite file.

#[path = "../benches/support/minted.rs"]
mod minted;
#[path = "support/spoiled.rs"]
mod spoiled;
#[path = "support/temporary.rs"]
mod temporary;
#[path = "support/wal.rs"]
mod wal;

use std::{
    collections::{BTreeSet, HashSet},
    error::Error as _,
    fs,
    num::NonZeroU64,
    sync::Arc,
    time::Duration,
};

use minted::Minted;
use oauth_dcr::{
    BackendError, Client, MarkOutcome, Registrar, TenantSettings, Timestamp, conformance,
    sqlite::SqliteStore,
    store::{
        ClientStore as _, DuplicateKey, InsertOutcome, Insertion, RemoveOutcome, Sweep, UserKey,
    },
};
use sqlx::{ConnectOptions as _, Connection as _, SqliteConnection, sqlite::SqliteConnectOptions};
use temporary::TemporaryDir;
use tokio::task::JoinSet;

async fn connect(dir: &TemporaryDir) -> SqliteConnection {
    let options = SqliteConnectOptions::new()
        .filename(dir.path().join("clients"))
        .create_if_missing(true);
    options.connect().await.unwrap()
}

async fn open(dir: &TemporaryDir) -> SqliteStore {
    SqliteStore::open(dir.path().join("clients")).await.unwrap()
}

fn inserted() -> InsertOutcome {
    InsertOutcome::Inserted { removed: vec![] }
}

async fn insert(store: &SqliteStore, client: &Arc<Client>) -> InsertOutcome {
    let insertion = Insertion::new(Arc::clone(client));
    store.insert(insertion).await.unwrap()
}

fn cause(error: &BackendError) -> String {
    error.source().unwrap().to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_store_keeps_the_contract() {
    let dir = TemporaryDir::new();
    conformance::client_store(open(&dir).await).await;
}

#[tokio::test]
async fn clients_are_there_when_the_file_is_opened_again() {
    let dir = TemporaryDir::new();
    let clients = Minted::default().clients(3);
    let store = open(&dir).await;
    for client in &clients {
        assert_eq!(insert(&store, client).await, inserted());
    }
    drop(store);
    let store = open(&dir).await;
    for client in &clients {
        let found = store.find(client.tenant(), client.id()).await.unwrap();
        assert_eq!(found, Some(Arc::clone(client).into()));
        assert_eq!(insert(&store, client).await, InsertOutcome::IdTaken);
    }
}

#[tokio::test]
async fn reads_go_on_beside_writes() {
    let dir = TemporaryDir::new();
    let _store = open(&dir).await;
    let mut connection = connect(&dir).await;
    let mode: String = sqlx::query_scalar("PRAGMA journal_mode")
        .fetch_one(&mut connection)
        .await
        .unwrap();
    assert_eq!(mode, "wal");
}

// On one thread, so that nobody is late by the chance of how threads are scheduled.
#[tokio::test]
async fn one_commit_is_enough_for_sixteen_that_wait() {
    let dir = TemporaryDir::new();
    let store = open(&dir).await;
    let before = wal::commits(&dir.path().join("clients"));
    // While another process writes, all come and wait.
    let mut other = connect(&dir).await;
    let lock = other.begin_with("BEGIN IMMEDIATE").await.unwrap();
    let mut tasks = JoinSet::new();
    for client in Minted::default().clients(320) {
        let store = store.clone();
        tasks.spawn(async move { insert(&store, &client).await });
    }
    // There is one thread: each has had its turn after this.
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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_that_share_a_file_see_each_other() {
    let dir = TemporaryDir::new();
    let (first, second) = tokio::join!(open(&dir), open(&dir));
    let mut minted = Minted::default();
    let mut tasks = JoinSet::new();
    for store in [&first, &second] {
        for _ in 0..8 {
            let (store, lot) = (store.clone(), minted.clients(10));
            tasks.spawn(async move {
                for client in lot {
                    assert_eq!(insert(&store, &client).await, inserted());
                }
            });
        }
    }
    tasks.join_all().await;
    let tenant = minted.clients(1)[0].tenant().clone();
    let of_first = first.list(&tenant, None, 1000).await.unwrap();
    assert_eq!(of_first.len(), 160);
    assert_eq!(second.list(&tenant, None, 1000).await.unwrap(), of_first);
}

#[tokio::test]
async fn the_count_of_a_tenant_follows_its_clients() {
    let dir = TemporaryDir::new();
    let store = open(&dir).await;
    let clients = Minted::default().clients(50);
    let tenant = clients[0].tenant();
    for client in &clients {
        insert(&store, client).await;
        insert(&store, client).await;
    }
    let removed = store.remove(tenant, clients[0].id()).await.unwrap();
    assert_eq!(removed, RemoveOutcome::Removed);
    let everything = Sweep::new().unused_before(Timestamp::MAX).limit(9);
    assert_eq!(store.sweep(tenant, everything).await.unwrap().len(), 9);
    let mut connection = connect(&dir).await;
    let sql = "SELECT clients, (SELECT count(*) FROM oauth_dcr_clients) FROM oauth_dcr_tenants";
    let counts: (i64, i64) = sqlx::query_as(sql)
        .fetch_one(&mut connection)
        .await
        .unwrap();
    assert_eq!(counts, (40, 40));
}

#[tokio::test]
async fn the_file_holds_a_digest_of_the_user() {
    const USER: &str = "alice@example.com";
    let dir = TemporaryDir::new();
    let store = open(&dir).await;
    let client = &Minted::default().clients(1)[0];
    insert(&store, client).await;
    let tenant = TenantSettings::new();
    let registrar = Registrar::builder(store).tenant(tenant.clone());
    let registrar = registrar.build().unwrap();
    let marking = registrar.mark_used(&tenant, client.id(), None, Some(USER));
    let evicted = Vec::new();
    assert_eq!(marking.await.unwrap(), MarkOutcome::Marked { evicted });
    // The database and its log.
    let mut bytes = Vec::new();
    for file in fs::read_dir(dir.path()).unwrap() {
        bytes.extend(fs::read(file.unwrap().path()).unwrap());
    }
    let holds = |part: &[u8]| bytes.windows(part.len()).any(|it| it == part);
    assert!(holds(client.id().as_str().as_bytes()));
    assert!(holds(UserKey::of(client.tenant(), USER).as_bytes()));
    assert!(!holds(USER.as_bytes()) && !holds(b"alice"));
}

#[tokio::test]
async fn the_host_may_keep_its_own_tables_and_migrations() {
    let dir = TemporaryDir::new();
    let mut connection = connect(&dir).await;
    let sql = "CREATE TABLE users (id INTEGER); INSERT INTO users VALUES (1);
               CREATE TABLE _sqlx_migrations (version BIGINT PRIMARY KEY);
               INSERT INTO _sqlx_migrations VALUES (7);";
    sqlx::raw_sql(sql).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
    let client = &Minted::default().clients(1)[0];
    assert_eq!(insert(&open(&dir).await, client).await, inserted());
    let sql = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'";
    let tables: HashSet<String> = sqlx::query_scalar(sql)
        .fetch_all(&mut connect(&dir).await)
        .await
        .unwrap()
        .into_iter()
        .collect();
    let expected = [
        "users",
        "_sqlx_migrations",
        "oauth_dcr_migrations",
        "oauth_dcr_clients",
        "oauth_dcr_tenants",
    ];
    assert_eq!(tables, expected.map(String::from).into());
}

#[tokio::test]
async fn a_file_that_is_no_database_is_not_opened() {
    let dir = TemporaryDir::new();
    let text = dir.path().join("text");
    fs::write(
        &text,
        "this is a letter, and not a database, and long enough to tell",
    )
    .unwrap();
    let error = SqliteStore::open(&text).await.unwrap_err();
    assert!(cause(&error).contains("not a database"), "{error:?}");
    let missing = dir.path().join("no/such/folder");
    let error = SqliteStore::open(&missing).await.unwrap_err();
    assert!(
        cause(&error).contains("folder of the file does not exist"),
        "{error:?}"
    );
    assert_eq!(error.place(), missing.to_str());
}

#[tokio::test]
async fn a_name_of_no_file_is_not_opened() {
    for name in ["", ":memory:", "file:clients?mode=memory", "file::memory:"] {
        let error = SqliteStore::open(name).await.unwrap_err();
        let expected = format!("the name {name:?} is not one of a file");
        assert!(cause(&error).starts_with(&expected), "{error:?}");
    }
    // What such a name stands in is an ordinary path.
    let dir = TemporaryDir::new();
    let path = dir.path().join(":memory:");
    SqliteStore::open(&path).await.unwrap();
    assert!(path.is_file());
}

#[tokio::test]
async fn an_unreadable_record_can_be_managed() {
    let dir = TemporaryDir::new();
    let store = open(&dir).await;
    spoiled::unreadable_rows_can_be_managed(&store, async |tenant, id, record| {
        // Text of any bytes, as a disk that fails may leave it.
        let sql = "UPDATE oauth_dcr_clients SET record = CAST(? AS TEXT)
                   WHERE tenant = ? AND client_id = ?";
        let written = sqlx::query(sql)
            .bind(record)
            .bind(tenant.as_str())
            .bind(id.as_str())
            .execute(&mut connect(&dir).await)
            .await
            .unwrap();
        assert_eq!(written.rows_affected(), 1);
    })
    .await;
}

#[tokio::test]
async fn a_row_with_an_invalid_id_can_be_managed() {
    let dir = TemporaryDir::new();
    let store = open(&dir).await;
    spoiled::rows_with_invalid_ids_can_be_managed(&store, async |tenant, id, foreign| {
        let sql = "UPDATE oauth_dcr_clients SET client_id = ? WHERE tenant = ? AND client_id = ?";
        let written = sqlx::query(sql)
            .bind(foreign)
            .bind(tenant.as_str())
            .bind(id.as_str())
            .execute(&mut connect(&dir).await)
            .await
            .unwrap();
        assert_eq!(written.rows_affected(), 1);
    })
    .await;
}

/// SQLite keeps text of any bytes. Such a row has no id that a call could name, but hides no other.
#[tokio::test]
async fn an_id_outside_utf_8_hides_no_other() {
    let dir = TemporaryDir::new();
    let store = open(&dir).await;
    let clients = Minted::default().clients(6);
    for client in &clients {
        insert(&store, client).await;
    }
    let spoiled = ["X'74FF62'", "X'FF'", "X'7470635FF0'"];
    for (client, id) in clients.iter().zip(spoiled) {
        let sql = format!(
            "UPDATE oauth_dcr_clients SET client_id = CAST({id} AS TEXT) WHERE client_id = ?"
        );
        let update = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(client.id().as_str());
        update.execute(&mut connect(&dir).await).await.unwrap();
    }
    let tenant = clients[0].tenant();
    let readable: BTreeSet<&str> = clients[3..].iter().map(|it| it.id().as_str()).collect();
    for limit in [1, 2, 10] {
        let mut seen = Vec::new();
        let mut after = None;
        loop {
            let page = store.list(tenant, after.as_ref(), limit).await.unwrap();
            let Some(last) = page.last() else { break };
            after = Some(last.id().clone());
            seen.extend(page);
            assert!(
                seen.len() <= clients.len(),
                "each row is on one page: {seen:?}"
            );
        }
        assert_eq!(seen.len(), clients.len());
        let found = seen.iter().map(|row| row.id().as_str());
        let found: BTreeSet<&str> = found.filter(|id| id.is_ascii()).collect();
        assert_eq!(found, readable);
    }
    let max = NonZeroU64::new(6);
    let newcomer = Minted::default().clients(7).swap_remove(6);
    let outcome = store
        .insert(Insertion::new(newcomer).max_clients(max))
        .await;
    assert!(matches!(&outcome, Ok(InsertOutcome::Inserted { removed }) if removed.len() == 1));
    let sweep = Sweep::new().unused_before(Timestamp::MAX);
    assert_eq!(store.sweep(tenant, sweep).await.unwrap().len(), 6);
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
    // In this runtime all of them are in line before the first commit begins.
    let mut tasks = JoinSet::new();
    for client in clients[2..].iter().map(Arc::clone) {
        let store = store.clone();
        tasks.spawn(async move { insert(&store, &client).await });
    }
    // It needs the record that can't be read.
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
async fn the_store_survives_a_transaction_that_sqlite_ends() {
    let dir = TemporaryDir::new();
    let store = open(&dir).await;
    let mut other = connect(&dir).await;
    // As it does for a full disk, or one that fails.
    let sql = "CREATE TRIGGER full BEFORE INSERT ON oauth_dcr_clients
               BEGIN SELECT RAISE(ROLLBACK, 'out of order'); END";
    sqlx::raw_sql(sql).execute(&mut other).await.unwrap();
    let clients = Minted::default().clients(2);
    for client in &clients {
        // With a limit, it takes more than one statement, and a transaction around them.
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
    // The queue is not stuck behind what failed.
    assert_eq!(insert(&store, &clients[1]).await, inserted());
    // What was answered with an error may have been written since; it is whole then.
    let found = store
        .find(clients[0].tenant(), clients[0].id())
        .await
        .unwrap();
    assert!(found.is_none_or(|found| found == Arc::clone(&clients[0]).into()));
}
