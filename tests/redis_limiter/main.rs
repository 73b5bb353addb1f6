//! The limiter on Redis, on servers that each test starts and ends itself.
#![expect(
    clippy::disallowed_methods,
    reason = "what is tested here takes time from a server and from the operating system"
)]
#![expect(
    clippy::print_stdout,
    reason = "figures are for who asks for them, and a worker speaks so to the test"
)]

mod bucket;
mod cluster;
mod connections;
mod failover;
mod faults;
mod keys;
mod load;
mod outage;
mod processes;
mod proxy;
mod resharding;
mod rules;
mod shards;
mod stalls;

/// The items of the crate that `bucket` takes from the crate's own module of this name.
mod rate_limit {
    pub(crate) use oauth_dcr::rate_limit::{Quota, RateDecision};
}

use std::{env, time::Duration};

use oauth_dcr::{
    BackendError, TenantId,
    rate_limit::{Quota, RateDecision, RateKey, RateLimiter as _},
    redis::RedisRateLimiter,
};
use private_servers::PrivateRedis;
use redis::{Client, Connection};

fn tenant(id: &str) -> TenantId {
    TenantId::parse(id).unwrap()
}

fn quota(per_second: u32, burst: u32) -> Quota {
    Quota::new(per_second, burst).unwrap()
}

/// A limiter with its default time limit.
async fn default_limiter(redis: &PrivateRedis) -> RedisRateLimiter {
    RedisRateLimiter::connect(&redis.url()).await.unwrap()
}

/// A limiter that waits long enough for any machine.
async fn limiter(redis: &PrivateRedis) -> RedisRateLimiter {
    default_limiter(redis).await.wait_at_most(WAIT_LIMIT)
}

const WAIT_LIMIT: Duration = Duration::from_secs(20);

async fn acquire(
    limiter: &RedisRateLimiter,
    id: &str,
    quota: Quota,
) -> Result<RateDecision, BackendError> {
    limiter.acquire(RateKey::Tenant(&tenant(id)), quota).await
}

/// A connection that bypasses the limiter.
fn connection(redis: &PrivateRedis) -> Connection {
    Client::open(redis.url()).unwrap().get_connection().unwrap()
}

/// Creates the user `limiter` with the rights that the limiter needs and these further rights.
fn allow(connection: &mut Connection, more: &str) {
    let rights = "on >pw ~oauth-dcr:* +evalsha +script|load +get +set +time";
    let mut user = redis::cmd("ACL");
    user.arg("SETUSER").arg("limiter");
    for right in rights.split(' ').chain(more.split_whitespace()) {
        user.arg(right);
    }
    user.exec(connection).unwrap();
}

/// The number in the environment variable `name`, or the usual number.
fn number<T: std::str::FromStr>(name: &str, usual: T) -> T {
    let Ok(text) = env::var(name) else {
        return usual;
    };
    let number = text.parse();
    number.unwrap_or_else(|_| panic!("{name} is no number"))
}
