//! The contents of the rows.

use std::time::Duration;

use oauth_dcr::{
    Timestamp, conformance,
    postgres::PostgresStore,
    store::{
        Activity, ClientStore as _, ClientUpdate, InsertOutcome, Insertion, Sweep, TouchOutcome,
        UpdateOutcome,
    },
};
use sqlx::{PgPool, postgres::PgPoolOptions};

use crate::{
    fixture::{
        Fixture, ISSUED, client, client_of, database, deduplicated, id, is_inserted, limited,
        plain, record, story, tenant,
    },
    spoiled,
};

#[tokio::test(flavor = "multi_thread")]
async fn the_store_keeps_the_contract() {
    let fixture = Fixture::new().await;
    let [one, other] = fixture.nodes.clone();
    Box::pin(conformance::client_store_nodes(one, other)).await;
    fixture.assert_counts().await;
}

#[tokio::test]
async fn a_record_is_stored_byte_for_byte() {
    let fixture = Fixture::new().await;
    let [node, other] = &fixture.nodes;
    let mut record = record("t1", "tpc_\u{7e}!", ISSUED);
    record["metadata"]["client_name"] = "𝕏 🦀 Straße \\ \" '; --".into();
    record["metadata"]["client_name#ja"] = "クライアント 𠮷".into();
    let client = client_of(record);
    node.insert(Insertion::new(client.clone())).await.unwrap();
    let found = other.find(&tenant("t1"), client.id()).await.unwrap();
    assert_eq!(found, Some(client.clone().into()));
    let kept: Vec<u8> = sqlx::query_scalar("SELECT record FROM oauth_dcr_clients")
        .fetch_one(&fixture.pool)
        .await
        .unwrap();
    assert_eq!(kept, serde_json::to_vec(&*client).unwrap());
}

#[tokio::test]
async fn an_unreadable_record_can_be_managed() {
    let fixture = Fixture::new().await;
    spoiled::unreadable_rows_can_be_managed(&fixture.node(0), async |tenant, id, record| {
        let sql = "UPDATE oauth_dcr_clients SET record = $1 WHERE tenant = $2 AND client_id = $3";
        let written = sqlx::query(sql)
            .bind(record)
            .bind(tenant.as_str())
            .bind(id.as_str())
            .execute(&fixture.pool)
            .await
            .unwrap();
        assert_eq!(written.rows_affected(), 1);
    })
    .await;
    fixture.assert_counts().await;
}

#[tokio::test]
async fn a_row_with_an_invalid_id_can_be_managed() {
    let fixture = Fixture::new().await;
    spoiled::rows_with_invalid_ids_can_be_managed(&fixture.node(0), async |tenant, id, foreign| {
        let sql =
            "UPDATE oauth_dcr_clients SET client_id = $1 WHERE tenant = $2 AND client_id = $3";
        let written = sqlx::query(sql)
            .bind(foreign)
            .bind(tenant.as_str())
            .bind(id.as_str())
            .execute(&fixture.pool)
            .await
            .unwrap();
        assert_eq!(written.rows_affected(), 1);
    })
    .await;
    fixture.assert_counts().await;
}

#[tokio::test]
async fn a_failed_insertion_fails_no_other_in_its_group() {
    let fixture = Fixture::new().await;
    let [node, _] = &fixture.nodes;
    node.insert(deduplicated("t1", "broken", 1)).await.unwrap();
    sqlx::query("UPDATE oauth_dcr_clients SET record = ''")
        .execute(&fixture.pool)
        .await
        .unwrap();
    let (other, same) = tokio::join!(
        node.insert(deduplicated("t1", "other", 2)),
        node.insert(deduplicated("t1", "same", 1))
    );
    assert_eq!(other.unwrap(), InsertOutcome::Inserted { removed: vec![] });
    let story = story(&same.unwrap_err());
    assert!(
        story.contains("the record of client `broken` can't be read"),
        "{story}"
    );
}

#[tokio::test]
async fn ids_sort_by_their_bytes() {
    let fixture = Fixture::new().await;
    let [node, _] = &fixture.nodes;
    let sorted = ["!", "A", "Z", "_", "a", "aB", "ab", "z", "~"];
    for name in sorted.iter().rev() {
        node.insert(plain("t1", name)).await.unwrap();
    }
    let mut listed = Vec::new();
    let mut after = None;
    loop {
        let page = node.list(&tenant("t1"), after.as_ref(), 2).await.unwrap();
        let Some(last) = page.last() else { break };
        after = Some(last.id().clone());
        listed.extend(page.iter().map(|client| client.id().as_str().to_owned()));
    }
    assert_eq!(listed, sorted);
}

#[tokio::test]
async fn times_beyond_the_columns_become_the_last_time() {
    let fixture = Fixture::new().await;
    let [node, _] = &fixture.nodes;
    let client = client_of(record("t1", "late", u64::MAX));
    node.insert(Insertion::new(client.clone())).await.unwrap();
    let end = Timestamp::from_unix_millis(u64::MAX);
    let (t1, late) = (tenant("t1"), id("late"));
    assert_eq!(node.find(&t1, &late).await.unwrap(), Some(client.into()));
    let sweep = Sweep::new().unused_before(end).idle_before(end);
    assert_eq!(node.sweep(&t1, sweep).await.unwrap(), []);
    let touch = Activity::used(end, Some(end));
    assert_eq!(
        node.touch(&t1, &late, touch).await.unwrap(),
        TouchOutcome::Written {
            evicted: Vec::new()
        }
    );
    assert_eq!(
        node.touch(&t1, &late, touch).await.unwrap(),
        TouchOutcome::Unchanged
    );
    assert_eq!(node.sweep(&t1, sweep).await.unwrap(), []);
}

#[tokio::test]
async fn every_revision_fits_the_column() {
    let fixture = Fixture::new().await;
    let [node, _] = &fixture.nodes;
    let revision = |number: u64| {
        let mut record = record("t1", "same", ISSUED);
        record["revision"] = number.into();
        client_of(record)
    };
    let half = i64::MAX.unsigned_abs();
    for first in [half - 1, half, u64::MAX - 1] {
        node.remove(&tenant("t1"), &id("same")).await.unwrap();
        node.insert(Insertion::new(revision(first))).await.unwrap();
        for (number, outcome) in [
            (first, UpdateOutcome::Changed),
            (0, UpdateOutcome::Changed),
            (first + 1, UpdateOutcome::Updated),
            (first + 1, UpdateOutcome::Changed),
        ] {
            let update = ClientUpdate::new(revision(number));
            assert_eq!(node.update(update).await.unwrap(), outcome, "{number}");
        }
    }
}

#[tokio::test]
async fn a_host_pool_is_used() {
    let url = database();
    // One connection is enough for everything, and the store never keeps it.
    let pool = PgPoolOptions::new()
        .max_connections(1)
        .connect_lazy(&url)
        .unwrap();
    PostgresStore::migrate(&pool).await.unwrap();
    let store = PostgresStore::with_pool(pool.clone()).with_timeout(Duration::from_mins(1));
    store.insert(plain("t1", "one")).await.unwrap();
    store.insert(deduplicated("t1", "two", 1)).await.unwrap();
    store.insert(limited("t1", "three", 10)).await.unwrap();
    let clients: i64 = sqlx::query_scalar("SELECT clients FROM oauth_dcr_tenants")
        .fetch_one(&pool)
        .await
        .unwrap();
    assert_eq!(clients, 3);
    pool.close().await;
    let closed = store.find(&tenant("t1"), &id("one")).await.unwrap_err();
    assert!(story(&closed).contains("closed pool"), "{}", story(&closed));
    let closed = store.insert(plain("t1", "four")).await.unwrap_err();
    assert!(story(&closed).contains("closed pool"), "{}", story(&closed));
    // Committed data is visible to a new store.
    let store = PostgresStore::with_pool(PgPool::connect(&url).await.unwrap());
    let found = store.find(&tenant("t1"), &id("one")).await.unwrap();
    assert_eq!(found, Some(client("t1", "one").into()));
}

/// A standby returns the code of this error, too.
#[tokio::test]
async fn an_unsupported_feature_is_refused_once() {
    let fixture = Fixture::new().await;
    let node = fixture.node(0);
    assert!(is_inserted(&node.insert(plain("t1", "id")).await.unwrap()));
    let refusal = "CREATE SEQUENCE attempts;
        CREATE FUNCTION refuse() RETURNS TRIGGER LANGUAGE plpgsql AS $$ BEGIN
            PERFORM nextval('attempts');
            RAISE EXCEPTION 'unsupported' USING ERRCODE = '0A000';
        END $$;
        CREATE TRIGGER refuse BEFORE UPDATE ON oauth_dcr_clients
            FOR EACH ROW EXECUTE FUNCTION refuse()";
    sqlx::raw_sql(refusal).execute(&fixture.pool).await.unwrap();
    let blocked = node.set_blocked(&tenant("t1"), &id("id"), true).await;
    let told = story(&blocked.unwrap_err());
    assert!(told.contains("unsupported"), "{told}");
    let attempts = sqlx::query_scalar("SELECT last_value FROM attempts");
    let attempts: i64 = attempts.fetch_one(&fixture.pool).await.unwrap();
    assert_eq!(attempts, 1);
}
