//! Files that are reopened, files that are shared, and files that are not databases.

use std::{collections::HashSet, env, fs, sync::Arc};

use oauth_dcr::{
    sqlite::SqliteStore,
    store::{ClientStore as _, InsertOutcome},
};
use sqlx::Connection as _;
use tokio::task::JoinSet;

use crate::{
    fixture::{cause, connect, insert, inserted, open},
    minted::Minted,
    temporary::TemporaryDir,
};

#[tokio::test]
async fn a_reopened_file_has_its_clients() {
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
async fn writes_do_not_block_reads() {
    let dir = TemporaryDir::new();
    let _store = open(&dir).await;
    let mut connection = connect(&dir).await;
    let mode: String = sqlx::query_scalar("PRAGMA journal_mode")
        .fetch_one(&mut connection)
        .await
        .unwrap();
    assert_eq!(mode, "wal");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn stores_sharing_a_file_see_each_other() {
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
async fn the_host_may_add_tables_and_migrations() {
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
async fn a_non_database_file_is_not_opened() {
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
async fn a_name_without_a_file_is_not_opened() {
    for name in ["", ":memory:", "file:clients?mode=memory", "file::memory:"] {
        let error = SqliteStore::open(name).await.unwrap_err();
        let expected = format!("the name {name:?} is not the name of a file");
        assert!(cause(&error).starts_with(&expected), "{error:?}");
    }
    // Names with such characters are ordinary paths.
    let dir = TemporaryDir::new();
    let path = dir.path().join(":memory:");
    SqliteStore::open(&path).await.unwrap();
    assert!(path.is_file());
}

#[tokio::test]
async fn a_relative_path_survives_a_change_of_directory() {
    let (dir, elsewhere) = (TemporaryDir::new(), TemporaryDir::new());
    let before = env::current_dir().unwrap();
    env::set_current_dir(dir.path()).unwrap();
    let store = SqliteStore::open("clients").await.unwrap();
    env::set_current_dir(elsewhere.path()).unwrap();
    let client = &Minted::default().clients(1)[0];
    assert_eq!(insert(&store, client).await, inserted());
    let found = store.find(client.tenant(), client.id()).await;
    env::set_current_dir(before).unwrap();
    assert_eq!(found.unwrap(), Some(Arc::clone(client).into()));
}
