//! The outcomes of requests while the server is gone, and after it is back.
//!
//! Durations are printed; the test only fails if a request hangs.

use std::{
    num::NonZeroU32,
    sync::Arc,
    time::{Duration, Instant},
};

use oauth_dcr::{
    rate_limit::{Quota, RateKey, RateLimiter as _},
    redis::RedisRateLimiter,
    types::SourceNetwork,
};
use private_servers::PrivateRedis;
use redis::{Client, aio::ConnectionManager, cluster::ClusterClient};
use tokio::{task::JoinSet, time::sleep};

use crate::{
    acquire, default_limiter,
    load::{Load, NO_HANG, Seen},
    number, quota, tenant,
};

/// Requests have to succeed this soon after the server is back, on any machine; the aim is 2 s.
const FOUND: Duration = Duration::from_secs(6);

fn outage() -> Duration {
    Duration::from_secs_f64(number("OAUTH_DCR_OUTAGE_SECONDS", 2.0))
}

/// Sends requests while the server goes down and comes back, and checks their outcomes.
async fn run_outage(
    what: &str,
    limiter: RedisRateLimiter,
    redis: &mut PrivateRedis,
    goes: fn(&mut PrivateRedis),
    comes_back: fn(&mut PrivateRedis),
) {
    let limiter = Arc::new(limiter);
    let load = Load::on(&limiter);
    sleep(Duration::from_millis(500)).await;
    goes(redis);
    let gone = Instant::now();
    sleep(outage()).await;
    let returns = Instant::now();
    comes_back(redis);
    let is_back = Instant::now();
    let answered_again = |load: &Load| {
        let seen = load.seen.lock().unwrap();
        seen.iter().any(|it| it.answer.is_ok() && it.end > returns)
    };
    while !answered_again(&load) {
        assert!(
            is_back.elapsed() < FOUND,
            "{what}: it is back, but not found"
        );
        sleep(Duration::from_millis(5)).await;
    }
    sleep(Duration::from_secs(1)).await;
    let settled = Instant::now();
    sleep(Duration::from_millis(500)).await;
    let seen = load.end().await;

    let first = seen
        .iter()
        .filter(|it| it.answer.is_ok() && it.end > returns);
    let first = first.map(|it| it.end).min().unwrap();
    let waited = |it: &Seen| it.end - it.start;
    let longest = seen.iter().map(waited).max().unwrap();
    let failed = seen.iter().filter(|it| it.answer.is_err());
    let long = failed.clone().filter(|it| waited(it).as_millis() >= 100);
    println!(
        "{what}: {} of {} requests failed, {} of them after 100 ms or more; the longest took {longest:?}; \
         first answer {:?} after the return",
        failed.clone().count(),
        seen.len(),
        long.count(),
        first.saturating_duration_since(is_back),
    );
    assert!(longest < NO_HANG, "{what}: {longest:?}");
    for it in failed {
        assert_eq!(it.answer.as_ref().unwrap_err().backend(), "redis");
    }
    let meanwhile = || seen.iter().filter(|it| it.start > gone && it.end < returns);
    assert!(
        meanwhile().count() > 0,
        "{what}: requests were sent meanwhile"
    );
    assert!(
        meanwhile().all(|it| it.answer.is_err()),
        "{what}: no process decided"
    );
    let later = || seen.iter().filter(|it| it.start > settled);
    assert!(later().count() > 0, "{what}: requests were sent later");
    let answered = later().filter(|it| it.answer.is_ok()).count();
    assert!(
        answered * 2 > later().count(),
        "{what}: all is well again, for all but those that the machine held up"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restarted_server_is_found() {
    let mut redis = PrivateRedis::start();
    let limiter = default_limiter(&redis).await;
    run_outage(
        "stopped",
        limiter,
        &mut redis,
        PrivateRedis::stop,
        PrivateRedis::restart,
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_is_found_after_a_crash() {
    let mut redis = PrivateRedis::start();
    let limiter = default_limiter(&redis).await;
    run_outage(
        "killed",
        limiter,
        &mut redis,
        PrivateRedis::kill,
        PrivateRedis::restart,
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thawed_server_is_used_again() {
    let mut redis = PrivateRedis::start();
    let limiter = default_limiter(&redis).await;
    let (pause, resume) = (
        |it: &mut PrivateRedis| it.pause(),
        |it: &mut PrivateRedis| it.resume(),
    );
    run_outage("paused", limiter, &mut redis, pause, resume).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hosts_connection_finds_a_restarted_server() {
    let mut redis = PrivateRedis::start();
    let client = Client::open(redis.url()).unwrap();
    let manager = ConnectionManager::new(client).await.unwrap();
    let limiter = RedisRateLimiter::from_connection_manager(manager);
    run_outage(
        "host's own",
        limiter,
        &mut redis,
        PrivateRedis::stop,
        PrivateRedis::restart,
    )
    .await;
}

#[tokio::test]
async fn a_late_reply_answers_no_other_request() {
    let redis = PrivateRedis::start();
    let limiter = Arc::new(default_limiter(&redis).await);
    let (drained, fresh) = (quota(1, 1), quota(1, 100));
    acquire(&limiter, "drained", drained).await.unwrap();
    redis.pause();
    let mut late = JoinSet::new();
    for _ in 0..30 {
        let limiter = Arc::clone(&limiter);
        late.spawn(async move { acquire(&limiter, "drained", drained).await });
    }
    for answer in late.join_all().await {
        assert_eq!(answer.unwrap_err().backend(), "redis");
    }
    // Now all earlier requests are answered with refusals.
    redis.resume();
    let mut answers = 0;
    for number in 0.. {
        let answer = acquire(&limiter, &format!("fresh-{number}"), fresh).await;
        let Ok(decision) = answer else {
            sleep(Duration::from_millis(10)).await;
            continue;
        };
        assert!(decision.is_admitted(), "{decision:?}");
        assert_eq!(decision.remaining(), 99);
        answers += 1;
        if answers == 100 {
            break;
        }
    }
}

/// How many of 30 requests are admitted, and the limit in their decisions.
async fn admitted(limiter: &RedisRateLimiter, id: &str, quota: Quota) -> (u32, u32) {
    let (mut admitted, mut limit) = (0, 0);
    for _ in 0..30 {
        let decision = acquire(limiter, id, quota).await.unwrap();
        admitted += u32::from(decision.is_admitted());
        limit = decision.limit();
    }
    (admitted, limit)
}

#[tokio::test]
async fn processes_may_count_locally_during_an_outage() {
    let mut redis = PrivateRedis::start();
    let nodes = NonZeroU32::new(3).unwrap();
    let limiter = default_limiter(&redis).await.local_fallback(nodes);
    assert_eq!(admitted(&limiter, "acme", quota(1, 10)).await.1, 10);
    redis.stop();
    for (burst, share) in [(10, 3), (9, 3), (3, 1), (2, 1), (1, 1)] {
        let start = Instant::now();
        let (admitted, limit) =
            admitted(&limiter, &format!("tenant-{burst}"), quota(1, burst)).await;
        let regained = u32::try_from(start.elapsed().as_secs()).unwrap();
        assert_eq!(limit, share);
        assert!(
            (share..=share + regained).contains(&admitted),
            "{admitted} of {burst}"
        );
    }
    redis.restart();
    let deadline = Instant::now() + FOUND;
    while acquire(&limiter, "acme", quota(1, 10))
        .await
        .unwrap()
        .limit()
        != 10
    {
        assert!(Instant::now() < deadline, "the server counts again");
        sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test]
async fn a_source_has_its_share_during_an_outage() {
    let mut redis = PrivateRedis::start();
    let nodes = NonZeroU32::new(3).unwrap();
    let limiter = default_limiter(&redis).await.local_fallback(nodes);
    redis.stop();
    let (tenant, quota) = (tenant("acme"), Quota::per_hour(30, 9).unwrap());
    for address in ["203.0.113.5", "203.0.113.6"] {
        let source = SourceNetwork::of(address.parse().ok());
        let mut admitted = 0;
        for _ in 0..20 {
            let decision = limiter
                .acquire(RateKey::Source(&tenant, source), quota)
                .await;
            admitted += u32::from(decision.unwrap().is_admitted());
        }
        assert_eq!(admitted, 3, "{address}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_cluster_refuses_requests() {
    let mut redis = PrivateRedis::start_with(&[
        "--cluster-enabled",
        "yes",
        "--cluster-port",
        &private_servers::free_port().to_string(),
    ]);
    let mut slots = redis::cmd("CLUSTER");
    slots.arg("ADDSLOTSRANGE").arg(0).arg(16_383);
    slots.exec(&mut crate::connection(&redis)).unwrap();
    let client = ClusterClient::new([redis.url()]).unwrap();
    let limiter = RedisRateLimiter::from_cluster(client.get_async_connection().await.unwrap());
    let deadline = Instant::now() + FOUND;
    while acquire(&limiter, "acme", Quota::default()).await.is_err() {
        assert!(Instant::now() < deadline, "the cluster never serves");
        sleep(Duration::from_millis(20)).await;
    }
    redis.pause();
    for _ in 0..3 {
        let start = Instant::now();
        let error = acquire(&limiter, "acme", Quota::default())
            .await
            .unwrap_err();
        assert_eq!(error.backend(), "redis");
        assert!(start.elapsed() < NO_HANG, "{:?}", start.elapsed());
    }
    redis.resume();
    let deadline = Instant::now() + FOUND;
    while acquire(&limiter, "acme", Quota::default()).await.is_err() {
        assert!(Instant::now() < deadline, "the cluster is not found again");
        sleep(Duration::from_millis(20)).await;
    }
    redis.kill();
    let start = Instant::now();
    acquire(&limiter, "acme", Quota::default())
        .await
        .unwrap_err();
    assert!(start.elapsed() < NO_HANG, "{:?}", start.elapsed());
}
