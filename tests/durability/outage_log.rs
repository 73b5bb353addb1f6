//! What the server logs about outages.

use std::{
    fs::File,
    path::{Path, PathBuf},
    time::Duration,
};

use private_servers::{PrivatePostgres, PrivateRedis};
use serde_json::json;
use tokio::{
    task::JoinSet,
    time::{Instant, sleep},
};

use crate::{
    database::Database, example_server::ExampleServer, requests, temporary::TemporaryDir,
    wire::Connection,
};

/// The time limit of every wait.
const LIMIT: Duration = Duration::from_secs(30);

const FAILURES: usize = 20;

/// How many lines of the log have this text.
fn lines(log: &Path, text: &str) -> usize {
    let log = std::fs::read_to_string(log).unwrap();
    log.lines().filter(|line| line.contains(text)).count()
}

/// A server with these options that logs into the folder, and its log. One of its two tenants has a
/// rate limit.
fn start(folder: &TemporaryDir, options: &[&str]) -> (ExampleServer, PathBuf) {
    let settings = json!({ "tenants": [
        requests::tenant("shop", json!({ "rate_limit": null })),
        requests::tenant("limited", json!({ "rate_limit": { "per_second": 1000, "burst": 1000 } })),
    ] });
    let log = folder.path().join("log");
    let file = File::create(&log).unwrap();
    let server = ExampleServer::start_logged(Some(&settings), options, file.into());
    (server, log)
}

async fn register(base: String) -> u16 {
    register_at(base, "shop").await
}

async fn register_at(base: String, tenant: &str) -> u16 {
    let mut connection = Connection::open(&base).await.unwrap();
    let request = requests::register(tenant, &requests::metadata(0));
    connection.send(request).await.unwrap().status
}

/// Registers clients until the log has this many lines about the end of an outage.
async fn register_until_over(server: &ExampleServer, log: &Path, ends: usize) {
    let deadline = Instant::now() + LIMIT;
    while lines(log, "outage is over") < ends {
        assert!(Instant::now() < deadline, "the outage does not end");
        register(server.base.clone()).await;
        sleep(Duration::from_millis(50)).await;
    }
}

/// Looks for a client, as the authorization endpoint does.
async fn look_up(base: String) -> u16 {
    let mut connection = Connection::open(&base).await.unwrap();
    let request = requests::token("shop", "tpc_unknown", None);
    connection.send(request).await.unwrap().status
}

#[tokio::test(flavor = "multi_thread")]
async fn an_outage_seen_only_by_look_ups_is_logged() {
    let mut postgres = PrivatePostgres::start();
    let database = Database::Postgres(postgres.create_database());
    let folder = TemporaryDir::new();
    let (server, log) = start(&folder, &["--store", &database.option()]);
    postgres.stop();
    assert_eq!(look_up(server.base.clone()).await, 503);
    assert_eq!(look_up(server.base.clone()).await, 503);
    assert_eq!(lines(&log, "outage"), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn unlimited_tenants_do_not_end_a_redis_outage() {
    let mut redis = PrivateRedis::start();
    let folder = TemporaryDir::new();
    let (server, log) = start(&folder, &["--limiter", &redis.url()]);
    redis.stop();
    for _ in 0..3 {
        assert_eq!(register_at(server.base.clone(), "limited").await, 503);
        // Longer than the calm period after which an outage is over.
        sleep(Duration::from_millis(1_100)).await;
        assert_eq!(register(server.base.clone()).await, 201);
    }
    assert_eq!(lines(&log, "outage"), 1);
    redis.restart();
    let deadline = Instant::now() + LIMIT;
    while lines(&log, "outage is over") == 0 {
        assert!(Instant::now() < deadline, "the outage does not end");
        register_at(server.base.clone(), "limited").await;
        sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(lines(&log, "outage"), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_outage_and_its_end_are_logged_once() {
    let mut postgres = PrivatePostgres::start();
    let database = Database::Postgres(postgres.create_database());
    let folder = TemporaryDir::new();
    let (server, log) = start(&folder, &["--store", &database.option()]);
    for outages in 1..=2 {
        assert_eq!(register(server.base.clone()).await, 201);
        postgres.stop();
        let failures = (0..FAILURES).map(|_| register(server.base.clone()));
        let failures = failures.collect::<JoinSet<_>>().join_all().await;
        assert_eq!(failures, [503; FAILURES]);
        assert_eq!(lines(&log, "outage"), 2 * outages - 1);
        postgres.restart();
        register_until_over(&server, &log, outages).await;
        assert_eq!(lines(&log, "outage"), 2 * outages);
    }
    assert_eq!(lines(&log, "registration failed"), 0);
}
