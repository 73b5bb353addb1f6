//! A primary that is demoted behind its address while its connections stay open.

use std::{
    num::NonZeroU32,
    sync::Arc,
    time::{Duration, Instant},
};

use oauth_dcr::{rate_limit::Quota, redis::RedisRateLimiter};
use private_servers::{PrivateRedis, free_port};
use redis::{Client, aio::ConnectionManager};
use tokio::{task::JoinSet, time::sleep};

use crate::{
    WAIT_LIMIT, acquire, connection,
    proxy::{Failing, Proxy},
    quota,
    stalls::Stalls,
};

/// The longest time from the switch of the address to the first decision of the new primary,
/// without stalls of the machine.
const FOUND: Duration = Duration::from_secs(2);

/// The shortest time between two attempts.
const PAUSE: Duration = Duration::from_millis(100);

fn demote(server: &PrivateRedis, primary_port: u16) {
    let mut demote = redis::cmd("REPLICAOF");
    demote.arg("127.0.0.1").arg(primary_port);
    demote.exec(&mut connection(server)).unwrap();
}

fn promote(server: &PrivateRedis) {
    let mut promote = redis::cmd("REPLICAOF");
    promote.arg("NO").arg("ONE");
    promote.exec(&mut connection(server)).unwrap();
}

/// Waits until a replica of `primary` has all writes so far.
fn await_copy(primary: &PrivateRedis) {
    let mut connection = connection(primary);
    // `WAIT` waits for the writes of its own connection and for all earlier writes.
    redis::cmd("SET")
        .arg("copied")
        .arg("")
        .exec(&mut connection)
        .unwrap();
    let copies: u32 = redis::cmd("WAIT")
        .arg(1)
        .arg(30_000)
        .query(&mut connection)
        .unwrap();
    assert_eq!(copies, 1, "the replica has everything");
}

/// A limiter that waits longer for a slow machine.
async fn limiter(proxy: &Proxy) -> RedisRateLimiter {
    let limiter = RedisRateLimiter::connect(&proxy.url()).await.unwrap();
    limiter.wait_at_most(Duration::from_secs(1))
}

/// Switches the address, and sends requests until one is answered.
pub(crate) async fn switch(limiter: &RedisRateLimiter, proxy: &Proxy, new: &PrivateRedis) {
    let stalls = Stalls::of(&[new]);
    proxy.switch_to(new.port());
    let start = Instant::now();
    for failed in 0.. {
        match acquire(limiter, "first", quota(1, 5)).await {
            Ok(decision) => {
                let time = start.elapsed();
                println!("{failed} requests failed after the switch, until {time:?}");
                assert!(time < FOUND + stalls.time_since(start), "{time:?}");
                assert!(decision.is_admitted());
                return;
            }
            Err(error) => assert_eq!(error.backend(), "redis"),
        }
        assert!(start.elapsed() < WAIT_LIMIT, "the switch is never noticed");
        sleep(Duration::from_millis(5)).await;
    }
    unreachable!("it returns or panics before");
}

/// Demotes the old server, lets requests fail for some time, switches the address, and checks which
/// server decides from then on.
async fn fail_over(limiter: RedisRateLimiter, proxy: &Proxy, old: &PrivateRedis) {
    let new = PrivateRedis::start();
    let hour = Quota::per_hour(1, 1).unwrap();
    acquire(&limiter, "before", hour).await.unwrap();
    demote(old, new.port());
    for _ in 0..20 {
        let error = acquire(&limiter, "meanwhile", hour).await.unwrap_err();
        assert_eq!(error.backend(), "redis");
        sleep(Duration::from_millis(20)).await;
    }
    redis::cmd("CONFIG")
        .arg("RESETSTAT")
        .exec(&mut connection(&new))
        .unwrap();
    switch(&limiter, proxy, &new).await;

    let mut observer = connection(&new);
    for number in 0..100 {
        let tenant = format!("after-{number}");
        acquire(&limiter, &tenant, hour).await.unwrap();
        let key = format!("oauth-dcr:{{{tenant}}}:rate:3600000000000:1");
        let exists: bool = redis::cmd("EXISTS").arg(key).query(&mut observer).unwrap();
        assert!(exists, "the new primary has counted request {number}");
    }
    let calls: String = redis::cmd("INFO")
        .arg("commandstats")
        .query(&mut observer)
        .unwrap();
    assert!(
        !calls.contains("cmdstat_quit"),
        "connections to the new primary stay"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_demoted_server_is_abandoned() {
    let old = PrivateRedis::start();
    let proxy = Proxy::to(old.port()).await;
    let limiter = limiter(&proxy).await;
    fail_over(limiter, &proxy, &old).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hosts_connection_leaves_a_demoted_server() {
    for protocol in ["resp2", "resp3"] {
        let old = PrivateRedis::start();
        let proxy = Proxy::to(old.port()).await;
        let url = format!("{}?protocol={protocol}", proxy.url());
        let manager = ConnectionManager::new(Client::open(url).unwrap()).await;
        let limiter = RedisRateLimiter::from_connection_manager(manager.unwrap());
        let limiter = limiter.wait_at_most(Duration::from_secs(1));
        fail_over(limiter, &proxy, &old).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failover_loses_no_acknowledged_token() {
    let old = PrivateRedis::start();
    let primary = old.port().to_string();
    let new = PrivateRedis::start_with(&["--replicaof", "127.0.0.1", &primary]);
    let proxy = Proxy::to(old.port()).await;
    let limiter = limiter(&proxy).await;
    let hour = Quota::per_hour(3, 3).unwrap();
    for _ in 0..3 {
        let decision = acquire(&limiter, "drained", hour).await.unwrap();
        assert!(decision.is_admitted());
    }
    await_copy(&old);
    promote(&new);
    demote(&old, new.port());
    acquire(&limiter, "drained", hour).await.unwrap_err();
    switch(&limiter, &proxy, &new).await;
    let decision = acquire(&limiter, "drained", hour).await.unwrap();
    assert!(!decision.is_admitted(), "all tokens are taken");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_demoted_server_decides_nothing_from_old_data() {
    let old = PrivateRedis::start();
    let new = PrivateRedis::start();
    let proxy = Proxy::to(old.port()).await;
    let limiter = limiter(&proxy).await;
    let hour = Quota::per_hour(1, 1).unwrap();
    acquire(&limiter, "drained", hour).await.unwrap();
    let refused = acquire(&limiter, "drained", hour).await.unwrap();
    assert!(!refused.is_admitted());
    // The server keeps its data because it finds no primary to copy.
    demote(&old, free_port());
    for _ in 0..5 {
        acquire(&limiter, "drained", hour).await.unwrap_err();
        sleep(PAUSE).await;
    }
    switch(&limiter, &proxy, &new).await;
    let decision = acquire(&limiter, "drained", hour).await.unwrap();
    assert!(decision.is_admitted(), "the new primary has no bucket");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replica_without_its_primary_is_abandoned() {
    let primary = free_port().to_string();
    let old = PrivateRedis::start_with(&[
        "--replicaof",
        "127.0.0.1",
        &primary,
        "--replica-serve-stale-data",
        "no",
    ]);
    let new = PrivateRedis::start();
    let proxy = Proxy::to(old.port()).await;
    let limiter = limiter(&proxy).await;
    for _ in 0..5 {
        acquire(&limiter, "acme", quota(1, 5)).await.unwrap_err();
        sleep(PAUSE).await;
    }
    switch(&limiter, &proxy, &new).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_loading_server_is_retried() {
    let loading = Failing::with("LOADING Redis is loading the dataset in memory").await;
    let new = PrivateRedis::start();
    let proxy = Proxy::to(loading.port).await;
    let limiter = RedisRateLimiter::connect(&proxy.url()).await.unwrap();
    assert!(limiter.connect_error().is_some());
    acquire(&limiter, "acme", quota(1, 5)).await.unwrap_err();
    switch(&limiter, &proxy, &new).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_frozen_server_is_abandoned() {
    let old = PrivateRedis::start();
    let new = PrivateRedis::start();
    let proxy = Proxy::to(old.port()).await;
    let limiter = RedisRateLimiter::connect(&proxy.url()).await.unwrap();
    acquire(&limiter, "acme", quota(1, 5)).await.unwrap();
    old.pause();
    for _ in 0..5 {
        acquire(&limiter, "acme", quota(1, 5)).await.unwrap_err();
        sleep(PAUSE).await;
    }
    switch(&limiter, &proxy, &new).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn many_requests_make_one_connection_at_a_time() {
    let old = PrivateRedis::start();
    let proxy = Proxy::to(old.port()).await;
    let limiter = Arc::new(limiter(&proxy).await);
    acquire(&limiter, "acme", quota(1, 5)).await.unwrap();
    demote(&old, free_port());
    let (before, start) = (proxy.accepted(), Instant::now());
    while start.elapsed() < 10 * PAUSE {
        let mut herd = JoinSet::new();
        for _ in 0..50 {
            let limiter = Arc::clone(&limiter);
            herd.spawn(async move { acquire(&limiter, "acme", quota(1, 5)).await });
        }
        for answer in herd.join_all().await {
            answer.unwrap_err();
        }
        sleep(Duration::from_millis(1)).await;
    }
    let made = u32::try_from(proxy.accepted() - before).unwrap();
    let most = start.elapsed().div_duration_f64(PAUSE) + 1.0;
    assert!(made >= 2, "{made} connections");
    assert!(f64::from(made) <= most, "{made} connections, {most}");
}

#[tokio::test(flavor = "multi_thread")]
async fn processes_count_locally_without_a_primary() {
    for error in [
        "READONLY You can't write against a read only replica.",
        "ERR Error running script: @user_script: 57: -READONLY You can't write.",
        "MASTERDOWN Link with MASTER is down",
        "LOADING Redis is loading the dataset in memory",
        "NOREPLICAS Not enough good replicas to write.",
        "CLUSTERDOWN Hash slot not served",
        "BUSY Redis is busy running a script.",
        "MISCONF Errors writing to the AOF file: No space left on device",
        "OOM command not allowed when used memory > 'maxmemory'.",
    ] {
        let server = Failing::with(error).await;
        let url = format!("redis://127.0.0.1:{}/", server.port);
        let limiter = RedisRateLimiter::connect(&url).await.unwrap();
        let hour = Quota::per_hour(10, 10).unwrap();
        let failure = acquire(&limiter, "acme", hour).await.unwrap_err();
        assert_eq!(failure.backend(), "redis", "{error}");
        let limiter = limiter.local_fallback(NonZeroU32::new(5).unwrap());
        for admitted in [true, true, false] {
            let decision = acquire(&limiter, "acme", hour).await.unwrap();
            assert_eq!(decision.is_admitted(), admitted, "{error}");
            assert_eq!(decision.limit(), 2, "{error}");
        }
    }
}
