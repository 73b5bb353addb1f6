//! Tenants whose rows an operator has locked.

use std::{sync::Arc, time::Duration};

use oauth_dcr::{
    postgres::PostgresStore,
    store::{ClientStore as _, InsertOutcome, Insertion},
};
use sqlx::PgPool;
use tokio::time::Instant;

use crate::fixture::{
    database, deduplicated, id, is_inserted, limited, lock_row, plain, story, tenant,
};

/// A call in a locked tenant fails after a quarter of this time; other calls need far less.
const TIMEOUT: Duration = Duration::from_secs(12);

/// One insertion of each kind.
fn kinds(tenant: &str, round: u8) -> [Insertion; 3] {
    [
        plain(tenant, &format!("plain{round}")),
        limited(tenant, &format!("limited{round}"), 1000),
        deduplicated(tenant, &format!("deduplicated{round}"), round),
    ]
}

/// Carries out each of `insertions` on its own task. Returns when each ended, and its outcome.
async fn insert_at_once(
    store: &PostgresStore,
    insertions: impl IntoIterator<Item = Insertion>,
) -> Vec<(Instant, Result<InsertOutcome, String>)> {
    let tasks = insertions.into_iter().map(|insertion| {
        let store = store.clone();
        tokio::spawn(async move {
            let outcome = store.insert(insertion).await;
            (Instant::now(), outcome.map_err(|error| story(&error)))
        })
    });
    let mut ends = Vec::new();
    for task in tasks.collect::<Vec<_>>() {
        ends.push(task.await.unwrap());
    }
    ends
}

/// A store of one node, and a pool that bypasses it. The tenants are counted, so that each insertion locks the
/// row of its tenant.
async fn store_with(tenants: &[String]) -> (Arc<PostgresStore>, PgPool) {
    let url = database();
    let store = PostgresStore::connect(&url).await.unwrap();
    let store = store.with_timeout(TIMEOUT);
    for name in tenants {
        let first = limited(name, "first", 1000);
        assert!(is_inserted(&store.insert(first).await.unwrap()));
    }
    (Arc::new(store), PgPool::connect(&url).await.unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_locked_tenant_delays_no_other_tenant() {
    let (store, past) = store_with(&["a", "b", "c"].map(str::to_owned)).await;
    let operator = lock_row(&past, "a").await;
    for round in 0..3 {
        let locked = tokio::spawn({
            let store = Arc::clone(&store);
            async move { insert_at_once(&store, kinds("a", round)).await }
        });
        // More groups than one are committed while these insertions wait.
        let mut last = Instant::now();
        for group in 0..5 {
            let others = ["b", "c"].map(|name| kinds(name, round * 10 + group));
            for (end, outcome) in insert_at_once(&store, others.into_iter().flatten()).await {
                assert!(is_inserted(&outcome.unwrap()));
                last = last.max(end);
            }
        }
        for (end, outcome) in locked.await.unwrap() {
            let told = outcome.unwrap_err();
            assert!(told.contains("has locked the row"), "{told}");
            assert!(end > last, "{:?} too early", last - end);
        }
    }
    operator.rollback().await.unwrap();
    for (_, outcome) in insert_at_once(&store, kinds("a", 9)).await {
        assert!(is_inserted(&outcome.unwrap()));
    }
}

/// The pool has ten connections. Half of them serve calls that wait for no lock.
#[tokio::test(flavor = "multi_thread")]
async fn locked_tenants_leave_half_of_the_connections() {
    let names: Vec<_> = (0..12).map(|number| format!("locked{number}")).collect();
    let (store, past) = store_with(&names).await;
    // The tenant now has a row, so its later insertions need no lock.
    store.insert(plain("free", "first")).await.unwrap();
    let mut operator = past.begin().await.unwrap();
    sqlx::query("SELECT 1 FROM oauth_dcr_tenants WHERE tenant LIKE 'locked%' FOR UPDATE")
        .execute(&mut *operator)
        .await
        .unwrap();
    let locked = tokio::spawn({
        let store = Arc::clone(&store);
        let insertions: Vec<_> = names.iter().flat_map(|name| kinds(name, 1)).collect();
        async move { insert_at_once(&store, insertions).await }
    });
    let mut rounds = 0;
    while !locked.is_finished() {
        let start = Instant::now();
        let name = format!("round{rounds}");
        for insertion in [plain("free", &name), deduplicated("free", "again", 1)] {
            store.insert(insertion).await.unwrap();
        }
        let found = store.find(&tenant("free"), &id(&name)).await.unwrap();
        assert!(found.is_some());
        let took = start.elapsed();
        assert!(took < TIMEOUT / 8, "{took:?}");
        rounds += 1;
    }
    assert!(rounds > 20, "{rounds}");
    for (_, outcome) in locked.await.unwrap() {
        let told = outcome.unwrap_err();
        // Some insertions were not started.
        let reasons = ["has locked the row", "was not started", "no answer in time"];
        assert!(reasons.iter().any(|it| told.contains(it)), "{told}");
    }
}
