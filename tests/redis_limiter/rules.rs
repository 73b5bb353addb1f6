//! The rules for every limiter, over each way to a server.

use std::sync::Arc;

use oauth_dcr::{conformance, redis::RedisRateLimiter};
use private_servers::PrivateRedis;
use redis::{Client, aio::ConnectionManager};

use crate::{WAIT_LIMIT, limiter};

#[tokio::test(flavor = "multi_thread")]
async fn a_limiter_by_url_keeps_the_rules() {
    let redis = PrivateRedis::start();
    let limiter = Arc::new(limiter(&redis).await);
    conformance::rate_limiter(limiter).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_limiter_over_a_host_connection_keeps_the_rules() {
    let redis = PrivateRedis::start();
    let client = Client::open(redis.url()).unwrap();
    let manager = ConnectionManager::new(client).await.unwrap();
    let limiter = RedisRateLimiter::from_connection_manager(manager)
        .key_prefix("app:limits")
        .wait_at_most(WAIT_LIMIT);
    conformance::rate_limiter(limiter).await;
}
