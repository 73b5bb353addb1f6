use std::{
    mem,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use redis::{
    Client, ConnectionInfo, ProtocolVersion, RedisResult,
    aio::{ConnectionManager, ConnectionManagerConfig},
};

/// One address, at which another server may answer after a failover.
pub(super) struct Server {
    client: Client,
    config: ConnectionManagerConfig,
    manager: Mutex<ConnectionManager>,
}

impl Server {
    /// Connects with the first request.
    pub(super) fn new(client: Client, config: ConnectionManagerConfig) -> RedisResult<Self> {
        let manager = ConnectionManager::new_lazy_with_config(client.clone(), config.clone())?;
        Ok(Self {
            client,
            config,
            manager: Mutex::new(manager),
        })
    }

    pub(super) fn manager(&self) -> ConnectionManager {
        self.lock().clone()
    }

    /// Resolves the address and connects again with the next request. The old connection closes when the
    /// requests that wait for it have ended.
    pub(super) fn connect_anew(&self) -> RedisResult<()> {
        let config = self.config.clone();
        let new = ConnectionManager::new_lazy_with_config(self.client.clone(), config)?;
        let old = mem::replace(&mut *self.lock(), new);
        drop(old);
        Ok(())
    }

    fn lock(&self) -> MutexGuard<'_, ConnectionManager> {
        self.manager.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

pub(super) fn with_our_settings(info: ConnectionInfo) -> ConnectionInfo {
    // By RESP3 the manager learns of a lost connection when it is lost, not by the next request.
    let redis = info.redis_settings().clone();
    let redis = redis.set_protocol(ProtocolVersion::RESP3);
    let tcp = info.tcp_settings().clone().set_nodelay(true);
    // A peer that acknowledges nothing is gone; by itself the system would try for minutes.
    #[cfg(any(target_os = "android", target_os = "fuchsia", target_os = "linux"))]
    let tcp = tcp.set_user_timeout(Duration::from_secs(1));
    info.set_redis_settings(redis).set_tcp_settings(tcp)
}

/// A lost connection is made again in the background, however long that takes, and at the latest 1.3
/// seconds after Redis is back: jitter may double the delay. Callers limit the time that they wait for a reply.
pub(super) fn reconnecting() -> ConnectionManagerConfig {
    ConnectionManagerConfig::new()
        .set_connection_timeout(Some(Duration::from_millis(500)))
        .set_response_timeout(None)
        .set_number_of_retries(usize::MAX)
        .set_min_delay(Duration::from_millis(50))
        .set_max_delay(Duration::from_millis(400))
}
