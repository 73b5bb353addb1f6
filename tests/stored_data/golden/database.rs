//! A whole SQLite file of the first version of the schema.

use std::fs;

use oauth_dcr::{
    Timestamp,
    sqlite::SqliteStore,
    store::{ClientStore as _, Sweep},
};
use sqlx::{ConnectOptions as _, Connection as _, sqlite::SqliteConnectOptions};

use super::{client, folder, names_in};
use crate::{
    block_on, made::Made, read::use_store, shapes, temporary::TemporaryDir, write::TIMEOUT,
};

/// The clients of the golden documents, with the secrets that the tests know.
fn made() -> Vec<Made> {
    let secrets = |name: &str| match name {
        "confidential" => vec!["87hIjDaMsKZlfuzdPLE9CcLTJuAFW972hiGgP-C723s"],
        "permissive" => vec!["QLErEgCFZByhkq_jFXyF0MhHcp9OCPOjbxOEowbEH8I"],
        "rotated_secret" => vec![
            "NQW3eWvRpQaBdtr4AKBfUIvY_3oDhc28GnZKPNeBAdo",
            "gIbRk6bytWghxuJmOawsZdncysQU0jxvkc1kIFfgAjU",
        ],
        _ => vec![],
    };
    let made = |file: String| {
        let name = file.strip_suffix(".json").unwrap();
        let secrets = secrets(name).into_iter().map(str::to_owned);
        Made::new(&client(name), secrets.collect())
    };
    names_in(&folder().join("clients"))
        .into_iter()
        .map(made)
        .collect()
}

/// Loads the golden file into `dir` and opens it, which runs each later migration.
async fn open(dir: &TemporaryDir) -> SqliteStore {
    let path = dir.path().join("clients.sqlite3");
    let sql = fs::read_to_string(folder().join("sqlite_1.sql")).unwrap();
    let options = SqliteConnectOptions::new();
    let options = options.filename(&path).create_if_missing(true);
    let mut connection = options.connect().await.unwrap();
    let sql = sqlx::raw_sql(sqlx::AssertSqlSafe(sql));
    sql.execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
    SqliteStore::open_with_timeout(&path, TIMEOUT)
        .await
        .unwrap()
}

#[test]
fn golden_sqlite_file_is_fully_usable() {
    let dir = TemporaryDir::new();
    block_on(async {
        let registrar = shapes::registrar(open(&dir).await);
        use_store(registrar, made()).await;
    });
}

#[test]
fn golden_sqlite_file_keeps_used_and_blocked_clients() {
    let dir = TemporaryDir::new();
    block_on(async {
        let store = open(&dir).await;
        let tenant = shapes::tenant("strict");
        let unused = Sweep::new().unused_before(Timestamp::MAX);
        let swept = store.sweep(&tenant, unused).await.unwrap();
        assert_eq!(swept.len(), 12);
        let left = store.list(&tenant, None, 100).await.unwrap();
        let left: Vec<_> = left.iter().map(|row| row.id().clone()).collect();
        let kept = ["blocked", "used"].map(|name| client(name).id().clone());
        assert_eq!(left, kept);
        // The only grant has expired by then.
        let idle = Sweep::new().idle_before(Timestamp::MAX);
        let used = [kept[1].clone()];
        assert_eq!(store.sweep(&tenant, idle).await.unwrap(), used);
    });
}
