//! Calls of all kinds in tenants whose rows an operator has locked.

use std::{num::NonZeroU64, sync::Arc, time::Duration};

use oauth_dcr::{
    BackendError, Timestamp,
    postgres::PostgresStore,
    store::{Activity, ClientStore as _, Sweep, UserKey},
};
use sqlx::{PgPool, postgres::PgPoolOptions};
use tokio::{task::JoinSet, time::Instant};

use crate::fixture::{ISSUED, database, id, is_inserted, limited, lock_row, plain, story, tenant};

/// A call waits for a lock for an eighth of this time.
const TIMEOUT: Duration = Duration::from_secs(4);

const LOCKED: [&str; 3] = ["locked0", "locked1", "locked2"];

/// Makes a call that locks the row of the tenant.
async fn call(store: &PostgresStore, name: &str, number: usize) -> Result<(), BackendError> {
    let (tenant, first) = (tenant(name), id("first"));
    let new = format!("id{number}");
    match number % 5 {
        0 => store.insert(plain(name, &new)).await.map(drop),
        1 => store.insert(limited(name, &new, 1000)).await.map(drop),
        2 => store.remove(&tenant, &first).await.map(drop),
        3 => {
            let touch = Activity::used(Timestamp::from_unix_millis(ISSUED), None);
            let touch = touch.by(Some(UserKey::from_bytes([1; 32])));
            let touch = touch.max_clients_per_user(NonZeroU64::new(5));
            store.touch(&tenant, &first, touch).await.map(drop)
        }
        _ => {
            let sweep = Sweep::new().unused_before(Timestamp::MAX);
            store.sweep(&tenant, sweep).await.map(drop)
        }
    }
}

/// Makes several calls of each kind in each of the locked tenants, all at once.
fn call_all(store: &PostgresStore) -> JoinSet<()> {
    let mut calls = JoinSet::new();
    for name in LOCKED {
        for number in 0..20 {
            let store = store.clone();
            calls.spawn(async move {
                let error = call(&store, name, number).await.unwrap_err();
                let told = story(&error);
                let reasons = ["has locked the row", "lock timeout", "in time"];
                let is_known = reasons.iter().any(|it| told.contains(it));
                assert!(is_known, "{number}: {told}");
            });
        }
    }
    calls
}

/// How many connections wait for a lock.
async fn waiting(pool: &PgPool) -> i64 {
    let waiting = "SELECT count(*) FROM pg_stat_activity
        WHERE datname = current_database() AND wait_event_type = 'Lock'";
    sqlx::query_scalar(waiting).fetch_one(pool).await.unwrap()
}

/// Registers in other tenants until `calls` have ended. Returns the highest number of connections
/// that waited for a lock.
async fn register_during(
    calls: &mut JoinSet<()>,
    round: &str,
    store: &PostgresStore,
    pool: &PgPool,
) -> i64 {
    let mut most = 0;
    let mut rounds = 0;
    while !calls.is_empty() {
        let name = format!("{round}{rounds}");
        for insertion in [plain("plain", &name), limited("counted", &name, 1_000_000)] {
            assert!(is_inserted(&store.insert(insertion).await.unwrap()));
        }
        most = most.max(waiting(pool).await);
        while let Some(done) = calls.try_join_next() {
            done.unwrap();
        }
        rounds += 1;
    }
    assert!(rounds > 20, "{rounds}");
    most
}

async fn assert_locked_tenants_use_few_connections(store: PostgresStore, pool: PgPool) {
    let store = store.with_timeout(TIMEOUT);
    for name in LOCKED {
        store.insert(limited(name, "first", 1000)).await.unwrap();
    }
    let mut operator = pool.begin().await.unwrap();
    sqlx::query("SELECT 1 FROM oauth_dcr_tenants FOR UPDATE")
        .execute(&mut *operator)
        .await
        .unwrap();
    let store = Arc::new(store);
    let most = register_during(&mut call_all(&store), "first", &store, &pool).await;
    assert!((1..=5).contains(&most), "{most} wait, of ten connections");
    // By now the store knows that others have locked the rows.
    let most = register_during(&mut call_all(&store), "second", &store, &pool).await;
    assert_eq!(most, 1);
    operator.rollback().await.unwrap();
    for name in LOCKED {
        for number in 0..5 {
            call(&store, name, number).await.unwrap();
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn locked_tenants_use_few_connections() {
    let url = database();
    let store = PostgresStore::connect(&url).await.unwrap();
    let pool = PgPool::connect(&url).await.unwrap();
    assert_locked_tenants_use_few_connections(store, pool).await;
}

/// The host's connections have no timeouts for locks.
#[tokio::test(flavor = "multi_thread")]
async fn locked_tenants_use_few_connections_of_a_host_pool() {
    let url = database();
    PostgresStore::connect(&url).await.unwrap();
    let hosted = PgPoolOptions::new().connect_lazy(&url).unwrap();
    let pool = PgPool::connect(&url).await.unwrap();
    assert_locked_tenants_use_few_connections(PostgresStore::with_pool(hosted), pool).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_locked_client_does_not_lock_its_tenant() {
    let url = database();
    let store = PostgresStore::connect(&url).await.unwrap();
    let pool = PgPool::connect(&url).await.unwrap();
    for insertion in [limited("t1", "first", 100), plain("t1", "second")] {
        assert!(is_inserted(&store.insert(insertion).await.unwrap()));
    }
    let mut operator = pool.begin().await.unwrap();
    sqlx::query("SELECT 1 FROM oauth_dcr_clients WHERE client_id = 'first' FOR UPDATE")
        .execute(&mut *operator)
        .await
        .unwrap();
    for kind in [2, 4] {
        let told = story(&call(&store, "t1", kind).await.unwrap_err());
        assert!(told.contains("55P03"), "{told}");
    }
    operator.rollback().await.unwrap();
}

/// Each removal waits for the others in the server, but not for their round trips.
#[tokio::test(flavor = "multi_thread")]
async fn four_removals_of_a_tenant_run_at_once() {
    let url = database();
    let store = PostgresStore::connect(&url).await.unwrap();
    let store = store.with_timeout(TIMEOUT * 4);
    let pool = PgPool::connect(&url).await.unwrap();
    store.insert(limited("t1", "first", 100)).await.unwrap();
    let operator = lock_row(&pool, "t1").await;
    let mut calls = JoinSet::new();
    for _ in 0..8 {
        let store = store.clone();
        calls.spawn(async move { call(&store, "t1", 2).await });
    }
    let end = Instant::now() + TIMEOUT;
    while waiting(&pool).await < 4 {
        assert!(Instant::now() < end);
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    operator.rollback().await.unwrap();
    for removed in calls.join_all().await {
        removed.unwrap();
    }
}
