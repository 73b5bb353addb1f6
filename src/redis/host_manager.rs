use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use redis::{RedisResult, aio::ConnectionManager, cmd};
use tokio::time::{Instant, timeout};

use crate::redis::{bucket::Reply, call::Call, outage::Outage};

/// The time between two attempts to close the connection, and the longest time that an attempt takes. So attempts never
/// overlap.
const PERIOD: Duration = Duration::from_secs(1);

/// A connection manager of the host, which the host may also use for other requests.
pub(super) struct HostManager {
    manager: ConnectionManager,
    last_attempt: Mutex<Option<Instant>>,
}

impl HostManager {
    pub(super) fn new(manager: ConnectionManager) -> Self {
        let last_attempt = Mutex::default();
        Self {
            manager,
            last_attempt,
        }
    }

    pub(super) async fn send(&self, call: &Call) -> RedisResult<Reply> {
        call.send(&mut self.manager.clone()).await
    }

    /// Closes the connection to a server that is a replica, so that the manager opens a new one. `key` is a key that this
    /// limiter may write to.
    pub(super) fn leave_replica(&self, key: &str) {
        if self.may_attempt(Instant::now()) {
            let key = format!("{key}:never");
            let attempt = disconnect_from_replica(self.manager.clone(), key);
            tokio::spawn(timeout(PERIOD, attempt));
        }
    }

    fn may_attempt(&self, now: Instant) -> bool {
        let last = self.last_attempt.lock();
        let mut last = last.unwrap_or_else(PoisonError::into_inner);
        let is_early = last.is_some_and(|last| now.saturating_duration_since(last) < PERIOD);
        if !is_early {
            *last = Some(now);
        }
        !is_early
    }
}

/// Lets the server close the connection, because a manager has no method for this. With RESP2, the manager notices it only
/// when a request fails, so this sends a `PING`.
async fn disconnect_from_replica(mut manager: ConnectionManager, key: String) {
    // The manager may have connected to another server in the meantime. Only a replica refuses this write. A primary
    // changes nothing, because the key never exists.
    let mut write = cmd("SET");
    write.arg(key).arg("").arg("XX");
    let answer: RedisResult<()> = write.exec_async(&mut manager).await;
    let is_replica = answer.is_err_and(|error| Outage::from_error(&error) == Some(Outage::Replica));
    if !is_replica {
        return;
    }
    for command in ["QUIT", "PING"] {
        // If the server doesn't answer, the connection stays, and the next failure tries again.
        let _ = manager.send_packed_command(&cmd(command)).await;
    }
}

#[cfg(test)]
mod tests {
    use redis::{Client, aio::ConnectionManagerConfig};

    use super::*;

    #[tokio::test]
    async fn attempts_to_disconnect_are_a_second_apart() {
        let client = Client::open("redis://127.0.0.1:1/").unwrap();
        let manager =
            ConnectionManager::new_lazy_with_config(client, ConnectionManagerConfig::new());
        let (host, start) = (HostManager::new(manager.unwrap()), Instant::now());
        assert!(host.may_attempt(start));
        assert!(!host.may_attempt(start + PERIOD - Duration::from_nanos(1)));
        assert!(host.may_attempt(start + PERIOD));
        assert!(!host.may_attempt(start + PERIOD));
    }
}
