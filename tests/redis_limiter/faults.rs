//! Missing scripts, keys of another type, users with few rights, wrong passwords, and servers that
//! start later.

use std::{
    error::Error as _,
    time::{Duration, Instant},
};

use oauth_dcr::{
    MemoryStore, Registrar, RegistrationEndpoint, TenantSettings, rate_limit::Quota,
    redis::RedisRateLimiter,
};
use private_servers::PrivateRedis;
use redis::Connection;

use crate::{acquire, allow, connection, default_limiter, limiter, quota};

/// Well over the timeout of every request, on any machine.
const NO_HANG: Duration = Duration::from_secs(2);

/// How often each command was called, by clients and by the script.
fn calls(connection: &mut Connection) -> Vec<(String, u32)> {
    let info: String = redis::cmd("INFO")
        .arg("commandstats")
        .query(connection)
        .unwrap();
    info.lines()
        .filter_map(|line| {
            let (name, figures) = line.strip_prefix("cmdstat_")?.split_once(":calls=")?;
            let (calls, _) = figures.split_once(',')?;
            Some((name.to_owned(), calls.parse().unwrap()))
        })
        .filter(|(name, _)| !["info", "config|resetstat"].contains(&&**name))
        .collect()
}

fn reset(connection: &mut Connection) {
    redis::cmd("CONFIG")
        .arg("RESETSTAT")
        .exec(connection)
        .unwrap();
}

#[tokio::test]
async fn a_decision_is_one_round_trip() {
    let redis = PrivateRedis::start();
    let limiter = limiter(&redis).await;
    let mut observer = connection(&redis);
    // The first request connects.
    acquire(&limiter, "first", Quota::default()).await.unwrap();
    reset(&mut observer);
    for _ in 0..5 {
        acquire(&limiter, "acme", quota(1, 100)).await.unwrap();
    }
    let mut calls = calls(&mut observer);
    calls.sort();
    let expected = ["evalsha", "get", "set", "time"].map(|name| (name.to_owned(), 5));
    assert_eq!(calls, expected, "`get`, `set` and `time` are the script's");
}

#[tokio::test]
async fn a_missing_script_is_loaded_again() {
    let redis = PrivateRedis::start();
    let limiter = limiter(&redis).await;
    let mut observer = connection(&redis);
    acquire(&limiter, "acme", quota(1, 3)).await.unwrap();
    redis::cmd("SCRIPT")
        .arg("FLUSH")
        .exec(&mut observer)
        .unwrap();
    let decision = acquire(&limiter, "acme", quota(1, 3)).await.unwrap();
    assert!(decision.is_admitted());
    assert_eq!(decision.remaining(), 1, "no token was lost or gained");
}

#[tokio::test]
async fn a_key_of_another_type_becomes_an_empty_bucket() {
    let redis = PrivateRedis::start();
    let limiter = limiter(&redis).await;
    let mut observer = connection(&redis);
    let quota = Quota::per_hour(1, 3).unwrap();
    let key = "oauth-dcr:{acme}:rate:3600000000000:3";
    for values in [["LPUSH", "a"], ["SADD", "a"]] {
        redis::cmd("DEL").arg(key).exec(&mut observer).unwrap();
        let mut write = redis::cmd(values[0]);
        write.arg(key).arg(values[1]).exec(&mut observer).unwrap();
        let decision = acquire(&limiter, "acme", quota).await.unwrap();
        assert!(!decision.is_admitted(), "{values:?}");
        let kind: String = redis::cmd("TYPE").arg(key).query(&mut observer).unwrap();
        assert_eq!(kind, "string", "{values:?}");
        let left: i64 = redis::cmd("PTTL").arg(key).query(&mut observer).unwrap();
        let full = 3 * 3_600_000;
        assert!((full - 60_000..=full + 1).contains(&left), "{left}");
    }
    let other = acquire(&limiter, "other", quota).await;
    assert!(other.unwrap().is_admitted());
}

#[tokio::test]
async fn the_documented_rights_are_enough() {
    let redis = PrivateRedis::start();
    allow(&mut connection(&redis), "");
    let url = format!("redis://limiter:pw@127.0.0.1:{}/", redis.port());
    let limiter = RedisRateLimiter::connect(&url).await.unwrap();
    let limiter = limiter.wait_at_most(Duration::from_secs(20));
    let one = Quota::per_hour(1, 1).unwrap();
    assert!(acquire(&limiter, "acme", one).await.unwrap().is_admitted());
    assert!(!acquire(&limiter, "acme", one).await.unwrap().is_admitted());
    let mut observer = connection(&redis);
    redis::cmd("FLUSHALL").exec(&mut observer).unwrap();
    let mut push = redis::cmd("LPUSH");
    push.arg("oauth-dcr:{acme}:rate:3600000000000:1")
        .arg("mine");
    push.exec(&mut observer).unwrap();
    assert!(!acquire(&limiter, "acme", one).await.unwrap().is_admitted());
}

#[tokio::test]
async fn a_server_that_starts_later_is_found() {
    let mut redis = PrivateRedis::start();
    redis.stop();
    let start = Instant::now();
    let limiter = default_limiter(&redis).await;
    acquire(&limiter, "acme", Quota::default())
        .await
        .unwrap_err();
    assert!(start.elapsed() < NO_HANG, "{:?}", start.elapsed());
    redis.restart();
    eventually_admitted(&limiter).await;
}

#[tokio::test]
async fn a_silent_server_delays_no_request() {
    let redis = PrivateRedis::start();
    redis.pause();
    let start = Instant::now();
    let limiter = default_limiter(&redis).await;
    acquire(&limiter, "acme", Quota::default())
        .await
        .unwrap_err();
    assert!(start.elapsed() < NO_HANG, "{:?}", start.elapsed());
    redis.resume();
    eventually_admitted(&limiter).await;
}

#[tokio::test]
async fn a_restart_between_requests_fails_neither() {
    let mut redis = PrivateRedis::start();
    let limiter = limiter(&redis).await;
    acquire(&limiter, "acme", quota(1, 3)).await.unwrap();
    redis.restart();
    // The limiter reconnects without a request.
    let mut observer = connection(&redis);
    let deadline = Instant::now() + Duration::from_secs(20);
    while clients(&mut observer) < 2 {
        assert!(Instant::now() < deadline, "the limiter does not reconnect");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let decision = acquire(&limiter, "acme", quota(1, 3)).await.unwrap();
    assert_eq!(decision.remaining(), 2, "the server has started empty");
}

/// How many clients are connected, including this test's.
fn clients(connection: &mut Connection) -> usize {
    let list: String = redis::cmd("CLIENT").arg("LIST").query(connection).unwrap();
    list.lines().count()
}

async fn eventually_admitted(limiter: &RedisRateLimiter) {
    for _ in 0..500 {
        if let Ok(decision) = acquire(limiter, "acme", Quota::default()).await {
            assert!(decision.is_admitted());
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("the server is never found");
}

#[tokio::test]
async fn a_wrong_url_or_password_fails_at_once() {
    for url in [
        "",
        "127.0.0.1",
        "http://127.0.0.1/",
        "redis://127.0.0.1:0x1/",
    ] {
        let error = RedisRateLimiter::connect(url).await.unwrap_err();
        assert_eq!(error.backend(), "redis", "{url}");
    }
    let redis = PrivateRedis::start();
    redis::cmd("CONFIG")
        .arg("SET")
        .arg("requirepass")
        .arg("correct horse")
        .exec(&mut connection(&redis))
        .unwrap();
    for user in ["", ":wrong@"] {
        let url = format!("redis://{user}127.0.0.1:{}/", redis.port());
        let error = RedisRateLimiter::connect(&url).await.unwrap_err();
        assert!(error.source().is_some());
        assert!(!format!("{error:?}").contains("wrong@"), "{error:?}");
    }
    let url = format!("redis://:correct%20horse@127.0.0.1:{}/", redis.port());
    let limiter = RedisRateLimiter::connect(&url).await.unwrap();
    assert!(!format!("{limiter:?}").contains("correct"));
    let decision = acquire(&limiter, "acme", Quota::default()).await;
    assert!(decision.unwrap().is_admitted());
}

#[tokio::test]
async fn a_registration_that_cannot_be_counted_is_refused() {
    let mut redis = PrivateRedis::start();
    let registrar = Registrar::builder(MemoryStore::new())
        .tenant(TenantSettings::new().enabled())
        .limiter(limiter(&redis).await.wait_at_most(Duration::from_secs(1)))
        .build()
        .unwrap();
    let endpoint = RegistrationEndpoint::new(registrar);
    let register = async || {
        let request = http::Request::post("/oidc/register")
            .header("content-type", "application/json")
            .body(r#"{"redirect_uris": ["https://app.example.com/callback"]}"#);
        endpoint.respond(request.unwrap()).await
    };
    let registered = register().await;
    assert_eq!(registered.status(), 201);
    assert_eq!(registered.headers()["x-ratelimit-remaining"], "4");
    redis.stop();
    let refused = register().await;
    assert_eq!(refused.status(), 503);
    assert!(refused.headers().contains_key("retry-after"));
}
