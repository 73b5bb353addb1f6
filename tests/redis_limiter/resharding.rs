//! A cluster whose slots move between servers.

use std::time::{Duration, Instant};

use oauth_dcr::{rate_limit::Quota, redis::RedisRateLimiter};
use redis::FromRedisValue;
use tokio::time::sleep;

use crate::{
    acquire, allow,
    cluster::{SLOTS, await_cluster_of, cluster_with, meet, node},
    connection,
    load::NO_HANG,
    private_redis::PrivateRedis,
};

const TENANT: &str = "acme";

/// Longer than servers take to find that one of them is dead.
const ELECTED: Duration = Duration::from_mins(1);

/// From the election to the first decision of the new primary; the aim is 2 s.
const FOUND: Duration = Duration::from_secs(6);

fn cluster_command<T: FromRedisValue>(node: &PrivateRedis, words: &[&str]) -> T {
    let mut command = redis::cmd("CLUSTER");
    command.arg(words).query(&mut connection(node)).unwrap()
}

/// The slot of the tenant, and the number of its server in a new cluster.
fn slot(nodes: &[PrivateRedis]) -> (String, usize) {
    let slot: u32 = cluster_command(&nodes[0], &["KEYSLOT", TENANT]);
    let owner = (0..3).find(|number| slot < (number + 1) * SLOTS / 3);
    (slot.to_string(), owner.unwrap().try_into().unwrap())
}

/// A limiter with the documented rights.
async fn limiter(nodes: &[PrivateRedis]) -> RedisRateLimiter {
    for node in nodes {
        allow(&mut connection(node), "+cluster|slots +asking");
    }
    let url = |node: &PrivateRedis| format!("redis://limiter:pw@127.0.0.1:{}/", node.port());
    let urls = nodes.iter().map(url);
    let limiter = RedisRateLimiter::connect_cluster(urls).await.unwrap();
    limiter.wait_at_most(Duration::from_secs(1))
}

/// Takes a token of a bucket that is still full.
async fn take(limiter: &RedisRateLimiter, burst: u32) {
    let quota = Quota::per_hour(1, burst).unwrap();
    let decision = acquire(limiter, TENANT, quota).await.unwrap();
    assert_eq!(decision.remaining(), burst - 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_follow_a_slot_that_moves() {
    let nodes = cluster_with(&[]);
    let (slot, owner) = slot(&nodes);
    let (old, new) = (&nodes[owner], &nodes[(owner + 1) % 3]);
    let [old_id, new_id] = [old, new].map(|it| cluster_command::<String>(it, &["MYID"]));
    let kept = |node| cluster_command::<u32>(node, &["COUNTKEYSINSLOT", &slot]);
    let limiter = limiter(&nodes).await;
    take(&limiter, 10).await;
    assert_eq!((kept(old), kept(new)), (1, 0));

    let () = cluster_command(new, &["SETSLOT", &slot, "IMPORTING", &old_id]);
    let () = cluster_command(old, &["SETSLOT", &slot, "MIGRATING", &new_id]);
    take(&limiter, 20).await;
    assert_eq!(
        (kept(old), kept(new)),
        (1, 1),
        "new keys are at the new one"
    );

    redis::cmd("FLUSHALL").exec(&mut connection(old)).unwrap();
    for node in [new, old] {
        let () = cluster_command(node, &["SETSLOT", &slot, "NODE", &new_id]);
    }
    for burst in [30, 40, 50] {
        take(&limiter, burst).await;
    }
    assert_eq!(
        (kept(old), kept(new)),
        (0, 4),
        "all keys are at the new one"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replica_that_is_elected_is_found() {
    let options = ["--cluster-node-timeout", "1000"];
    let options = [&options[..], &["--cluster-require-full-coverage", "no"]].concat();
    let mut nodes = cluster_with(&options);
    let (slot, owner) = slot(&nodes);
    let replica = node(&options);
    meet(&replica, &nodes[0]);
    nodes.push(replica);
    await_cluster_of(&nodes);
    let id: String = cluster_command(&nodes[owner], &["MYID"]);
    let () = cluster_command(&nodes[3], &["REPLICATE", &id]);
    let limiter = limiter(&nodes).await;
    take(&limiter, 10).await;
    await_replication(&nodes[3]).await;

    nodes[owner].pause();
    let deadline = Instant::now() + ELECTED;
    while role(&nodes[3]) != "master" {
        assert!(Instant::now() < deadline, "nobody elects it");
        let quota = Quota::per_hour(1, 20).unwrap();
        let start = Instant::now();
        let _ = acquire(&limiter, TENANT, quota).await;
        assert!(start.elapsed() < NO_HANG, "{:?}", start.elapsed());
    }
    let elected = Instant::now();
    let quota = Quota::per_hour(1, 30).unwrap();
    while acquire(&limiter, TENANT, quota).await.is_err() {
        assert!(elected.elapsed() < FOUND, "it is not found");
        sleep(Duration::from_millis(5)).await;
    }
    println!("found {:?} after its election", elected.elapsed());

    nodes[owner].resume();
    for burst in 100..200 {
        take(&limiter, burst).await;
    }
    let kept: u32 = cluster_command(&nodes[3], &["COUNTKEYSINSLOT", &slot]);
    assert!(kept >= 101, "the new primary has counted all, not {kept}");
}

fn role(node: &PrivateRedis) -> String {
    let role = redis::cmd("ROLE").query(&mut connection(node));
    let role: Vec<redis::Value> = role.unwrap();
    redis::from_redis_value(role[0].clone()).unwrap()
}

/// Waits until the replica has what its primary has.
async fn await_replication(replica: &PrivateRedis) {
    let deadline = Instant::now() + ELECTED;
    loop {
        let keys: u32 = redis::cmd("DBSIZE")
            .query(&mut connection(replica))
            .unwrap();
        if keys > 0 {
            return;
        }
        assert!(Instant::now() < deadline, "it copies nothing");
        sleep(Duration::from_millis(20)).await;
    }
}
