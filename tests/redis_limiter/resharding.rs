//! A cluster with a slot that moves between servers.

use oauth_dcr::{rate_limit::Quota, redis::RedisRateLimiter};
use private_servers::PrivateRedis;
use redis::{FromRedisValue, cluster::ClusterClient};

use crate::{
    WAIT_LIMIT, acquire, allow,
    cluster::{SLOTS, cluster},
    connection,
};

const TENANT: &str = "acme";

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
        allow(&mut connection(node), "+eval +cluster|slots +ping +asking");
    }
    let url = |node: &PrivateRedis| format!("redis://limiter:pw@127.0.0.1:{}/", node.port());
    let client = ClusterClient::new(nodes.iter().map(url)).unwrap();
    let limiter = RedisRateLimiter::from_cluster(client.get_async_connection().await.unwrap());
    limiter.wait_at_most(WAIT_LIMIT)
}

/// Takes a token of a bucket that is still full.
async fn take(limiter: &RedisRateLimiter, burst: u32) {
    let quota = Quota::per_hour(1, burst).unwrap();
    let decision = acquire(limiter, TENANT, quota).await.unwrap();
    assert_eq!(decision.remaining(), burst - 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_follow_a_slot_that_moves() {
    let nodes = cluster();
    let (slot, owner) = slot(&nodes);
    let (old, new) = (&nodes[owner], &nodes[(owner + 1) % 3]);
    let [old_id, new_id] = [old, new].map(|it| cluster_command::<String>(it, &["MYID"]));
    let keys = |node| cluster_command::<u32>(node, &["COUNTKEYSINSLOT", &slot]);
    let limiter = limiter(&nodes).await;
    take(&limiter, 10).await;
    assert_eq!((keys(old), keys(new)), (1, 0));

    let () = cluster_command(new, &["SETSLOT", &slot, "IMPORTING", &old_id]);
    let () = cluster_command(old, &["SETSLOT", &slot, "MIGRATING", &new_id]);
    take(&limiter, 20).await;
    assert_eq!(
        (keys(old), keys(new)),
        (1, 1),
        "new keys are on the new server"
    );

    redis::cmd("FLUSHALL").exec(&mut connection(old)).unwrap();
    for node in [new, old] {
        let () = cluster_command(node, &["SETSLOT", &slot, "NODE", &new_id]);
    }
    for burst in [30, 40, 50] {
        take(&limiter, burst).await;
    }
    assert_eq!(
        (keys(old), keys(new)),
        (0, 4),
        "all keys are on the new server"
    );
}
