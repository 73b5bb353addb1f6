//! What the server stores, and for how long.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use oauth_dcr::{
    rate_limit::{Quota, RateKey, RateLimiter as _},
    redis::RedisRateLimiter,
    types::SourceNetwork,
};
use private_servers::PrivateRedis;
use redis::Connection;
use tokio::{task::JoinSet, time::sleep};

use crate::{acquire, connection, limiter, number, quota, tenant};

fn keys(connection: &mut Connection) -> Vec<String> {
    let mut keys: Vec<String> = redis::cmd("KEYS").arg("*").query(connection).unwrap();
    keys.sort();
    keys
}

#[tokio::test]
async fn a_key_names_tenant_and_quota() {
    let redis = PrivateRedis::start();
    let mut observer = connection(&redis);
    let limiter = limiter(&redis).await;
    for quota in [Quota::default(), quota(1, 600)] {
        acquire(&limiter, "acme", quota).await.unwrap();
    }
    assert_eq!(
        keys(&mut observer),
        [
            "oauth-dcr:{acme}:rate:1000000000:600",
            "oauth-dcr:{acme}:rate:200000000:5"
        ]
    );
    redis::cmd("FLUSHALL").exec(&mut observer).unwrap();
    let limiter = limiter.key_prefix("staging:dcr");
    acquire(&limiter, "acme", Quota::default()).await.unwrap();
    assert_eq!(keys(&mut observer), ["staging:dcr:{acme}:rate:200000000:5"]);
}

#[tokio::test]
async fn a_key_of_a_source_names_the_source() {
    let redis = PrivateRedis::start();
    let mut observer = connection(&redis);
    let limiter = limiter(&redis).await;
    let (tenant, quota) = (tenant("acme"), Quota::per_hour(2, 3).unwrap());
    for address in [
        "203.0.113.5",
        "::ffff:203.0.113.5",
        "2001:DB8:0:0:1::",
        "2001:db8::2",
        "?",
    ] {
        let source = SourceNetwork::of(address.parse().ok());
        let key = RateKey::Source(&tenant, source);
        limiter.acquire(key, quota).await.unwrap();
    }
    assert_eq!(
        keys(&mut observer),
        [
            "oauth-dcr:{acme}:rate:1800000000000:3:2001:db8::/64",
            "oauth-dcr:{acme}:rate:1800000000000:3:203.0.113.5",
            "oauth-dcr:{acme}:rate:1800000000000:3:unknown",
        ]
    );
    assert_eq!(keyspace(&mut observer), (3, 3), "each key expires");
}

#[tokio::test]
async fn a_key_lives_until_its_bucket_is_full() {
    let redis = PrivateRedis::start();
    let mut observer = connection(&redis);
    let limiter = limiter(&redis).await;
    for taken in 1..=3 {
        let before = server_time(&mut observer);
        acquire(&limiter, "acme", quota(1, 1_000)).await.unwrap();
        let after = server_time(&mut observer);
        let expires: u64 = redis::cmd("PEXPIRETIME")
            .arg("oauth-dcr:{acme}:rate:1000000000:1000")
            .query(&mut observer)
            .unwrap();
        let first = expires - taken * 1_000;
        assert!(first <= after + 1, "{expires} is after {taken} s");
        // The first of these requests set the time to which the other requests add.
        assert!(taken > 1 || first >= before, "{expires} is not before 1 s");
    }
}

/// In milliseconds, rounded down.
fn server_time(connection: &mut Connection) -> u64 {
    let (seconds, micros): (u64, u64) = redis::cmd("TIME").query(connection).unwrap();
    seconds * 1_000 + micros / 1_000
}

/// How many keys there are, and how many of them expire.
fn keyspace(connection: &mut Connection) -> (usize, usize) {
    let info: String = redis::cmd("INFO")
        .arg("keyspace")
        .query(connection)
        .unwrap();
    let Some((_, figures)) = info.split_once("keys=") else {
        return (0, 0);
    };
    let (keys, rest) = figures.split_once(",expires=").unwrap();
    let (expires, _) = rest.split_once(',').unwrap();
    (keys.parse().unwrap(), expires.parse().unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn full_buckets_leave_no_keys() {
    let tenants = number("OAUTH_DCR_KEYS", 20_000);
    let redis = PrivateRedis::start();
    let mut observer = connection(&redis);
    let limiter = Arc::new(limiter(&redis).await);
    let tasks = 100;
    let mut running = JoinSet::new();
    for task in 0..tasks {
        let limiter = Arc::clone(&limiter);
        running.spawn(async move { once_each(&limiter, (task..tenants).step_by(tasks)).await });
    }
    let mut most = 0;
    while running.try_join_next().is_none_or(|_| !running.is_empty()) {
        let (keys, expiring) = keyspace(&mut observer);
        assert_eq!(keys, expiring, "every key expires");
        most = most.max(keys);
        sleep(Duration::from_millis(20)).await;
    }
    assert!(most > tenants / 100, "at most {most} keys were seen");
    let deadline = Instant::now() + Duration::from_mins(1);
    while keyspace(&mut observer) != (0, 0) {
        assert!(Instant::now() < deadline, "{:?}", keyspace(&mut observer));
        sleep(Duration::from_millis(20)).await;
    }
    println!("{tenants} tenants, {most} keys at most, none at the end");
}

/// Takes the single token of each of these tenants. The token comes back within two seconds.
async fn once_each(limiter: &RedisRateLimiter, tenants: impl Iterator<Item = usize>) {
    for tenant in tenants {
        let decision = acquire(limiter, &format!("tenant-{tenant}"), quota(1, 2)).await;
        assert!(decision.unwrap().is_admitted());
    }
}
