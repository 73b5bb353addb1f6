//! Databases whose default isolation is stricter than PostgreSQL's own, with the host's pools.

use std::time::Duration;

use oauth_dcr::{
    Timestamp,
    conformance::store as rules,
    postgres::PostgresStore,
    store::{
        Activity, BlockOutcome, ClientStore as _, ClientUpdate, InsertOutcome, TouchOutcome,
        UpdateOutcome,
    },
};
use sqlx::{AssertSqlSafe, PgPool, postgres::PgPoolOptions};
use tokio::task::JoinSet;

use crate::fixture::{
    Fixture, ISSUED, LONG_TIMEOUT, client_of, database, deduplicated, id, insert_all, is_inserted,
    limited, lock_row, plain, record, story, tenant,
};

const LEVELS: [&str; 2] = ["serializable", "repeatable read"];

/// Two nodes on a database with this default.
async fn fixture(level: &str) -> Fixture {
    let url = database();
    PostgresStore::connect(&url).await.unwrap();
    let pool = PgPool::connect(&url).await.unwrap();
    let (_, name) = url.rsplit_once('/').unwrap();
    let set = format!("ALTER DATABASE {name} SET default_transaction_isolation = '{level}'");
    sqlx::raw_sql(AssertSqlSafe(set))
        .execute(&pool)
        .await
        .unwrap();
    let node = || {
        let pool = PgPoolOptions::new().connect_lazy(&url).unwrap();
        PostgresStore::with_pool(pool).with_timeout(LONG_TIMEOUT)
    };
    Fixture {
        nodes: [node(), node()],
        pool,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn racing_calls_keep_the_contract_in_serializable() {
    let fixture = fixture("serializable").await;
    let node = || fixture.node(0);
    rules::racing_insertions_never_exceed_a_limit(node()).await;
    rules::racing_insertions_of_one_key_store_one(node()).await;
    rules::racing_updates_store_one_per_revision(node()).await;
    rules::racing_removals_remove_once(node()).await;
    rules::racing_touches_write_once_and_lose_no_update(node()).await;
    rules::racing_touches_never_exceed_a_users_limit(node()).await;
    Box::pin(rules::a_client_touched_meanwhile_is_not_swept(node())).await;
    rules::pages_are_stable_while_clients_change(node()).await;
    fixture.assert_counts().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn limits_hold_for_races_in_stricter_isolation() {
    for level in LEVELS {
        let fixture = fixture(level).await;
        let racers = (0..64).map(|number| limited("t1", &format!("id{number}"), 5));
        for outcome in insert_all(&fixture, racers.collect()).await {
            assert!(is_inserted(&outcome.unwrap()), "{level}");
        }
        assert_eq!(fixture.rows("t1").await, 5, "{level}");
        fixture.assert_counts().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn counting_misses_no_client_in_stricter_isolation() {
    for level in LEVELS {
        let fixture = fixture(level).await;
        let racers = (0..96).map(|number| match number % 32 {
            31 => limited("t1", &format!("id{number}"), 1000),
            it if it % 2 == 0 => plain("t1", &format!("id{number}")),
            _ => deduplicated("t1", &format!("id{number}"), number),
        });
        for outcome in insert_all(&fixture, racers.collect()).await {
            assert!(is_inserted(&outcome.unwrap()), "{level}");
        }
        assert_eq!(fixture.rows("t1").await, 96, "{level}");
        fixture.assert_counts().await;
    }
}

/// A snapshot that is older than the lock would miss that a count was announced.
#[tokio::test(flavor = "multi_thread")]
async fn plain_insertions_lock_tenants_in_stricter_isolation() {
    for level in LEVELS {
        let fixture = fixture(level).await;
        let node = fixture.node(0);
        node.insert(plain("t1", "first")).await.unwrap();
        let operator = lock_row(&fixture.pool, "t1").await;
        let node = node.with_timeout(Duration::from_secs(1));
        let error = node.insert(plain("t1", "second")).await.unwrap_err();
        assert!(
            story(&error).contains("has locked the row"),
            "{}",
            story(&error)
        );
        operator.rollback().await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_racing_insertion_wins_in_stricter_isolation() {
    for level in LEVELS {
        let fixture = fixture(level).await;
        let racers = (0..64).map(|_| plain("t1", "same"));
        let outcomes = insert_all(&fixture, racers.collect()).await;
        let outcomes: Vec<_> = outcomes.into_iter().map(Result::unwrap).collect();
        let inserted = outcomes.iter().filter(|it| is_inserted(it)).count();
        assert_eq!(inserted, 1, "{level}");
        let taken = InsertOutcome::IdTaken;
        assert_eq!(outcomes.iter().filter(|it| **it == taken).count(), 63);
    }
}

/// Calls that write the same row at the same time conflict with each other.
#[tokio::test(flavor = "multi_thread")]
async fn concurrent_writers_succeed_in_stricter_isolation() {
    for level in LEVELS {
        let fixture = fixture(level).await;
        fixture.node(0).insert(plain("t1", "same")).await.unwrap();
        let mut calls = JoinSet::new();
        for number in 0..64 {
            let node = fixture.node(number);
            calls.spawn(async move {
                let (t1, same) = (tenant("t1"), id("same"));
                let moment = ISSUED + 3_600_000 * u64::try_from(number).unwrap();
                let touch = Activity::used(Timestamp::from_unix_millis(moment), None);
                let touched = node.touch(&t1, &same, touch).await.unwrap();
                assert_ne!(touched, TouchOutcome::Missing);
                let blocked = node.set_blocked(&t1, &same, number % 2 == 0).await;
                assert_ne!(blocked.unwrap(), BlockOutcome::Missing);
                assert!(node.find(&t1, &same).await.unwrap().is_some());
            });
        }
        calls.join_all().await;
        let mut next = record("t1", "same", ISSUED);
        // Each block and each unblock is a revision.
        next["revision"] = 65.into();
        let update = ClientUpdate::new(client_of(next));
        let updated = fixture.node(0).update(update).await.unwrap();
        assert_eq!(updated, UpdateOutcome::Updated, "{level}");
    }
}
