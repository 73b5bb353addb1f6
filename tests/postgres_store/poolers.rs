//! PgBouncer in front of the database.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering::SeqCst},
};

use oauth_dcr::{conformance::store as rules, postgres::PostgresStore, store::ClientStore as _};
use sqlx::{
    PgPool,
    postgres::{PgConnectOptions, PgPoolOptions},
};
use tokio::task::JoinSet;

use crate::{
    fixture::{LONG_TIMEOUT, assert_counts, database, id, plain, story, tenant},
    private_pgbouncer::PrivatePgBouncer,
};

/// The text that each error has to contain.
const MODE: &str = "use `pool_mode = session`";

/// A pool of the host that connects through PgBouncer.
fn hosted(bouncer: &PrivatePgBouncer) -> PgPool {
    let options: PgConnectOptions = bouncer.url().parse().unwrap();
    PgPoolOptions::new().connect_lazy_with(options.extra_float_digits(None))
}

#[tokio::test(flavor = "multi_thread")]
async fn session_mode_is_supported() {
    let url = database();
    let bouncer = PrivatePgBouncer::start(&url, "session", "");
    let store = PostgresStore::connect(&bouncer.url()).await.unwrap();
    let store = store.with_timeout(LONG_TIMEOUT);
    rules::every_field_comes_back(store.clone()).await;
    rules::every_field_of_an_update_comes_back(store.clone()).await;
    rules::the_same_key_is_a_duplicate(store.clone()).await;
    rules::racing_insertions_never_exceed_a_limit(store.clone()).await;
    rules::racing_touches_never_exceed_a_users_limit(store.clone()).await;
    rules::a_sweep_removes_only_due_clients(store.clone()).await;
    rules::pages_are_ordered_by_id_bytes(store).await;
    PostgresStore::migrate(&hosted(&bouncer)).await.unwrap();
    assert_counts(&PgPool::connect(&url).await.unwrap()).await;
}

async fn assert_refused(bouncer: &PrivatePgBouncer) {
    let refusals = [
        PostgresStore::connect(&bouncer.url()).await.map(drop),
        PostgresStore::migrate(&hosted(bouncer)).await,
    ];
    for refusal in refusals {
        let told = story(&refusal.unwrap_err());
        assert!(told.contains(MODE), "{told}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn other_modes_are_refused() {
    let url = database();
    for (mode, settings) in [
        ("transaction", ""),
        ("statement", ""),
        ("transaction", "server_round_robin = 1\nmin_pool_size = 2"),
    ] {
        let bouncer = PrivatePgBouncer::start(&url, mode, settings);
        assert_refused(&bouncer).await;
    }
}

/// Other clients of the pooler keep its connections busy.
#[tokio::test(flavor = "multi_thread")]
async fn busy_transaction_poolers_are_refused() {
    let bouncer = PrivatePgBouncer::start(&database(), "transaction", "");
    let is_over = Arc::new(AtomicBool::new(false));
    let mut others = JoinSet::new();
    for _ in 0..8 {
        let (pool, is_over) = (hosted(&bouncer), Arc::clone(&is_over));
        others.spawn(async move {
            let mut connection = pool.acquire().await.unwrap();
            while !is_over.load(SeqCst) {
                let slow = sqlx::raw_sql("SELECT pg_sleep(0.001)");
                slow.execute(&mut *connection).await.unwrap();
            }
        });
    }
    for _ in 0..10 {
        assert_refused(&bouncer).await;
    }
    is_over.store(true, SeqCst);
    others.join_all().await;
}

/// The tables exist, so only the check before the first call can detect the mode.
#[tokio::test(flavor = "multi_thread")]
async fn calls_say_which_mode_is_needed() {
    let url = database();
    PostgresStore::connect(&url).await.unwrap();
    let bouncer = PrivatePgBouncer::start(&url, "transaction", "");
    let pool = hosted(&bouncer);
    let store = PostgresStore::with_pool(pool.clone()).with_timeout(LONG_TIMEOUT);
    let mut calls = JoinSet::new();
    for number in 0..32 {
        let store = store.clone();
        calls.spawn(async move {
            let found = store.find(&tenant("t1"), &id("none")).await;
            let inserted = store.insert(plain("t1", &format!("id{number}"))).await;
            [found.unwrap_err(), inserted.unwrap_err()]
        });
    }
    for error in calls.join_all().await.iter().flatten() {
        let told = story(error);
        assert!(told.contains(MODE), "{told}");
    }
    // No call had a connection.
    assert_eq!(pool.size(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_pooler_is_named() {
    let bouncer = PrivatePgBouncer::start(&database(), "session", "default_pool_size = 1");
    let error = PostgresStore::migrate(&hosted(&bouncer)).await.unwrap_err();
    let told = story(&error);
    assert!(told.contains("checked for a pooler"), "{told}");
}
