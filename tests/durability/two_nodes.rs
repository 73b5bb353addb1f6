//! Two servers on one PostgreSQL and one Redis.

use std::{collections::HashSet, time::Instant};

use private_servers::{PrivatePostgres, PrivateRedis};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::{
    database::Database,
    example_server::ExampleServer,
    ledger::{Acknowledged, assert_are_stored, assert_work},
    requests,
    wire::{Answer, Connection},
};

struct Nodes {
    servers: [ExampleServer; 2],
    database: Database,
    _redis: PrivateRedis,
    _postgres: PrivatePostgres,
}

impl Nodes {
    fn start(registration: Value) -> Self {
        let (postgres, redis) = (PrivatePostgres::start(), PrivateRedis::start());
        let database = Database::Postgres(postgres.create_database());
        let settings = json!({ "tenants": [requests::tenant("shop", registration)] });
        let (store, limiter) = (database.option(), redis.url());
        let options = ["--store", &store, "--limiter", &limiter];
        let node = || ExampleServer::start_with(Some(&settings), &options);
        Self {
            servers: [node(), node()],
            database,
            _redis: redis,
            _postgres: postgres,
        }
    }

    async fn connect(&self) -> [Connection; 2] {
        let [first, second] = &self.servers;
        let first = Connection::open(&first.base).await.unwrap();
        [first, Connection::open(&second.base).await.unwrap()]
    }

    /// Registers `metadata` this many times at each node, all at once.
    async fn register(&self, metadata: &Value, times: usize) -> Vec<Answer> {
        let mut tasks = JoinSet::new();
        for _ in 0..times {
            for mut connection in self.connect().await {
                let request = requests::register("shop", metadata);
                tasks.spawn(async move { connection.send(request).await.unwrap() });
            }
        }
        tasks.join_all().await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_of_one_node_is_known_at_the_other() {
    let nodes = Nodes::start(json!({ "max_clients": 1000 }));
    let [mut first, mut second] = nodes.connect().await;
    let unknown = requests::authorize("shop", "tpc_00000000000000000000000000000000");
    let unknown = second.send(unknown).await.unwrap();
    assert_eq!(unknown.status, 400, "{unknown:?}");

    let request = requests::register("shop", &requests::metadata(1));
    let answer = first.send(request).await.unwrap();
    let registered = Acknowledged::new("shop", &answer);
    let request = requests::authorize("shop", registered.id());
    let sent_on = second.send(request).await.unwrap();
    assert_eq!(sent_on.status, 303, "{sent_on:?}");
    let page = sent_on.header("location").unwrap();
    assert!(page.starts_with("/interaction?session="), "{sent_on:?}");
    for server in &nodes.servers {
        assert_work(&server.base, registered.alone()).await;
    }
    assert_are_stored(registered.alone(), &nodes.database).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_nodes_share_the_quota_of_a_tenant() {
    let quota = json!({ "per_second": 1, "burst": 5 });
    let nodes = Nodes::start(json!({ "rate_limit": quota, "max_clients": 1000 }));
    let start = Instant::now();
    let answers = nodes.register(&requests::metadata(0), 6).await;
    let regained = usize::try_from(start.elapsed().as_secs()).unwrap();
    let count = |status| answers.iter().filter(|it| it.status == status).count();
    let (admitted, limited) = (count(201), count(429));
    assert_eq!(admitted + limited, 12, "{answers:?}");
    assert!((5..=5 + regained).contains(&admitted), "{admitted} of 12");
    assert_eq!(nodes.database.assert_whole().await, admitted);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_program_gets_one_id_at_two_nodes() {
    let registration = json!({ "rate_limit": null, "fold_identical": true, "max_clients": 1000 });
    let nodes = Nodes::start(registration);
    let answers = nodes.register(&requests::metadata(3), 20).await;
    let registered = |answer: &Answer| Acknowledged::new("shop", answer);
    let registered: Vec<_> = answers.iter().map(registered).collect();
    assert_eq!(registered.len(), 40);
    let ids: HashSet<_> = registered.iter().map(Acknowledged::id).collect();
    assert_eq!(ids.len(), 1, "{ids:?}");
    assert_are_stored(&registered, &nodes.database).await;
    assert_eq!(nodes.database.assert_whole().await, 1);
}
