//! A cluster with one dead shard.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use oauth_dcr::redis::RedisRateLimiter;
use redis::cluster::ClusterClient;
use tokio::time::sleep;

use crate::{
    acquire,
    cluster::{SLOTS, cluster_with},
    connection,
    load::{Load, NO_HANG, Seen, TENANTS},
    private_redis::PrivateRedis,
    quota,
};

/// The shard that dies.
const DEAD: usize = 1;

/// From the death of a shard to the moment at which the others feel nothing of it.
const SETTLED: Duration = Duration::from_secs(1);

/// A shard that is back serves by then; the aim is 2 s.
const FOUND: Duration = Duration::from_secs(6);

/// The shard that each tenant of the load is in.
fn shards(node: &PrivateRedis) -> Vec<usize> {
    let mut connection = connection(node);
    let shard = |number| {
        let mut slot = redis::cmd("CLUSTER");
        slot.arg("KEYSLOT").arg(format!("tenant-{number}"));
        let slot: u32 = slot.query(&mut connection).unwrap();
        let shard = (0..3).find(|number| slot < (number + 1) * SLOTS / 3);
        usize::try_from(shard.unwrap()).unwrap()
    };
    (0..TENANTS).map(shard).collect()
}

/// Sends requests while one shard goes and comes back, and looks at what tenants of each shard saw.
async fn survive(
    what: &str,
    limiter: RedisRateLimiter,
    mut nodes: Vec<PrivateRedis>,
    goes: fn(&mut PrivateRedis),
    comes_back: fn(&mut PrivateRedis),
) {
    let shards = shards(&nodes[0]);
    let is_dead = |it: &&Seen| shards[it.tenant] == DEAD;
    let limiter = Arc::new(limiter);
    let load = Load::on(&limiter);
    sleep(Duration::from_millis(500)).await;
    goes(&mut nodes[DEAD]);
    let gone = Instant::now();
    sleep(Duration::from_secs(4)).await;
    let returns = Instant::now();
    comes_back(&mut nodes[DEAD]);
    let is_back = Instant::now();
    let answered = |load: &Load| {
        let seen = load.seen.lock().unwrap();
        let mut later = seen.iter().filter(|it| it.start > is_back);
        later.any(|it| is_dead(&it) && it.answer.is_ok())
    };
    while !answered(&load) {
        assert!(is_back.elapsed() < FOUND, "{what}: it is not found");
        sleep(Duration::from_millis(5)).await;
    }
    let found = is_back.elapsed();
    sleep(Duration::from_secs(2)).await;
    let settled = Instant::now();
    sleep(Duration::from_secs(1)).await;
    let seen = load.end().await;

    let failed = |it: &&Seen| it.answer.is_err();
    let waited = |it: &Seen| it.end - it.start;
    let healthy = || {
        seen.iter()
            .filter(|it| !is_dead(it) && it.start > gone + SETTLED)
    };
    let of_dead = || seen.iter().filter(is_dead).filter(|it| it.start > gone);
    println!(
        "{what}: healthy: {} of {} failed, {} before, longest {:?}; dead: longest {:?}; found after {found:?}",
        healthy().filter(failed).count(),
        healthy().count(),
        seen.iter().filter(|it| !is_dead(it)).filter(failed).count(),
        healthy().map(waited).max().unwrap(),
        of_dead().map(waited).max().unwrap(),
    );
    assert_eq!(healthy().filter(failed).count(), 0, "{what}");
    assert!(healthy().count() > 100, "{what}");
    assert!(of_dead().all(|it| waited(it) < NO_HANG), "{what}");
    let mut meanwhile = of_dead().filter(|it| it.end < returns);
    assert!(meanwhile.all(|it| it.answer.is_err()), "{what}");
    let later = || of_dead().filter(|it| it.start > settled);
    assert!(later().count() > 10, "{what}");
    assert_eq!(later().filter(failed).count(), 0, "{what}");
}

async fn host_limiter(nodes: &[PrivateRedis]) -> RedisRateLimiter {
    let client = ClusterClient::new(nodes.iter().map(PrivateRedis::url)).unwrap();
    RedisRateLimiter::from_cluster(client.get_async_connection().await.unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shard_that_stands_still_stops_its_own_tenants_alone() {
    let nodes = cluster_with(&[]);
    let limiter = host_limiter(&nodes).await;
    let (pause, resume) = (
        |it: &mut PrivateRedis| it.pause(),
        |it: &mut PrivateRedis| it.resume(),
    );
    survive("paused", limiter, nodes, pause, resume).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shard_that_crashed_stops_its_own_tenants_alone() {
    let nodes = cluster_with(&[]);
    let limiter = host_limiter(&nodes).await;
    survive(
        "killed",
        limiter,
        nodes,
        PrivateRedis::kill,
        PrivateRedis::restart,
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_script_is_loaded_while_a_shard_is_dead() {
    let nodes = cluster_with(&[]);
    let limiter = host_limiter(&nodes).await;
    let shards = shards(&nodes[0]);
    nodes[DEAD].pause();
    for (number, _) in shards.iter().enumerate().filter(|&(_, &it)| it != DEAD) {
        let id = format!("tenant-{number}");
        acquire(&limiter, &id, quota(1, 5)).await.unwrap();
    }
}
