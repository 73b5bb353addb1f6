//! Registrations while other transactions hold locks, or while the database is distant.

use std::time::Duration;

use oauth_dcr::{
    BackendError,
    postgres::PostgresStore,
    store::{ClientStore as _, InsertOutcome, Insertion},
};
use sqlx::PgPool;

use crate::{
    distant::DelayedConnection,
    fixture::{
        LONG_TIMEOUT, client, database, deduplicated, id, is_inserted, limited, lock_row, plain,
        story, tenant,
    },
};

/// An eighth of this time is longer than every call that does not wait.
const TIMEOUT: Duration = Duration::from_secs(4);

/// The delay in one direction, in tests of a distant database.
const DELAY: Duration = Duration::from_millis(10);

async fn insert_all(
    store: &PostgresStore,
    insertions: impl IntoIterator<Item = Insertion>,
) -> Vec<Result<InsertOutcome, BackendError>> {
    let tasks = insertions.into_iter().map(|insertion| {
        let store = store.clone();
        tokio::spawn(async move { store.insert(insertion).await })
    });
    let mut outcomes = Vec::new();
    for task in tasks.collect::<Vec<_>>() {
        outcomes.push(task.await.unwrap());
    }
    outcomes
}

async fn assert_a_locked_tenant_fails_alone(make: impl Fn(&str, &str, u8) -> Insertion) {
    let url = database();
    let store = PostgresStore::connect(&url).await.unwrap();
    let store = store.with_timeout(TIMEOUT);
    let past = PgPool::connect(&url).await.unwrap();
    // With a limit, so that the tenants are counted: each insertion then locks the row of its
    // tenant.
    for tenant in ["a", "b"] {
        let first = limited(tenant, "first", 1000);
        assert!(is_inserted(&store.insert(first).await.unwrap()));
    }
    let operator = lock_row(&past, "a").await;
    for round in ["one", "two"] {
        let tenants = ["a", "b", "c"].iter().cycle().zip(0..60);
        let named = tenants.map(|(tenant, number)| (*tenant, format!("{round}{number}"), number));
        let insertions = named.map(|(tenant, id, number)| make(tenant, &id, number));
        let insertions: Vec<_> = insertions.collect();
        let tenants = insertions.iter().map(|it| it.client().tenant().clone());
        let tenants: Vec<_> = tenants.collect();
        for (tenant, outcome) in tenants.iter().zip(insert_all(&store, insertions).await) {
            let is_locked = tenant.as_str() == "a";
            match outcome {
                Ok(outcome) => assert!(!is_locked && outcome != InsertOutcome::IdTaken),
                Err(error) => {
                    let told = story(&error);
                    assert!(is_locked && told.contains("has locked the row"), "{told}");
                }
            }
        }
    }
    operator.rollback().await.unwrap();
    let outcomes = insert_all(
        &store,
        (200..220).map(|number| make("a", &format!("id{number}"), number)),
    );
    for outcome in outcomes.await {
        assert!(is_inserted(&outcome.unwrap()));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_locked_counted_tenant_fails_alone() {
    assert_a_locked_tenant_fails_alone(|tenant, id, _| plain(tenant, id)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_locked_tenant_with_a_limit_fails_alone() {
    assert_a_locked_tenant_fails_alone(|tenant, id, _| limited(tenant, id, 1000)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_locked_tenant_with_deduplication_fails_alone() {
    assert_a_locked_tenant_fails_alone(deduplicated).await;
}

/// A duplicate of a locked client waits for the lock; no other insertion does.
#[tokio::test(flavor = "multi_thread")]
async fn a_locked_client_fails_only_its_tenant() {
    let url = database();
    let store = PostgresStore::connect(&url).await.unwrap();
    let store = store.with_timeout(TIMEOUT);
    let past = PgPool::connect(&url).await.unwrap();
    store.insert(deduplicated("a", "first", 1)).await.unwrap();
    // So that the duplicate has a change to write.
    let mut operator = past.begin().await.unwrap();
    sqlx::query("UPDATE oauth_dcr_clients SET idle_since = 0 WHERE client_id = 'first'")
        .execute(&past)
        .await
        .unwrap();
    sqlx::query("SELECT * FROM oauth_dcr_clients FOR UPDATE")
        .execute(&mut *operator)
        .await
        .unwrap();
    let others = (0..20).map(|number| match number % 2 {
        0 => limited("b", &format!("id{number}"), 1000),
        _ => deduplicated("b", &format!("id{number}"), number),
    });
    let insertions: Vec<_> = [deduplicated("a", "again", 1)]
        .into_iter()
        .chain(others)
        .collect();
    let mut outcomes = insert_all(&store, insertions).await;
    outcomes.remove(0).unwrap_err();
    for outcome in outcomes {
        assert!(is_inserted(&outcome.unwrap()));
    }
    operator.rollback().await.unwrap();
    let duplicate = store.insert(deduplicated("a", "again", 1)).await.unwrap();
    assert_eq!(duplicate, InsertOutcome::Duplicate(client("a", "first")));
}

/// Each insertion takes two round trips, so all of them together would take longer than one
/// transaction may take.
#[tokio::test(flavor = "multi_thread")]
async fn a_distant_database_splits_large_groups() {
    let url = database();
    let connection = DelayedConnection::to(&url, 2 * DELAY).await;
    let store = PostgresStore::connect(connection.url()).await.unwrap();
    let store = store.with_timeout(Duration::from_secs(10));
    let old = (0..64).map(|number| plain("t1", &format!("early{number}")));
    for outcome in insert_all(&store, old).await {
        assert!(is_inserted(&outcome.unwrap()));
    }
    let new = (0..64).map(|number| limited("t1", &format!("new{number}"), 64));
    let outcomes = insert_all(&store, new).await;
    let is_done = |outcome: &&Result<InsertOutcome, _>| match outcome {
        Ok(InsertOutcome::Inserted { removed }) => removed.len() == 1,
        _ => false,
    };
    let done = outcomes.iter().filter(is_done).count();
    assert!(done > 32, "{done} of 64");
    let past = PgPool::connect(&url).await.unwrap();
    let transactions: i64 = sqlx::query_scalar(
        "SELECT count(DISTINCT xmin::text) FROM oauth_dcr_clients WHERE client_id LIKE 'new%'",
    )
    .fetch_one(&past)
    .await
    .unwrap();
    assert!(transactions > 2, "{transactions}");
}

/// If the tenant has room for all, the number of a group's round trips does not depend on its size.
#[tokio::test(flavor = "multi_thread")]
async fn a_distant_database_groups_insertions_below_the_limit() {
    let url = database();
    let connection = DelayedConnection::to(&url, DELAY).await;
    let store = PostgresStore::connect(connection.url()).await.unwrap();
    let store = store.with_timeout(TIMEOUT);
    let capped = (0..200).map(|number| match number % 2 {
        0 => limited("t1", &format!("id{number}"), 1000),
        _ => deduplicated("t2", &format!("id{number}"), number),
    });
    for outcome in insert_all(&store, capped).await {
        assert!(is_inserted(&outcome.unwrap()));
    }
}

/// Far more insertions than fit into the time.
#[tokio::test(flavor = "multi_thread")]
async fn insertions_not_started_in_time_are_dropped() {
    let url = database();
    let connection = DelayedConnection::to(&url, DELAY).await;
    let store = PostgresStore::connect(connection.url()).await.unwrap();
    let tenants: Vec<_> = (0..256).map(|number| format!("t{number}")).collect();
    let near = PostgresStore::connect(&url).await.unwrap();
    let near = near.with_timeout(LONG_TIMEOUT);
    for outcome in insert_all(&near, tenants.iter().map(|tenant| plain(tenant, "old"))).await {
        assert!(is_inserted(&outcome.unwrap()));
    }
    store.find(&tenant("t0"), &id("old")).await.unwrap();
    let new = tenants.iter().map(|tenant| limited(tenant, "new", 1));
    let outcomes = insert_all(&store, new).await;
    let told = outcomes.iter().filter(|it| it.is_ok()).count();
    // This insertion runs after the remaining ones.
    while store.insert(plain("t0", "next")).await.is_err() {}
    let past = PgPool::connect(&url).await.unwrap();
    let rows = "SELECT count(*) FROM oauth_dcr_clients WHERE client_id = 'new'";
    let done: i64 = sqlx::query_scalar(rows).fetch_one(&past).await.unwrap();
    let done = usize::try_from(done).unwrap();
    // The outcomes of a few transactions may have reached no caller.
    assert!((told..=told + 32).contains(&done), "{done}, told {told}");
    assert!(done > 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn dead_connections_are_closed() {
    let url = database();
    let connection = DelayedConnection::to(&url, Duration::ZERO).await;
    let store = PostgresStore::connect(connection.url()).await.unwrap();
    let store = store.with_timeout(TIMEOUT);
    let (t1, name) = (tenant("t1"), id("kept"));
    let find = || store.find(&t1, &name);
    let (one, two, three) = tokio::join!(find(), find(), find());
    for found in [one, two, three] {
        assert_eq!(found.unwrap(), None);
    }
    // Long enough for the pool to check these connections before use.
    tokio::time::sleep(Duration::from_millis(150)).await;
    connection.lose_connections();
    assert_eq!(find().await.unwrap(), None);
}
