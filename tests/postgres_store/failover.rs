//! A demoted primary that still answers, behind one address.

mod load;
mod pair;

use std::time::Duration;

use oauth_dcr::postgres::PostgresStore;
use sqlx::PgPool;

use self::{
    load::{Load, fill_pool, insert_old_rows, one_of_each},
    pair::Pair,
};
use crate::fixture::{LONG_TIMEOUT, story};

/// How long the load runs before the switch, and after its first success.
const WHILE: Duration = Duration::from_millis(400);

/// A call has to succeed within this time after the switch.
const OUTAGE: Duration = Duration::from_secs(2);

/// The names of the two kinds of stores.
const NAMES: [&str; 2] = ["connected", "hosted"];

fn assert_short(outages: [Duration; load::KINDS]) {
    assert!(outages.iter().all(|it| *it < OUTAGE), "{outages:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_read_only_primary_is_left_under_load() {
    let pair = Pair::start().await;
    let stores = pair.stores().await;
    insert_old_rows(&stores[0]).await;
    let loads = NAMES.into_iter().zip(stores);
    let loads: Vec<_> = loads
        .map(|(name, store)| Load::start(name, store))
        .collect();
    tokio::time::sleep(WHILE).await;
    pair.make_the_old_read_only().await;
    pair.promote_the_new().await;
    pair.change_rows_on_the_new().await;
    pair.switch();
    for load in &loads {
        load.switched();
    }
    for load in &loads {
        assert_short(load.outages().await);
    }
    tokio::time::sleep(WHILE).await;
    for load in loads {
        let acknowledged = load.end().await;
        pair.assert_on_the_new(&acknowledged.before).await;
        pair.assert_on_the_new(&acknowledged.after).await;
    }
}

/// Each store has a full pool of connections to the demoted server.
#[tokio::test(flavor = "multi_thread")]
async fn the_first_call_after_a_switch_succeeds() {
    let pair = Pair::start().await;
    let stores = pair.stores().await;
    insert_old_rows(&stores[0]).await;
    pair.promote_the_new().await;
    pair.change_rows_on_the_new().await;
    for call in 0..load::KINDS {
        pair.switch_back().await;
        let stores = pair.stores().await.map(|it| it.with_timeout(LONG_TIMEOUT));
        for store in &stores {
            fill_pool(store).await;
        }
        pair.make_the_old_read_only().await;
        pair.switch();
        for (name, store) in NAMES.into_iter().zip(&stores) {
            let done = one_of_each(store, call, name).await;
            done.unwrap_or_else(|error| panic!("{name}, {call}: {}", story(&error)));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_call_to_a_standby_fails() {
    let mut pair = Pair::start().await;
    let stores = pair.stores().await;
    insert_old_rows(&stores[0]).await;
    pair.restart_the_old_as_a_standby();
    pair.promote_the_new().await;
    pair.change_rows_on_the_new().await;
    for store in &stores {
        let store = store.clone().with_timeout(OUTAGE);
        let calls = (0..load::KINDS).map(|call| {
            let store = store.clone();
            tokio::spawn(async move { one_of_each(&store, call, "before").await })
        });
        for call in calls.collect::<Vec<_>>() {
            let told = story(&call.await.unwrap().unwrap_err());
            // A busy machine may need longer to reconnect than the limit for reading the clock.
            let reasons = ["read-only", "standby", "no answer within"];
            assert!(reasons.iter().any(|it| told.contains(it)), "{told}");
        }
    }
    pair.switch();
    for (name, store) in NAMES.into_iter().zip(stores) {
        let load = Load::start(name, store);
        load.switched();
        assert_short(load.outages().await);
        tokio::time::sleep(WHILE).await;
        pair.assert_on_the_new(&load.end().await.after).await;
    }
}

#[tokio::test]
async fn no_node_starts_on_a_standby() {
    let mut pair = Pair::start().await;
    pair.stores().await;
    pair.restart_the_old_as_a_standby();
    let pool = PgPool::connect(&pair.url()).await.unwrap();
    for started in [
        PostgresStore::connect(&pair.url()).await.map(drop),
        PostgresStore::migrate(&pool).await,
    ] {
        let told = story(&started.unwrap_err());
        assert!(told.contains("it is a standby"), "{told}");
    }
    pair.promote_the_new().await;
    pair.switch();
    // The connection of the store leads to the standby.
    assert!(pool.num_idle() > 0);
    PostgresStore::migrate(&pool).await.unwrap();
}
