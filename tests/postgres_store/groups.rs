//! Insertions that wait together are committed together.

use std::time::Duration;

use oauth_dcr::{
    postgres::PostgresStore,
    store::{ClientStore as _, InsertOutcome, Insertion},
};

use sqlx::postgres::PgPoolOptions;

use crate::fixture::{
    Fixture, database, id, insert_all, is_inserted, limited, plain, story, tenant,
};

/// The number of transactions that inserted the rows.
async fn transactions(fixture: &Fixture) -> i64 {
    let transactions = "SELECT count(DISTINCT xmin::text) FROM oauth_dcr_clients";
    sqlx::query_scalar(transactions)
        .fetch_one(&fixture.pool)
        .await
        .unwrap()
}

async fn insert_together(node: &PostgresStore, insertions: Vec<Insertion>) {
    let tasks = insertions.into_iter().map(|insertion| {
        let node = node.clone();
        tokio::spawn(async move { node.insert(insertion).await.unwrap() })
    });
    for task in tasks.collect::<Vec<_>>() {
        let outcome = task.await.unwrap();
        assert!(is_inserted(&outcome), "{outcome:?}");
    }
}

#[tokio::test]
async fn waiting_insertions_are_committed_together() {
    let fixture = Fixture::new().await;
    let insertions = (0..256).map(|number| plain("t1", &format!("id{number}")));
    insert_together(&fixture.nodes[0], insertions.collect()).await;
    assert_eq!(fixture.rows("t1").await, 256);
    let transactions = transactions(&fixture).await;
    assert!(transactions <= 256 / 8, "{transactions} for 256 clients");
    fixture.assert_counts().await;
}

#[tokio::test]
async fn limited_insertions_are_committed_together() {
    let fixture = Fixture::new().await;
    let insertions = (0..256).map(|number| limited("t1", &format!("id{number}"), 1000));
    insert_together(&fixture.nodes[0], insertions.collect()).await;
    assert_eq!(fixture.rows("t1").await, 256);
    let transactions = transactions(&fixture).await;
    assert!(transactions <= 256 / 8, "{transactions} for 256 clients");
    fixture.assert_counts().await;
}

#[tokio::test]
async fn a_refused_insertion_fails_alone() {
    let fixture = Fixture::new().await;
    sqlx::raw_sql("ALTER TABLE oauth_dcr_clients ADD CHECK (client_id <> 'bad')")
        .execute(&fixture.pool)
        .await
        .unwrap();
    for make in [plain, |tenant: &str, id: &str| limited(tenant, id, 1000)] {
        let tenant = if make("t", "id").has_limit() {
            "t1"
        } else {
            "t2"
        };
        let insertions = (0..40).map(|number| match number {
            20 => make(tenant, "bad"),
            _ => make(tenant, &format!("id{number}")),
        });
        let outcomes = insert_all(&fixture, insertions.collect()).await;
        for (number, outcome) in outcomes.iter().enumerate() {
            match outcome {
                Ok(outcome) => assert!(is_inserted(outcome) && number != 20, "{number}"),
                Err(error) => {
                    assert_eq!(number, 20, "{}", story(error));
                    assert!(
                        story(error).contains("check constraint"),
                        "{}",
                        story(error)
                    );
                }
            }
        }
        assert_eq!(fixture.rows(tenant).await, 39);
    }
    fixture.assert_counts().await;
}

#[tokio::test]
async fn a_group_stores_each_id_once() {
    let fixture = Fixture::new().await;
    let [node, _] = &fixture.nodes;
    let (first, second) = tokio::join!(
        node.insert(plain("t1", "same")),
        node.insert(plain("t1", "same"))
    );
    let outcomes = [first.unwrap(), second.unwrap()];
    assert!(outcomes.iter().any(is_inserted), "{outcomes:?}");
    assert!(outcomes.contains(&InsertOutcome::IdTaken), "{outcomes:?}");
    fixture.assert_counts().await;
}

/// A group keeps its connection for the next group, and other calls still get the connection.
#[tokio::test(flavor = "multi_thread")]
async fn registrations_share_a_pool_of_one_connection() {
    let url = database();
    PostgresStore::connect(&url).await.unwrap();
    let pool = PgPoolOptions::new().max_connections(1).connect_lazy(&url);
    let store = PostgresStore::with_pool(pool.unwrap()).with_timeout(Duration::from_secs(4));
    store.insert(plain("t1", "first")).await.unwrap();
    let callers = (0..8).map(|caller| {
        let store = store.clone();
        tokio::spawn(async move {
            for round in 0..100 {
                let insertion = plain("t1", &format!("id{caller}-{round}"));
                store.insert(insertion).await.unwrap();
            }
        })
    });
    let callers: Vec<_> = callers.collect();
    let mut finds = 0;
    while !callers.iter().all(tokio::task::JoinHandle::is_finished) {
        let found = store.find(&tenant("t1"), &id("first")).await.unwrap();
        assert!(found.is_some());
        finds += 1;
    }
    assert!(finds > 10, "{finds}");
    for caller in callers {
        caller.await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn continuous_callers_share_their_commits() {
    let fixture = Fixture::new().await;
    let workers = (0..32).map(|worker| {
        let node = fixture.node(0);
        tokio::spawn(async move {
            for round in 0..20 {
                let insertion = plain("t1", &format!("id{worker}-{round}"));
                node.insert(insertion).await.unwrap();
            }
        })
    });
    for worker in workers.collect::<Vec<_>>() {
        worker.await.unwrap();
    }
    assert_eq!(fixture.rows("t1").await, 640);
    let transactions = transactions(&fixture).await;
    assert!(transactions <= 640 / 8, "{transactions} for 640 clients");
    fixture.assert_counts().await;
}
