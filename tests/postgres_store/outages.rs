//! A database that is slow, stopped or gone.

use std::time::Duration;

use oauth_dcr::{
    BackendError, Timestamp,
    postgres::PostgresStore,
    store::{Activity, ClientStore as _, ClientUpdate, InsertOutcome, Sweep},
};
use private_servers::PrivatePostgres;
use sqlx::{PgPool, postgres::PgPoolOptions};

use crate::fixture::{
    LONG_TIMEOUT, client, database, deduplicated, id, is_inserted, limited, plain, story, tenant,
};

/// The timeout of calls that fail.
const SHORT: Duration = Duration::from_millis(200);

async fn call(store: &PostgresStore, number: usize) -> Result<(), BackendError> {
    let (t1, kept) = (tenant("t1"), id("kept"));
    let name = format!("id{number}");
    match number % 9 {
        0 => store.insert(plain("t1", &name)).await.map(drop),
        1 => store.insert(limited("t1", &name, 100)).await.map(drop),
        2 => store.insert(deduplicated("t1", &name, 3)).await.map(drop),
        3 => store.find(&t1, &kept).await.map(drop),
        4 => store.list(&t1, None, 10).await.map(drop),
        5 => {
            let update = ClientUpdate::new(client("t1", "kept"));
            store.update(update).await.map(drop)
        }
        6 => store.remove(&t1, &id(&name)).await.map(drop),
        7 => {
            let touch = Activity::registered_again(Timestamp::MAX);
            store.touch(&t1, &kept, touch).await.map(drop)
        }
        _ => store.sweep(&t1, Sweep::new()).await.map(drop),
    }
}

/// Makes more calls of each kind at once than the pool has connections. All calls have to fail in
/// time. Returns the messages of the errors.
async fn assert_all_fail(store: &PostgresStore) -> Vec<String> {
    let calls = (0..45).map(|number| {
        let store = store.clone();
        tokio::spawn(async move { call(&store, number).await })
    });
    let calls: Vec<_> = calls.collect();
    let all = async {
        let mut stories = Vec::new();
        for call in calls {
            let error = call.await.unwrap().expect_err("no server answers");
            stories.push(story(&error));
        }
        stories
    };
    tokio::time::timeout(LONG_TIMEOUT, all)
        .await
        .expect("in time")
}

async fn assert_works(store: &PostgresStore, name: &str) {
    let store = store.clone().with_timeout(LONG_TIMEOUT);
    assert!(is_inserted(&store.insert(plain("t1", name)).await.unwrap()));
    assert!(is_inserted(
        &store.insert(limited("t2", name, 100)).await.unwrap()
    ));
    let found = store.find(&tenant("t1"), &id("kept")).await.unwrap();
    assert_eq!(found, Some(client("t1", "kept").into()));
}

async fn store_on(server: &PrivatePostgres) -> PostgresStore {
    let store = PostgresStore::connect(&server.url()).await.unwrap();
    store
        .clone()
        .with_timeout(LONG_TIMEOUT)
        .insert(plain("t1", "kept"))
        .await
        .unwrap();
    store.with_timeout(SHORT)
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_to_a_stopped_server_time_out() {
    let server = PrivatePostgres::start();
    let store = store_on(&server).await;
    for name in ["one", "two"] {
        server.pause();
        for story in assert_all_fail(&store).await {
            let reasons = ["was not started", "in time", "no answer within"];
            assert!(reasons.iter().any(|it| story.contains(it)), "{story}");
        }
        server.resume();
        assert_works(&store, name).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_returning_server_is_used_again() {
    let mut server = PrivatePostgres::start();
    let store = store_on(&server).await;
    server.stop();
    assert_all_fail(&store).await;
    server.restart();
    assert_works(&store, "one").await;
    server.kill();
    server.restart();
    // No call fails because of a connection from before the halt.
    assert_works(&store, "two").await;
}

#[tokio::test]
async fn connecting_without_a_server_is_an_error() {
    let mut server = PrivatePostgres::start();
    let url = server.url();
    server.stop();
    let error = PostgresStore::connect(&url).await.unwrap_err();
    assert_eq!(error.backend(), "postgres");
    assert!(story(&error).contains("refused"), "{}", story(&error));
}

#[tokio::test]
async fn passwords_are_not_shown() {
    let url = database();
    let (start, address) = url.split_once('@').unwrap();
    let (user, password) = start.rsplit_once(':').unwrap();
    let store = PostgresStore::connect(&url).await.unwrap();
    let shown = format!("{store:?}");
    assert!(shown.starts_with("PostgresStore"), "{shown}");
    assert!(!shown.contains(password), "{shown}");
    for url in [
        format!("{user}:open-sesame@{address}"),
        format!("{user}:open-sesame@{address}?sslmode=open"),
        "postgres://postgres:open-sesame@127.0.0.1:none/db".to_owned(),
        "mysql:/postgres:open-sesame@".to_owned(),
    ] {
        let error = PostgresStore::connect(&url).await.unwrap_err();
        let told = story(&error);
        assert!(!told.contains("open-sesame"), "{told}");
        assert!(std::error::Error::source(&error).is_some());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lazy_pool_may_start_without_its_database() {
    let mut server = PrivatePostgres::start();
    let url = server.url();
    server.stop();
    let pool = PgPoolOptions::new().connect_lazy(&url).unwrap();
    let store = PostgresStore::with_pool(pool.clone()).with_timeout(SHORT);
    store.find(&tenant("t1"), &id("kept")).await.unwrap_err();
    server.restart();
    PostgresStore::migrate(&pool).await.unwrap();
    store
        .clone()
        .with_timeout(LONG_TIMEOUT)
        .insert(plain("t1", "kept"))
        .await
        .unwrap();
    assert_works(&store, "one").await;
}

/// A call that is abandoned within a transaction leaves nothing open and nothing half done.
#[tokio::test(flavor = "multi_thread")]
async fn an_abandoned_call_leaves_no_transaction_open() {
    let url = database();
    // With a single connection, the next call has to use the connection of the abandoned call.
    PostgresStore::connect(&url).await.unwrap();
    let pool = PgPoolOptions::new()
        .max_connections(1)
        .connect(&url)
        .await
        .unwrap();
    let store = PostgresStore::with_pool(pool);
    let patient = store.clone().with_timeout(LONG_TIMEOUT);
    // With a limit, so that the tenant is counted and each insertion locks its row.
    let kept = limited("t1", "kept", 100);
    patient.insert(kept).await.unwrap();

    let past = PgPool::connect(&url).await.unwrap();
    let mut operator = past.begin().await.unwrap();
    sqlx::query("SELECT * FROM oauth_dcr_tenants FOR UPDATE")
        .execute(&mut *operator)
        .await
        .unwrap();
    let impatient = store.with_timeout(SHORT);
    for insertion in [
        plain("t1", "a"),
        limited("t1", "b", 1),
        deduplicated("t1", "c", 1),
    ] {
        impatient.insert(insertion).await.unwrap_err();
    }
    impatient
        .remove(&tenant("t1"), &id("kept"))
        .await
        .unwrap_err();
    operator.rollback().await.unwrap();

    let idle = "SELECT count(*) FROM pg_stat_activity
        WHERE datname = current_database() AND state LIKE 'idle in transaction%'";
    patient.insert(limited("t1", "d", 100)).await.unwrap();
    while sqlx::query_scalar::<_, i64>(idle)
        .fetch_one(&past)
        .await
        .unwrap()
        > 0
    {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let (clients, counted): (i64, i64) = sqlx::query_as(
        "SELECT (SELECT count(*) FROM oauth_dcr_clients), (SELECT clients FROM oauth_dcr_tenants)",
    )
    .fetch_one(&past)
    .await
    .unwrap();
    assert_eq!(clients, counted);
    assert!(matches!(
        patient.insert(plain("t1", "d")).await.unwrap(),
        InsertOutcome::IdTaken
    ));
}
