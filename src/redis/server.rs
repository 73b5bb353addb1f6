use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::Duration,
};

use redis::{
    Client, ConnectionInfo, ProtocolVersion, RedisResult,
    aio::{ConnectionManager, ConnectionManagerConfig},
};

use crate::redis::{bucket::Reply, call::Call};

/// One address, at which another server may answer after a failover.
pub(super) struct Server {
    client: Client,
    config: ConnectionManagerConfig,
    way: Mutex<Way>,
}

#[derive(Clone)]
struct Way {
    manager: ConnectionManager,
    has_answered: Arc<AtomicBool>,
}

impl Server {
    /// Connects with the first request.
    pub(super) fn new(client: Client, config: ConnectionManagerConfig) -> RedisResult<Self> {
        let way = Mutex::new(Way::new(&client, &config)?);
        Ok(Self {
            client,
            config,
            way,
        })
    }

    pub(super) async fn send(&self, call: &Call) -> RedisResult<Reply> {
        let mut way = self.lock().clone();
        let reply = call.send(&mut way.manager).await;
        if reply.is_ok() {
            way.has_answered.store(true, Relaxed);
        }
        reply
    }

    /// Resolves the address and connects again with the next request. The old connection closes when the
    /// requests that wait for it have ended.
    pub(super) fn connect_anew(&self) {
        // If it fails, the old connection is asked again.
        if let Ok(new) = Way::new(&self.client, &self.config) {
            *self.lock() = new;
        }
    }

    /// The same, if the connection has answered before. Otherwise it is still being made, and a new one
    /// would be no faster.
    pub(super) fn leave_silent(&self) {
        let has_answered = self.lock().has_answered.load(Relaxed);
        if has_answered {
            self.connect_anew();
        }
    }

    fn lock(&self) -> MutexGuard<'_, Way> {
        self.way.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Way {
    fn new(client: &Client, config: &ConnectionManagerConfig) -> RedisResult<Self> {
        let manager = ConnectionManager::new_lazy_with_config(client.clone(), config.clone())?;
        let has_answered = Arc::default();
        Ok(Self {
            manager,
            has_answered,
        })
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

/// A lost connection is made again in the background, however long that takes, and at the latest 0.9
/// seconds after Redis is back: jitter may double the delay. Callers limit the time that they wait for a reply.
pub(super) fn reconnecting() -> ConnectionManagerConfig {
    ConnectionManagerConfig::new()
        .set_connection_timeout(Some(Duration::from_millis(500)))
        .set_response_timeout(None)
        .set_number_of_retries(usize::MAX)
        .set_min_delay(Duration::from_millis(50))
        .set_max_delay(Duration::from_millis(200))
}
