//! Clients, and a database that tests can read.

use std::{
    error::Error,
    num::NonZeroU64,
    sync::{Arc, LazyLock},
};

use oauth_dcr::{
    BackendError, Client, ClientId, TenantId,
    postgres::PostgresStore,
    store::{ClientStore as _, DuplicateKey, InsertOutcome, Insertion},
};
use private_servers::PrivatePostgres;
use serde_json::{Value, json};
use sqlx::{PgPool, Postgres, Transaction};

/// The time of issue of clients, in milliseconds, in tests where it does not matter.
pub(crate) const ISSUED: u64 = 1_700_000_000_000;

/// For tests that do not stop or change the server itself.
static SERVER: LazyLock<PrivatePostgres> = LazyLock::new(PrivatePostgres::start);

/// The URL of a new, empty database.
pub(crate) fn database() -> String {
    SERVER.create_database()
}

/// A new database, two nodes that share it, and a pool that bypasses both.
pub(crate) struct Fixture {
    pub(crate) nodes: [PostgresStore; 2],
    pub(crate) pool: PgPool,
}

impl Fixture {
    pub(crate) async fn new() -> Self {
        let url = database();
        // The machine may be busy, and no test with this fixture is about time.
        let connect = async || {
            let node = PostgresStore::connect(&url).await.unwrap();
            node.with_timeout(LONG_TIMEOUT)
        };
        Self {
            nodes: [connect().await, connect().await],
            pool: PgPool::connect(&url).await.unwrap(),
        }
    }

    pub(crate) fn node(&self, number: usize) -> PostgresStore {
        self.nodes[number % 2].clone()
    }

    /// The number of clients, counted by their rows.
    pub(crate) async fn rows(&self, tenant: &str) -> i64 {
        let rows = "SELECT count(*) FROM oauth_dcr_clients WHERE tenant = $1";
        sqlx::query_scalar(rows)
            .bind(tenant)
            .fetch_one(&self.pool)
            .await
            .unwrap()
    }

    /// Checks that the count of each counted tenant is the number of its rows, and that each client
    /// has its tenant.
    pub(crate) async fn assert_counts(&self) {
        assert_counts(&self.pool).await;
    }
}

/// Checks that the count of each counted tenant is the number of its rows.
pub(crate) async fn assert_counts(pool: &PgPool) {
    let wrong: Vec<(String, i64, i64)> = sqlx::query_as(
        "SELECT tenant, coalesce(counter.clients, -1), coalesce(found.clients, 0)
        FROM (SELECT tenant, count(*) AS clients FROM oauth_dcr_clients GROUP BY tenant) AS found
        FULL JOIN oauth_dcr_tenants AS counter USING (tenant)
        WHERE (counter.counted OR counter.tenant IS NULL)
            AND coalesce(counter.clients, -1) <> coalesce(found.clients, 0)",
    )
    .fetch_all(pool)
    .await
    .unwrap();
    assert_eq!(wrong, [], "tenants, their counts and their rows");
}

/// Locks the row of a tenant, as an operator's open session does.
pub(crate) async fn lock_row<'a>(pool: &PgPool, tenant: &str) -> Transaction<'a, Postgres> {
    let mut operator = pool.begin().await.unwrap();
    let row = "SELECT tenant FROM oauth_dcr_tenants WHERE tenant = $1 FOR UPDATE";
    let locked: String = sqlx::query_scalar(row)
        .bind(tenant)
        .fetch_one(&mut *operator)
        .await
        .unwrap();
    assert_eq!(locked, tenant);
    operator
}

pub(crate) const LONG_TIMEOUT: std::time::Duration = std::time::Duration::from_mins(1);

pub(crate) fn tenant(name: &str) -> TenantId {
    TenantId::parse(name).unwrap()
}

pub(crate) fn id(text: &str) -> ClientId {
    ClientId::parse(text).unwrap()
}

/// A record of a client as stores keep it.
pub(crate) fn record(tenant: &str, id: &str, issued_at: u64) -> Value {
    json!({
        "version": 1,
        "tenant": tenant,
        "client_id": id,
        "issued_at": issued_at,
        "security_mode": "strict",
        "metadata": {
            "client_name": id,
            "redirect_uris": ["https://app.example.com/callback"],
            "token_endpoint_auth_method": "none",
            "grant_types": ["authorization_code", "refresh_token"],
            "response_types": ["code"],
        },
    })
}

pub(crate) fn client_of(record: Value) -> Arc<Client> {
    Arc::new(serde_json::from_value(record).unwrap())
}

pub(crate) fn client(tenant: &str, id: &str) -> Arc<Client> {
    client_of(record(tenant, id, ISSUED))
}

/// An insertion that needs only a free id.
pub(crate) fn plain(tenant: &str, id: &str) -> Insertion {
    Insertion::new(client(tenant, id))
}

pub(crate) fn limited(tenant: &str, id: &str, max: u64) -> Insertion {
    plain(tenant, id).max_clients(NonZeroU64::new(max))
}

pub(crate) fn deduplicated(tenant: &str, id: &str, key: u8) -> Insertion {
    plain(tenant, id).deduplicated_by(Some(DuplicateKey::from_bytes([key; 32])))
}

pub(crate) fn is_inserted(outcome: &InsertOutcome) -> bool {
    matches!(outcome, InsertOutcome::Inserted { .. })
}

/// Carries out all `insertions` at the same time, alternately by the nodes of the fixture.
pub(crate) async fn insert_all(
    fixture: &Fixture,
    insertions: Vec<Insertion>,
) -> Vec<Result<InsertOutcome, BackendError>> {
    let tasks = insertions
        .into_iter()
        .enumerate()
        .map(|(number, insertion)| {
            let node = fixture.node(number);
            tokio::spawn(async move { node.insert(insertion).await })
        });
    let tasks: Vec<_> = tasks.collect();
    let mut outcomes = Vec::new();
    for task in tasks {
        outcomes.push(task.await.unwrap());
    }
    outcomes
}

/// The message of an error and of all its causes.
pub(crate) fn story(error: &BackendError) -> String {
    let mut story = format!("{error} {error:?}");
    let mut cause = error.source();
    while let Some(error) = cause {
        story = format!("{story}: {error} {error:?}");
        cause = error.source();
    }
    story
}
