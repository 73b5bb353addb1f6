//! Which tenants are counted, and when.

use std::{
    collections::BTreeSet,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::Duration,
};

use oauth_dcr::{
    Timestamp,
    postgres::PostgresStore,
    store::{ClientStore as _, InsertOutcome, RemoveOutcome, Sweep},
};

use sqlx::{PgConnection, PgPool};
use tokio::sync::mpsc;

use crate::fixture::{
    Fixture, ISSUED, LONG_TIMEOUT, assert_counts, database, deduplicated, id, insert_all,
    is_inserted, limited, lock_row, plain, tenant,
};

/// The row of a tenant: its version, whether it is counted, and how many clients it has.
type Row = (String, String, Option<bool>, i64);

async fn row(fixture: &Fixture) -> Row {
    let row = "SELECT xmin::text, ctid::text, counted, clients FROM oauth_dcr_tenants";
    sqlx::query_as(row).fetch_one(&fixture.pool).await.unwrap()
}

/// The number of clients of the tenant, according to its row.
async fn counted(fixture: &Fixture) -> Option<i64> {
    let (.., is_counted, clients) = row(fixture).await;
    is_counted?.then_some(clients)
}

/// Inserts a client as a node does that does not know yet that the tenant will be counted.
async fn insert_without_counting(connection: &mut PgConnection) {
    sqlx::query(
        "INSERT INTO oauth_dcr_clients
            (tenant, client_id, record, revision, blocked, is_used, idle_since)
        SELECT tenant, 'under-way', '', 0, FALSE, FALSE, 0
        FROM oauth_dcr_tenants WHERE NOT counted",
    )
    .execute(connection)
    .await
    .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn unlimited_registrations_do_not_update_the_tenant() {
    let fixture = Fixture::new().await;
    fixture.node(0).insert(plain("t1", "first")).await.unwrap();
    let before = row(&fixture).await;
    assert_eq!(before.2, Some(false));
    let insertions = (0..100).map(|number| match number % 2 {
        0 => plain("t1", &format!("id{number}")),
        _ => deduplicated("t1", &format!("id{number}"), number),
    });
    for outcome in insert_all(&fixture, insertions.collect()).await {
        assert!(is_inserted(&outcome.unwrap()));
    }
    let removed = fixture.node(1).remove(&tenant("t1"), &id("id0")).await;
    assert_eq!(removed.unwrap(), RemoveOutcome::Removed);
    let sweep = Sweep::new().unused_before(Timestamp::from_unix_millis(ISSUED + 1));
    let swept = fixture.node(0).sweep(&tenant("t1"), sweep.limit(10)).await;
    assert_eq!(swept.unwrap().len(), 10);
    assert_eq!(row(&fixture).await, before);
    assert_eq!(fixture.rows("t1").await, 90);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_limit_counts_the_clients() {
    let fixture = Fixture::new().await;
    let plain_ones = (0..10).map(|number| plain("t1", &format!("id{number}")));
    insert_all(&fixture, plain_ones.collect()).await;
    assert_eq!(counted(&fixture).await, None);
    let node = fixture.node(0);
    let first = node.insert(limited("t1", "first", 20)).await.unwrap();
    assert!(is_inserted(&first));
    assert_eq!(counted(&fixture).await, Some(11));
    // From now on, all other registrations are counted, too.
    for insertion in [plain("t1", "plain"), deduplicated("t1", "deduplicated", 1)] {
        assert!(is_inserted(
            &fixture.node(1).insert(insertion).await.unwrap()
        ));
    }
    node.remove(&tenant("t1"), &id("id1")).await.unwrap();
    assert_eq!(counted(&fixture).await, Some(12));
    // An operator can end counting.
    let uncount = "UPDATE oauth_dcr_tenants SET counted = FALSE, clients = 0";
    sqlx::query(uncount).execute(&fixture.pool).await.unwrap();
    node.insert(plain("t1", "uncounted")).await.unwrap();
    assert_eq!(row(&fixture).await.3, 0);
    let again = node.insert(limited("t1", "again", 13)).await.unwrap();
    assert!(matches!(again, InsertOutcome::Inserted { removed } if removed.len() == 1));
    fixture.assert_counts().await;
    assert_eq!(counted(&fixture).await, Some(13));
}

/// Counting waits for a registration that is under way.
#[tokio::test(flavor = "multi_thread")]
async fn counting_waits_for_running_insertions() {
    let fixture = Fixture::new().await;
    let node = fixture.node(0);
    node.insert(plain("t1", "first")).await.unwrap();
    let mut under_way = fixture.pool.begin().await.unwrap();
    insert_without_counting(&mut under_way).await;
    let limited = tokio::spawn(async move { node.insert(limited("t1", "second", 10)).await });
    while row(&fixture).await.2.is_some() {
        assert!(
            !limited.is_finished(),
            "the limited registration has not waited"
        );
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    // From now on a registration without a limit locks the row.
    let other = fixture.node(1).insert(plain("t1", "third")).await;
    assert!(is_inserted(&other.unwrap()));
    assert!(!limited.is_finished());
    under_way.commit().await.unwrap();
    assert!(is_inserted(&limited.await.unwrap().unwrap()));
    assert_eq!(counted(&fixture).await, Some(4));
    fixture.assert_counts().await;
}

/// A transaction that writes and does not end blocks no registration: meanwhile each registration
/// counts all clients to keep the limit.
#[tokio::test(flavor = "multi_thread")]
async fn a_limit_holds_beside_an_endless_transaction() {
    let fixture = Fixture::new().await;
    fixture.node(0).insert(plain("t1", "first")).await.unwrap();
    let mut under_way = fixture.pool.begin().await.unwrap();
    insert_without_counting(&mut under_way).await;
    let store = fixture.node(0).with_timeout(Duration::from_secs(2));
    for number in 0..4 {
        let insertion = limited("t1", &format!("limited{number}"), 2);
        assert!(is_inserted(&store.insert(insertion).await.unwrap()));
        assert_eq!(counted(&fixture).await, None);
        assert_eq!(fixture.rows("t1").await, 2);
        let name = format!("plain{number}");
        store.insert(plain("t1", &name)).await.unwrap();
        store.remove(&tenant("t1"), &id(&name)).await.unwrap();
    }
    under_way.commit().await.unwrap();
    assert_eq!(fixture.rows("t1").await, 3);
    let last = store.insert(limited("t1", "last", 2)).await.unwrap();
    assert!(matches!(last, InsertOutcome::Inserted { removed } if removed.len() == 2));
    assert_eq!(counted(&fixture).await, Some(2));
    fixture.assert_counts().await;
}

/// How often the race is run.
fn rounds() -> usize {
    let rounds = std::env::var("OAUTH_DCR_COUNTING_ROUNDS");
    rounds.map_or(2, |rounds| rounds.parse().unwrap())
}

/// Registers clients without a limit until a limit is set, and then with the limit.
async fn register(
    node: PostgresStore,
    caller: usize,
    has_limit: Arc<AtomicBool>,
    is_over: Arc<AtomicBool>,
    limited_ones: mpsc::Sender<usize>,
) {
    let mut number = 0;
    while !is_over.load(Relaxed) {
        let id = format!("id{caller}-{number}");
        let is_limited = has_limit.load(Relaxed);
        let insertion = if is_limited {
            limited("t1", &id, LIMIT)
        } else {
            plain("t1", &id)
        };
        assert!(is_inserted(&node.insert(insertion).await.unwrap()));
        if is_limited {
            let _ = limited_ones.send(caller).await;
        }
        number += 1;
    }
}

const LIMIT: u64 = 50;

#[tokio::test(flavor = "multi_thread")]
async fn a_limit_set_under_load_is_never_exceeded() {
    for _ in 0..rounds() {
        let fixture = Fixture::new().await;
        fixture.node(0).insert(plain("t1", "first")).await.unwrap();
        let (has_limit, is_over) = (Arc::default(), Arc::default());
        let (sender, mut limited_ones) = mpsc::channel(1);
        let callers = (0..32).map(|caller| {
            let (has_limit, is_over) = (Arc::clone(&has_limit), Arc::clone(&is_over));
            let node = fixture.node(caller);
            tokio::spawn(register(node, caller, has_limit, is_over, sender.clone()))
        });
        let callers: Vec<_> = callers.collect();
        while fixture.rows("t1").await < 200 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        has_limit.store(true, Relaxed);
        // Until every caller knows the limit. Each insertion evicts up to 100 clients.
        let mut informed = BTreeSet::new();
        let mut evicting = 0;
        while informed.len() < 32 || evicting < 100 {
            informed.insert(limited_ones.recv().await.unwrap());
            evicting += 1;
        }
        let mut most = 0;
        for _ in 0..50 {
            most = most.max(fixture.rows("t1").await);
            limited_ones.recv().await.unwrap();
        }
        assert_eq!(most, i64::try_from(LIMIT).unwrap());
        is_over.store(true, Relaxed);
        drop(limited_ones);
        for caller in callers {
            caller.await.unwrap();
        }
        assert_eq!(counted(&fixture).await, Some(most));
        fixture.assert_counts().await;
    }
}

/// Eight nodes register clients of twenty tenants without a limit, while another node counts one
/// tenant after another.
#[tokio::test(flavor = "multi_thread")]
async fn counting_misses_no_client_of_many_nodes() {
    for _ in 0..rounds() {
        let url = database();
        let connect = async || {
            let node = PostgresStore::connect(&url).await.unwrap();
            node.with_timeout(LONG_TIMEOUT)
        };
        let counting = connect().await;
        let tenants: Vec<_> = (0..20).map(|number| format!("t{number}")).collect();
        for tenant in &tenants {
            counting.insert(plain(tenant, "first")).await.unwrap();
        }
        let is_over = Arc::new(AtomicBool::new(false));
        let mut callers = Vec::new();
        for node_number in 0..8 {
            let node = connect().await;
            for caller in 0..4 {
                let (node, is_over) = (node.clone(), Arc::clone(&is_over));
                callers.push(tokio::spawn(async move {
                    let mut number = 0;
                    while !is_over.load(Relaxed) {
                        let tenant = format!("t{}", (number * 7 + caller + node_number) % 20);
                        let id = format!("id{node_number}-{caller}-{number}");
                        node.insert(plain(&tenant, &id)).await.unwrap();
                        number += 1;
                    }
                }));
            }
        }
        for tenant in &tenants {
            let limited = counting.insert(limited(tenant, "limited", 1_000_000));
            assert!(is_inserted(&limited.await.unwrap()));
        }
        is_over.store(true, Relaxed);
        for caller in callers {
            caller.await.unwrap();
        }
        let pool = PgPool::connect(&url).await.unwrap();
        assert_counts(&pool).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plain_registration_ignores_a_locked_row() {
    let fixture = Fixture::new().await;
    let node = fixture.node(0);
    node.insert(plain("t1", "first")).await.unwrap();
    let operator = lock_row(&fixture.pool, "t1").await;
    for insertion in [
        plain("t1", "plain"),
        deduplicated("t1", "deduplicated", 1),
        deduplicated("t1", "again", 1),
    ] {
        node.insert(insertion).await.unwrap();
    }
    assert_eq!(fixture.rows("t1").await, 3);
    operator.rollback().await.unwrap();
}

/// Two nodes insert the same duplicate keys, in the opposite order of their ids.
#[tokio::test(flavor = "multi_thread")]
async fn crossing_duplicate_keys_do_not_deadlock() {
    let fixture = Fixture::new().await;
    fixture.node(0).insert(plain("t1", "first")).await.unwrap();
    let deadlocks = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()";
    for round in 0..20_u8 {
        let keys: Vec<u8> = (0..8).map(|key| round * 8 + key).collect();
        let insertion = |node: usize, key: u8| {
            let place = if node == 0 { key } else { u8::MAX - key };
            deduplicated("t1", &format!("id{place:03}-{node}-{key}"), key)
        };
        let both = keys
            .iter()
            .flat_map(|key| [insertion(0, *key), insertion(1, *key)]);
        let outcomes = insert_all(&fixture, both.collect()).await;
        let stored = outcomes
            .iter()
            .filter(|it| is_inserted(it.as_ref().unwrap()));
        assert_eq!(stored.count(), keys.len());
    }
    let found: i64 = sqlx::query_scalar(deadlocks)
        .fetch_one(&fixture.pool)
        .await
        .unwrap();
    assert_eq!(found, 0);
}
