//! A cluster with one dead shard.

use std::{
    net::{Ipv4Addr, TcpListener},
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use oauth_dcr::redis::RedisRateLimiter;
use private_servers::PrivateRedis;
use redis::cluster::ClusterClient;
use tokio::time::sleep;

use crate::{
    acquire,
    cluster::{SLOTS, cluster},
    connection,
    load::{Load, NO_HANG, Seen, TENANTS},
    quota,
    stalls::Stalls,
};

/// The shard that dies.
const DEAD: usize = 1;

const OUTAGE: Duration = Duration::from_secs(3);

/// The time after the death of a shard in which requests to other shards may still fail.
const SETTLED: Duration = Duration::from_secs(1);

/// A shard that is back serves again within this time; the aim is 2 s.
const FOUND: Duration = Duration::from_secs(6);

/// The shard of each tenant of the load.
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

/// The times of the events.
struct Times {
    gone: Instant,
    returns: Instant,
    found: Duration,
    settled: Instant,
}

/// Sends requests while one shard goes down and comes back, and checks the outcomes for tenants of
/// each shard.
async fn run_outage(
    what: &str,
    limiter: RedisRateLimiter,
    mut nodes: Vec<PrivateRedis>,
    goes: impl FnOnce(&mut PrivateRedis),
    comes_back: impl FnOnce(&mut PrivateRedis),
) {
    let shards = shards(&nodes[0]);
    let is_dead = |it: &Seen| shards[it.tenant] == DEAD;
    let stalls = Stalls::of(&[&nodes[0], &nodes[2]]);
    let load = Load::on(&Arc::new(limiter));
    sleep(Duration::from_millis(500)).await;
    goes(&mut nodes[DEAD]);
    let gone = Instant::now();
    sleep(OUTAGE).await;
    let returns = Instant::now();
    comes_back(&mut nodes[DEAD]);
    let is_back = Instant::now();
    let is_found = |it: &Seen| is_dead(it) && it.start > is_back && it.answer.is_ok();
    while !load.seen.lock().unwrap().iter().any(is_found) {
        assert!(is_back.elapsed() < FOUND, "{what}: the shard is not found");
        sleep(Duration::from_millis(5)).await;
    }
    let found = is_back.elapsed();
    sleep(Duration::from_secs(2)).await;
    let settled = Instant::now();
    sleep(Duration::from_secs(1)).await;
    let times = Times {
        gone,
        returns,
        found,
        settled,
    };
    let (dead, healthy): (Vec<_>, Vec<_>) = load.end().await.into_iter().partition(is_dead);
    check_healthy(what, &healthy, &times, &stalls);
    check_dead(what, &dead, &times, &stalls);
}

fn failed(seen: &Seen) -> bool {
    seen.answer.is_err()
}

fn longest<'a>(seen: impl Iterator<Item = &'a Seen>) -> Duration {
    seen.map(|it| it.end - it.start).max().unwrap()
}

fn check_healthy(what: &str, seen: &[Seen], times: &Times, stalls: &Stalls) {
    let later = || seen.iter().filter(|it| it.start > times.gone + SETTLED);
    let fault = |it: &&Seen| failed(it) && !stalls.excuse(it);
    let (failures, count) = (later().filter(fault).count(), later().count());
    println!(
        "{what}: {failures} of {count} requests to other shards failed, {} in all; the longest took {:?}",
        seen.iter().filter(|it| failed(it)).count(),
        longest(later()),
    );
    let answered = later().filter(|it| !failed(it)).count();
    assert!(answered > 100, "{what}: {answered} were answered");
    assert_eq!(failures, 0, "{what}");
}

fn check_dead(what: &str, seen: &[Seen], times: &Times, stalls: &Stalls) {
    let after = || seen.iter().filter(|it| it.start > times.gone);
    let longest = longest(after());
    println!(
        "{what}: the longest request to the dead shard took {longest:?}; it was found after {:?}",
        times.found,
    );
    assert!(longest < NO_HANG, "{what}: {longest:?}");
    let mut meanwhile = after().filter(|it| it.end < times.returns);
    assert!(meanwhile.all(|it| it.answer.is_err()), "{what}");
    let later = || seen.iter().filter(|it| it.start > times.settled);
    assert!(later().count() > 10, "{what}");
    let fault = |it: &&Seen| failed(it) && !stalls.excuse(it);
    assert_eq!(later().filter(fault).count(), 0, "{what}");
}

async fn limiter(nodes: &[PrivateRedis]) -> RedisRateLimiter {
    let client = ClusterClient::new(nodes.iter().map(PrivateRedis::url)).unwrap();
    RedisRateLimiter::from_cluster(client.get_async_connection().await.unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_frozen_shard_stops_only_its_own_tenants() {
    let nodes = cluster();
    let limiter = limiter(&nodes).await;
    let pause = |it: &mut PrivateRedis| it.pause();
    let resume = |it: &mut PrivateRedis| it.resume();
    run_outage("paused", limiter, nodes, pause, resume).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crashed_shard_stops_only_its_own_tenants() {
    let nodes = cluster();
    let limiter = limiter(&nodes).await;
    let (kill, restart) = (PrivateRedis::kill, PrivateRedis::restart);
    run_outage("killed", limiter, nodes, kill, restart).await;
}

/// A limiter with the time limits that the documentation of `from_cluster` recommends.
async fn recommended_limiter(nodes: &[PrivateRedis]) -> RedisRateLimiter {
    let client = ClusterClient::builder(nodes.iter().map(PrivateRedis::url))
        .connection_timeout(Duration::from_millis(50))
        .response_timeout(Duration::from_millis(100))
        .overall_response_timeout(None)
        .build()
        .unwrap();
    RedisRateLimiter::from_cluster(client.get_async_connection().await.unwrap())
}

/// New connections to the shard are never answered, as if its machine were gone.
#[tokio::test(flavor = "multi_thread")]
async fn an_unreachable_shard_stops_only_its_own_tenants() {
    let nodes = cluster();
    let limiter = recommended_limiter(&nodes).await;
    let silence = Mutex::new(None);
    let goes = |it: &mut PrivateRedis| {
        it.kill();
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, it.port()));
        *silence.lock().unwrap() = Some(listener.unwrap());
    };
    let comes_back = |it: &mut PrivateRedis| {
        silence.lock().unwrap().take();
        it.restart();
    };
    run_outage("unreachable", limiter, nodes, goes, comes_back).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_script_is_loaded_while_a_shard_is_dead() {
    let nodes = cluster();
    let shards = shards(&nodes[0]);
    let limiter = limiter(&nodes).await.wait_at_most(Duration::from_secs(1));
    nodes[DEAD].pause();
    for (number, _) in shards.iter().enumerate().filter(|&(_, &it)| it != DEAD) {
        let id = format!("tenant-{number}");
        acquire(&limiter, &id, quota(1, 5)).await.unwrap();
    }
}
