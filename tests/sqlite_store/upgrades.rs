//! Files that another version of the crate has created and may still have open.

use std::{borrow::Cow, sync::Arc};

use oauth_dcr::{
    Client, TenantId,
    sqlite::SqliteStore,
    store::{ClientStore as _, InsertOutcome, RemoveOutcome},
};
use sqlx::{
    SqlSafeStr as _, SqliteConnection,
    migrate::{Migration, MigrationType, Migrator},
};

use crate::{
    counts::{insert_up_to, noted, rows},
    fixture::{cause, connect, insert, inserted, open},
    minted::Minted,
    temporary::TemporaryDir,
};

const BEFORE_COUNTED_TENANTS: [(&str, &str); 2] = [
    (
        "clients",
        include_str!("../../src/sqlite/migrations/0001_clients.sql"),
    ),
    (
        "user key",
        include_str!("../../src/sqlite/migrations/0002_user_key.sql"),
    ),
];

/// Creates a file of the version that counted the clients of every tenant.
async fn older_file(dir: &TemporaryDir) -> SqliteConnection {
    let mut connection = connect(dir).await;
    let migrations = (1..).zip(BEFORE_COUNTED_TENANTS);
    let migrations = migrations.map(|(version, (description, sql))| {
        let (description, sql) = (Cow::Borrowed(description), sql.into_sql_str());
        Migration::new(version, description, MigrationType::Simple, sql, false)
    });
    let mut migrator = Migrator::with_migrations(migrations.collect());
    migrator.dangerous_set_table_name("oauth_dcr_migrations");
    migrator.run(&mut connection).await.unwrap();
    connection
}

/// Inserts a client as the older version does.
async fn insert_as_before(connection: &mut SqliteConnection, client: &Client) {
    let sql = "INSERT INTO oauth_dcr_clients
               (tenant, client_id, record, revision, blocked, is_used, idle_since)
               VALUES (?, ?, ?, 0, 0, 0, 0)";
    let inserted = sqlx::query(sql)
        .bind(client.tenant().as_str())
        .bind(client.id().as_str())
        .bind(serde_json::to_string(client).unwrap())
        .execute(connection);
    inserted.await.unwrap();
}

/// The number that the older version compares with the limit of the tenant.
async fn number_before(connection: &mut SqliteConnection, tenant: &TenantId) -> i64 {
    let sql = "SELECT clients FROM oauth_dcr_tenants WHERE tenant = ?";
    let number = sqlx::query_scalar(sql).bind(tenant.as_str());
    number.fetch_one(connection).await.unwrap()
}

#[tokio::test]
async fn a_tenant_of_an_older_file_stays_counted() {
    let dir = TemporaryDir::new();
    let clients = Minted::default().clients(23);
    let mut older = older_file(&dir).await;
    for client in &clients[..20] {
        insert_as_before(&mut older, client).await;
    }
    let store = open(&dir).await;
    insert(&store, &clients[20]).await;
    assert_eq!(noted(&mut older).await, [(21, true)]);
    assert_eq!(insert_up_to(&store, &clients[21], 22).await, inserted());
    assert_eq!(noted(&mut older).await, [(22, true)]);
    let outcome = insert_up_to(&store, &clients[22], 22).await;
    let InsertOutcome::Inserted { removed } = outcome else {
        panic!("{outcome:?}");
    };
    assert_eq!(removed.len(), 1);
    assert_eq!(rows(&mut older).await, 22);
    assert_eq!(noted(&mut older).await, [(22, true)]);
}

#[tokio::test]
async fn an_older_process_keeps_the_limit() {
    let dir = TemporaryDir::new();
    let clients = Minted::default().clients(6);
    let tenant = clients[0].tenant();
    let mut older = older_file(&dir).await;
    for client in &clients[..2] {
        insert_as_before(&mut older, client).await;
    }
    // The older process does not notice that its file is migrated.
    let store = open(&dir).await;
    assert_eq!(number_before(&mut older, tenant).await, 2);
    for client in &clients[2..4] {
        insert(&store, client).await;
    }
    assert_eq!(number_before(&mut older, tenant).await, 4);
    insert_as_before(&mut older, &clients[4]).await;
    assert_eq!(number_before(&mut older, tenant).await, 5);
    let removed = store.remove(tenant, clients[0].id()).await.unwrap();
    assert_eq!(removed, RemoveOutcome::Removed);
    assert_eq!(number_before(&mut older, tenant).await, 4);
    // A second store that opens the file does not change this.
    insert(&open(&dir).await, &clients[5]).await;
    assert_eq!(number_before(&mut older, tenant).await, 5);
    assert_eq!(rows(&mut older).await, 5);
}

#[tokio::test]
async fn clients_of_an_older_process_are_counted() {
    let dir = TemporaryDir::new();
    let clients: Vec<Arc<Client>> = Minted::default().clients(8);
    let mut older = older_file(&dir).await;
    let store = open(&dir).await;
    // The tenant is new and has no limit yet.
    for client in &clients[..2] {
        insert_as_before(&mut older, client).await;
    }
    assert_eq!(noted(&mut older).await, []);
    insert_up_to(&store, &clients[2], 100).await;
    for client in &clients[3..] {
        insert_as_before(&mut older, client).await;
    }
    assert_eq!(noted(&mut older).await, [(8, true)]);
    let outcome = insert_up_to(&store, &clients[0], 8).await;
    assert_eq!(outcome, InsertOutcome::IdTaken);
}

/// Applies a migration of a later version: a column with a default.
async fn migrate_further(connection: &mut SqliteConnection) {
    let sql = "ALTER TABLE oauth_dcr_clients ADD COLUMN later TEXT NOT NULL DEFAULT 'none';
               INSERT INTO oauth_dcr_migrations
                   (version, description, success, checksum, execution_time)
               VALUES (9999, 'of a later version', TRUE, X'', 0);";
    sqlx::raw_sql(sql).execute(connection).await.unwrap();
}

#[tokio::test]
async fn an_older_version_starts_on_a_newer_schema() {
    let dir = TemporaryDir::new();
    let clients = Minted::default().clients(2);
    insert(&open(&dir).await, &clients[0]).await;
    let mut newer = connect(&dir).await;
    migrate_further(&mut newer).await;
    let store = open(&dir).await;
    assert_eq!(insert(&store, &clients[1]).await, inserted());
    for client in clients {
        let found = store.find(client.tenant(), client.id()).await;
        assert_eq!(found.unwrap(), Some(client.into()));
    }
    let sql = "SELECT later FROM oauth_dcr_clients";
    let later: Vec<String> = sqlx::query_scalar(sql).fetch_all(&mut newer).await.unwrap();
    assert_eq!(later, ["none", "none"]);
}

#[tokio::test]
async fn a_changed_migration_is_refused() {
    let dir = TemporaryDir::new();
    drop(open(&dir).await);
    let change = sqlx::query("UPDATE oauth_dcr_migrations SET checksum = X'00'");
    change.execute(&mut connect(&dir).await).await.unwrap();
    let opened = SqliteStore::open(dir.path().join("clients")).await;
    let cause = cause(&opened.unwrap_err());
    assert!(cause.contains("has been modified"), "{cause}");
}
