//! When the limiter gives up a connection, and how it makes the next connection.

use std::time::{Duration, Instant};

use oauth_dcr::{rate_limit::Quota, redis::RedisRateLimiter};
use private_servers::PrivateRedis;
use redis::{Client, Connection, aio::ConnectionManager};
use tokio::time::sleep;

use crate::{
    WAIT_LIMIT, acquire, connection,
    failover::switch,
    proxy::{Failing, Proxy},
    quota,
};

async fn limiter(proxy: &Proxy) -> RedisRateLimiter {
    RedisRateLimiter::connect(&proxy.url()).await.unwrap()
}

/// Sends requests for this long, all of which fail.
async fn fail_for(limiter: &RedisRateLimiter, time: Duration) {
    let start = Instant::now();
    while start.elapsed() < time {
        let error = acquire(limiter, "failing", quota(1, 5)).await.unwrap_err();
        assert_eq!(error.backend(), "redis");
        sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_frozen_after_its_greeting_is_abandoned() {
    let old = Failing::silent().await;
    let new = PrivateRedis::start();
    let proxy = Proxy::to(old.port).await;
    let limiter = limiter(&proxy).await;
    assert!(limiter.connect_error().is_some());
    fail_for(&limiter, Duration::from_secs(1)).await;
    switch(&limiter, &proxy, &new).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_frozen_server_is_abandoned() {
    let old = PrivateRedis::start_with(&["--maxmemory", "1"]);
    let new = PrivateRedis::start();
    let proxy = Proxy::to(old.port()).await;
    let limiter = limiter(&proxy).await;
    fail_for(&limiter, Duration::from_millis(500)).await;
    old.pause();
    fail_for(&limiter, Duration::from_secs(1)).await;
    switch(&limiter, &proxy, &new).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_connection_is_made_in_the_background() {
    let redis = PrivateRedis::start();
    // Longer than the timeout of a request, and shorter than the timeout of a connection.
    let proxy = Proxy::slow(redis.port(), Duration::from_millis(300)).await;
    let limiter = limiter(&proxy).await;
    assert!(limiter.connect_error().is_some());
    let deadline = Instant::now() + WAIT_LIMIT;
    // Meanwhile no request needs the connection.
    while proxy.accepted() == 0 || proxy.open() == 0 || clients(&redis) < 2 {
        assert!(Instant::now() < deadline, "no connection is made");
        sleep(Duration::from_millis(20)).await;
    }
    let limiter = limiter.wait_at_most(WAIT_LIMIT);
    acquire(&limiter, "acme", quota(1, 5)).await.unwrap();
}

/// How many clients are connected, including this test's.
fn clients(redis: &PrivateRedis) -> usize {
    let list: String = redis::cmd("CLIENT")
        .arg("LIST")
        .query(&mut connection(redis))
        .unwrap();
    list.lines().count()
}

#[tokio::test(flavor = "multi_thread")]
async fn repeated_failovers_leave_one_connection() {
    let replica = Failing::with("READONLY You can't write against a read only replica.").await;
    let silent = Failing::silent().await;
    let redis = PrivateRedis::start();
    let proxy = Proxy::to(redis.port()).await;
    let limiter = limiter(&proxy).await;
    for old in [&replica, &silent, &replica, &silent, &replica] {
        proxy.switch_to(old.port);
        redis::cmd("CLIENT")
            .arg("KILL")
            .arg("TYPE")
            .arg("normal")
            .exec(&mut connection(&redis))
            .unwrap();
        fail_for(&limiter, Duration::from_millis(1500)).await;
        switch(&limiter, &proxy, &redis).await;
    }
    let deadline = Instant::now() + WAIT_LIMIT;
    while proxy.open() != 1 {
        assert!(Instant::now() < deadline, "{} are open", proxy.open());
        sleep(Duration::from_millis(20)).await;
    }
    let made = proxy.accepted();
    sleep(Duration::from_secs(1)).await;
    assert_eq!(proxy.accepted(), made, "no further connection is made");
    assert_eq!(proxy.open(), 1);
}

/// From now on, the server demands this password, or no password if this is empty.
fn require_password(operator: &mut Connection, password: &str) {
    let mut require = redis::cmd("CONFIG");
    require.arg("SET").arg("requirepass").arg(password);
    require.exec(operator).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_password_is_tried_again() {
    let mut old = PrivateRedis::start();
    let new = PrivateRedis::start();
    require_password(&mut connection(&new), "correct horse");
    let proxy = Proxy::to(old.port()).await;
    let limiter = limiter(&proxy).await;
    acquire(&limiter, "acme", quota(1, 5)).await.unwrap();
    proxy.switch_to(new.port());
    old.kill();
    fail_for(&limiter, Duration::from_secs(3)).await;
    let url = format!("redis://:correct%20horse@127.0.0.1:{}/", new.port());
    let mut operator = Client::open(url).unwrap().get_connection().unwrap();
    require_password(&mut operator, "");
    switch(&limiter, &proxy, &new).await;
}

/// How often in a second the host's connection was told to close while the server answers with this
/// error.
async fn quits(error: &'static str) -> usize {
    let server = Failing::with(error).await;
    let url = format!("redis://127.0.0.1:{}/", server.port);
    let manager = ConnectionManager::new(Client::open(url).unwrap()).await;
    let limiter = RedisRateLimiter::from_connection_manager(manager.unwrap());
    fail_for(&limiter, Duration::from_secs(1)).await;
    server.quits()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hosts_connection_to_a_replica_is_closed() {
    for error in ["READONLY You can't write.", "MASTERDOWN Link is down."] {
        let start = Instant::now();
        let quits = quits(error).await;
        let most = start.elapsed().as_secs() + 1;
        assert!(quits >= 1, "{error}");
        assert!(u64::try_from(quits).unwrap() <= most, "{quits}, {error}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hosts_connection_to_a_primary_stays() {
    for error in [
        "LOADING Redis is loading the dataset in memory",
        "NOREPLICAS Not enough good replicas to write.",
        "OOM command not allowed when used memory > 'maxmemory'.",
    ] {
        assert_eq!(quits(error).await, 0, "{error}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dropped_limiter_closes_its_connections() {
    let redis = PrivateRedis::start();
    let proxy = Proxy::to(redis.port()).await;
    let limiter = limiter(&proxy).await.wait_at_most(WAIT_LIMIT);
    let hour = Quota::per_hour(1, 1).unwrap();
    acquire(&limiter, "acme", hour).await.unwrap();
    assert_eq!(proxy.open(), 1);
    drop(limiter);
    let deadline = Instant::now() + WAIT_LIMIT;
    while proxy.open() != 0 {
        assert!(Instant::now() < deadline, "the connection stays open");
        sleep(Duration::from_millis(20)).await;
    }
}
