//! An SQLite file that another process has locked.

use std::time::{Duration, Instant};

use sqlx::{ConnectOptions as _, Connection as _, sqlite::SqliteConnectOptions};

use crate::{
    database::Database,
    example_server::ExampleServer,
    load::settings,
    requests::{metadata, register},
    temporary::TemporaryDir,
    wire::Connection,
};

/// More than the server's timeout of one second, and less than the store's default.
const MOST: Duration = Duration::from_secs(4);

#[tokio::test(flavor = "multi_thread")]
async fn a_locked_file_delays_answers_only_briefly() {
    let dir = TemporaryDir::new();
    let path = dir.path().join("clients");
    let database = Database::Sqlite(path.clone());
    let server = ExampleServer::start_with(Some(&settings()), &["--store", &database.option()]);
    let mut connection = Connection::open(&server.base).await.unwrap();

    let options = SqliteConnectOptions::new().filename(path);
    let mut other = options.connect().await.unwrap();
    let lock = other.begin_with("BEGIN IMMEDIATE").await.unwrap();
    let start = Instant::now();
    let answer = connection.send(register("open", &metadata(0))).await;
    let took = start.elapsed();
    assert_eq!(answer.unwrap().status, 503);
    assert!(took < MOST, "{took:?}");

    lock.rollback().await.unwrap();
    let answer = connection.send(register("open", &metadata(1))).await;
    assert_eq!(answer.unwrap().status, 201);
}
