//! Two nodes on one database.

use std::{collections::HashSet, num::NonZeroU64, sync::Arc, time::Duration};

use oauth_dcr::{
    Timestamp,
    postgres::PostgresStore,
    store::{
        Activity, ClientStore as _, ClientUpdate, InsertOutcome, Sweep, TouchOutcome,
        UpdateOutcome, UserKey,
    },
};

use crate::{
    fixture::{
        Fixture, ISSUED, client, client_of, deduplicated, id, insert_all, is_inserted, limited,
        plain, record, tenant,
    },
    random::Random,
};

#[tokio::test(flavor = "multi_thread")]
async fn one_racing_insertion_gets_the_id() {
    let fixture = Fixture::new().await;
    // Half of the racers insert in the opposite order.
    let ids = 0..32;
    let there = ids.clone().chain(ids.clone().rev());
    let racers = there.flat_map(|number| [number, number]);
    let racers = racers.map(|number| plain("t1", &format!("id{number}")));
    let outcomes = insert_all(&fixture, racers.collect()).await;
    let inserted = outcomes
        .iter()
        .filter(|it| is_inserted(it.as_ref().unwrap()));
    assert_eq!(inserted.count(), 32);
    let taken = outcomes
        .iter()
        .filter(|it| matches!(it, Ok(InsertOutcome::IdTaken)));
    assert_eq!(taken.count(), 96);
    assert_eq!(fixture.rows("t1").await, 32);
    fixture.assert_counts().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn limited_and_unlimited_insertions_race_for_an_id() {
    let fixture = Fixture::new().await;
    let racers = (0..64).map(|number| match number % 4 {
        0 | 1 => limited("t1", "same", 1000),
        2 => deduplicated("t1", "same", 1),
        _ => deduplicated("t1", "same", 2),
    });
    let outcomes = insert_all(&fixture, racers.collect()).await;
    let inserted = outcomes
        .iter()
        .filter(|it| is_inserted(it.as_ref().unwrap()));
    assert_eq!(inserted.count(), 1);
    assert_eq!(fixture.rows("t1").await, 1);
    fixture.assert_counts().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn racers_never_exceed_a_limit() {
    let fixture = Fixture::new().await;
    let watcher = tokio::spawn({
        let pool = fixture.pool.clone();
        async move {
            let mut most = 0_i64;
            loop {
                let rows = "SELECT count(*) FROM oauth_dcr_clients";
                let rows: i64 = sqlx::query_scalar(rows).fetch_one(&pool).await.unwrap();
                most = most.max(rows);
                assert!(most <= 5, "{rows} clients, limit 5");
                tokio::task::yield_now().await;
            }
        }
    });
    let racers = (0..64).map(|number| limited("t1", &format!("id{number}"), 5));
    let outcomes = insert_all(&fixture, racers.collect()).await;
    watcher.abort();
    assert!(watcher.await.unwrap_err().is_cancelled());
    let mut removed = Vec::new();
    for outcome in outcomes {
        match outcome.unwrap() {
            InsertOutcome::Inserted { removed: gone } => removed.extend(gone),
            other => panic!("{other:?}"),
        }
    }
    // Each client was evicted at most once.
    let distinct: HashSet<_> = removed.iter().collect();
    assert_eq!((removed.len(), distinct.len()), (59, 59));
    assert_eq!(fixture.rows("t1").await, 5);
    fixture.assert_counts().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn racers_find_a_tenant_without_evictable_clients_full() {
    let fixture = Fixture::new().await;
    let [node, _] = &fixture.nodes;
    for number in 0..3 {
        let name = format!("used{number}");
        node.insert(plain("t1", &name)).await.unwrap();
        let touch = Activity::used(Timestamp::from_unix_millis(ISSUED), None);
        node.touch(&tenant("t1"), &id(&name), touch).await.unwrap();
    }
    let racers = (0..32).map(|number| limited("t1", &format!("id{number}"), 3));
    for outcome in insert_all(&fixture, racers.collect()).await {
        assert_eq!(outcome.unwrap(), InsertOutcome::Full);
    }
    assert_eq!(fixture.rows("t1").await, 3);
    fixture.assert_counts().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn equal_registrations_on_two_nodes_share_a_client() {
    let fixture = Fixture::new().await;
    let racers = (0..64).map(|number| deduplicated("t1", &format!("id{number}"), 7));
    let outcomes = insert_all(&fixture, racers.collect()).await;
    let mut ids = HashSet::new();
    let mut inserted = 0;
    for (number, outcome) in outcomes.into_iter().enumerate() {
        match outcome.unwrap() {
            InsertOutcome::Inserted { .. } => {
                inserted += 1;
                ids.insert(id(&format!("id{number}")));
            }
            InsertOutcome::Duplicate(client) => {
                ids.insert(client.id().clone());
            }
            other => panic!("{other:?}"),
        }
    }
    assert_eq!((inserted, ids.len()), (1, 1));
    assert_eq!(fixture.rows("t1").await, 1);
    fixture.assert_counts().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_racing_update_succeeds() {
    let fixture = Fixture::new().await;
    fixture.node(0).insert(plain("t1", "same")).await.unwrap();
    let update = |number: usize| {
        let mut record = record("t1", "same", ISSUED);
        record["revision"] = 1.into();
        record["metadata"]["client_name"] = format!("name {number}").into();
        ClientUpdate::new(client_of(record))
    };
    let tasks = (0..16).map(|number| {
        let node = fixture.node(number);
        tokio::spawn(async move { node.update(update(number)).await.unwrap() })
    });
    let mut updated = 0;
    for task in tasks.collect::<Vec<_>>() {
        match task.await.unwrap() {
            UpdateOutcome::Updated => updated += 1,
            UpdateOutcome::Changed => {}
            other => panic!("it is there: {other:?}"),
        }
    }
    assert_eq!(updated, 1);
}

const TENANTS: [&str; 3] = ["t1", "t2", "t3"];

/// One random operation on a client of a tenant, from a small set of both.
async fn operate(node: &PostgresStore, random: &mut Random) {
    let name = random.pick(&TENANTS);
    let client_id = format!("id{}", random.below(40));
    let now = Timestamp::from_unix_millis(ISSUED + random.below(1000) as u64);
    let later = now.saturating_add(Duration::from_hours(3));
    match random.below(10) {
        0..=2 => drop(node.insert(plain(name, &client_id)).await.unwrap()),
        3 | 4 => {
            let max = 5 + random.below(10) as u64;
            node.insert(limited(name, &client_id, max)).await.unwrap();
        }
        5 => {
            let key = u8::try_from(random.below(8)).unwrap();
            node.insert(deduplicated(name, &client_id, key))
                .await
                .unwrap();
        }
        6 => drop(node.remove(&tenant(name), &id(&client_id)).await.unwrap()),
        7 => {
            let touch = Activity::used(now, None);
            node.touch(&tenant(name), &id(&client_id), touch)
                .await
                .unwrap();
        }
        8 => {
            let found = node.find(&tenant(name), &id(&client_id)).await.unwrap();
            if let Some(row) = found {
                let client = row.readable().unwrap();
                let mut record = serde_json::to_value(&*client).unwrap();
                record["revision"] = (client.revision() + 1).into();
                record["blocked"] = random.chance(20).into();
                let update = ClientUpdate::new(client_of(record)).without_duplicate_key();
                node.update(update).await.unwrap();
            }
        }
        _ => {
            let sweep = Sweep::new().unused_before(now).idle_before(later);
            let limit = u32::try_from(random.below(5)).unwrap();
            node.sweep(&tenant(name), sweep.limit(limit)).await.unwrap();
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn counts_match_the_rows_under_concurrency() {
    let fixture = Fixture::new().await;
    let players = (0..16).map(|seed| {
        let node = fixture.node(seed);
        tokio::spawn(async move {
            let mut random = Random(seed as u64);
            for _ in 0..60 {
                operate(&node, &mut random).await;
            }
        })
    });
    for player in players.collect::<Vec<_>>() {
        player.await.unwrap();
    }
    fixture.assert_counts().await;
    let clients: i64 = sqlx::query_scalar("SELECT count(*) FROM oauth_dcr_clients")
        .fetch_one(&fixture.pool)
        .await
        .unwrap();
    assert!(clients > 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_used_during_eviction_stays() {
    let fixture = Fixture::new().await;
    let [node, other] = &fixture.nodes;
    node.insert(plain("t1", "old")).await.unwrap();
    let younger = client_of(record("t1", "younger", ISSUED + 1));
    node.insert(oauth_dcr::store::Insertion::new(younger))
        .await
        .unwrap();

    // A running use has locked the row.
    let mut transaction = fixture.pool.begin().await.unwrap();
    sqlx::query("UPDATE oauth_dcr_clients SET is_used = TRUE WHERE client_id = 'old'")
        .execute(&mut *transaction)
        .await
        .unwrap();
    let evicting = tokio::spawn({
        let other = other.clone();
        async move { other.insert(limited("t1", "new", 2)).await.unwrap() }
    });
    wait_for_a_lock(&fixture).await;
    transaction.commit().await.unwrap();
    let removed = vec![id("younger")];
    assert_eq!(evicting.await.unwrap(), InsertOutcome::Inserted { removed });
    assert_eq!(
        node.find(&tenant("t1"), &id("old")).await.unwrap(),
        Some(client("t1", "old").into())
    );
    fixture.assert_counts().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_used_during_a_sweep_stays() {
    let fixture = Fixture::new().await;
    let [node, other] = &fixture.nodes;
    node.insert(plain("t1", "used")).await.unwrap();
    node.insert(plain("t1", "unused")).await.unwrap();
    let mut transaction = fixture.pool.begin().await.unwrap();
    sqlx::query("UPDATE oauth_dcr_clients SET is_used = TRUE WHERE client_id = 'used'")
        .execute(&mut *transaction)
        .await
        .unwrap();
    let sweep = Sweep::new().unused_before(Timestamp::from_unix_millis(ISSUED + 1));
    let sweeping = tokio::spawn({
        let other = Arc::new(other.clone());
        async move { other.sweep(&tenant("t1"), sweep).await.unwrap() }
    });
    wait_for_a_lock(&fixture).await;
    transaction.commit().await.unwrap();
    assert_eq!(sweeping.await.unwrap(), [id("unused")]);
    assert_eq!(fixture.rows("t1").await, 1);
    fixture.assert_counts().await;
}

/// Waits until a statement waits for a lock of another transaction.
pub(crate) async fn wait_for_a_lock(fixture: &Fixture) {
    let waiting = "SELECT EXISTS (SELECT 1 FROM pg_stat_activity
        WHERE datname = current_database() AND wait_event_type = 'Lock')";
    while !sqlx::query_scalar::<_, bool>(waiting)
        .fetch_one(&fixture.pool)
        .await
        .unwrap()
    {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_shared_during_eviction_stays() {
    let fixture = Fixture::new().await;
    let node = fixture.node(0);
    let touch = async |name: &str, hours: u64| {
        let now = Timestamp::from_unix_millis(ISSUED + hours * 3_600_000);
        let touch = Activity::used(now, None).by(Some(UserKey::from_bytes([1; 32])));
        let touch = touch.max_clients_per_user(NonZeroU64::new(2));
        node.touch(&tenant("t1"), &id(name), touch).await.unwrap()
    };
    for name in ["first", "second", "third"] {
        node.insert(plain("t1", name)).await.unwrap();
    }
    touch("first", 0).await;
    touch("second", 5).await;
    let mut operator = fixture.pool.begin().await.unwrap();
    sqlx::query("UPDATE oauth_dcr_clients SET is_shared = TRUE WHERE client_id = 'first'")
        .execute(&mut *operator)
        .await
        .unwrap();
    let share = async {
        // The eviction has chosen the client and waits for its row.
        let waiting = "SELECT count(*) FROM pg_stat_activity
            WHERE datname = current_database() AND wait_event_type = 'Lock'";
        while sqlx::query_scalar::<_, i64>(waiting)
            .fetch_one(&fixture.pool)
            .await
            .unwrap()
            == 0
        {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        operator.commit().await.unwrap();
    };
    let (outcome, ()) = tokio::join!(touch("third", 9), share);
    let evicted = vec![id("second")];
    assert_eq!(outcome, TouchOutcome::Written { evicted });
    fixture.assert_counts().await;
}
