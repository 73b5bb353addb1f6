//! A database of the first version of the schema, as an earlier build left it.
//!
//! Never edit the dump: `tests/stored_data/golden.rs` says why. Each new version of the schema gets
//! its own dump.

use std::{collections::BTreeMap, fs, path::Path};

use oauth_dcr::{
    Client,
    postgres::PostgresStore,
    store::{ClientStore as _, RemoveOutcome},
};
use serde_json::Value;
use sqlx::{AssertSqlSafe, PgPool};

use crate::fixture::{LONG_TIMEOUT, database, is_inserted, limited, tenant};

/// The golden clients of a tenant, by their ids.
fn documents(tenant: &str) -> BTreeMap<String, Value> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/clients");
    let read = |entry: fs::DirEntry| -> Value {
        serde_json::from_str(&fs::read_to_string(entry.path()).unwrap()).unwrap()
    };
    let documents = fs::read_dir(folder).unwrap();
    let documents = documents.map(|entry| read(entry.unwrap()));
    let of_tenant = documents.filter(|it| it["tenant"] == tenant);
    let by_id = of_tenant.map(|it| (it["client_id"].as_str().unwrap().to_owned(), it));
    by_id.collect()
}

fn document(client: &Client) -> Value {
    serde_json::to_value(client).unwrap()
}

/// Connecting to the database runs each later migration.
#[tokio::test]
async fn golden_rows_are_found_and_removed() {
    let url = database();
    let pool = PgPool::connect(&url).await.unwrap();
    let sql = include_str!("../golden/postgres_1.sql");
    sqlx::raw_sql(AssertSqlSafe(sql))
        .execute(&pool)
        .await
        .unwrap();
    let store = PostgresStore::connect(&url).await.unwrap();
    let store = store.with_timeout(LONG_TIMEOUT);
    for (name, rows) in [("strict", 14), ("permissive", 2)] {
        let tenant = tenant(name);
        let mut expected = documents(name);
        assert_eq!(expected.len(), rows);
        let listed = store.list(&tenant, None, 100).await.unwrap();
        let ids = listed.iter().map(|it| it.id().as_str());
        assert!(ids.eq(expected.keys().map(String::as_str)));
        for row in listed {
            let client = row.readable().unwrap();
            let found = store.find(&tenant, client.id()).await.unwrap();
            assert_eq!(found.unwrap().readable().unwrap(), client);
            let expected = expected.remove(client.id().as_str());
            assert_eq!(Some(document(&client)), expected);
            let removed = store.remove(&tenant, client.id()).await.unwrap();
            assert_eq!(removed, RemoveOutcome::Removed);
        }
        assert_eq!(store.list(&tenant, None, 100).await.unwrap(), []);
    }
    // An earlier build counted all tenants, and they stay counted.
    let first = limited("strict", "first", 1);
    assert!(is_inserted(&store.insert(first).await.unwrap()));
    let counts = "SELECT tenant, counted, clients FROM oauth_dcr_tenants ORDER BY clients";
    let counts: Vec<(String, bool, i64)> = sqlx::query_as(counts).fetch_all(&pool).await.unwrap();
    let [(_, true, 0), (tenant, true, 1)] = counts.as_slice() else {
        panic!("{counts:?}");
    };
    assert_eq!(tenant, "strict");
}
