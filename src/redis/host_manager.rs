use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use redis::{RedisResult, aio::ConnectionManager, cmd};
use tokio::time::{Instant, timeout};

use crate::redis::{bucket::Reply, call::Call, outage::Outage};

/// From one attempt to close the connection to the next, and the longest time that an attempt takes. So no
/// two attempts overlap.
const PERIOD: Duration = Duration::from_secs(1);

/// The host's own manager, which the host may use for more.
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

    /// Closes the connection to a server that is a replica, so that the manager makes a new one. `key` is one
    /// that this limiter may write to.
    pub(super) fn leave_replica(&self, key: &str) {
        if self.may_attempt(Instant::now()) {
            let key = format!("{key}:never");
            let attempt = hang_up_on_replica(self.manager.clone(), key);
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

/// Lets the server close the connection, since a manager offers no other way. By RESP2 the manager learns
/// of it only when a request fails; this is the `PING`.
async fn hang_up_on_replica(mut manager: ConnectionManager, key: String) {
    // The manager may have connected to another server since. Only a replica refuses this; a primary changes
    // nothing, as nobody writes to this key.
    let mut write = cmd("SET");
    write.arg(key).arg("").arg("XX");
    let answer: RedisResult<()> = write.exec_async(&mut manager).await;
    let is_replica = answer.is_err_and(|error| Outage::told_by(&error) == Some(Outage::Replica));
    if !is_replica {
        return;
    }
    for command in ["QUIT", "PING"] {
        // A server that doesn't answer keeps its connection, and a later failure tries again.
        let _ = manager.send_packed_command(&cmd(command)).await;
    }
}

#[cfg(test)]
mod tests {
    use redis::{Client, aio::ConnectionManagerConfig};

    use super::*;

    #[tokio::test]
    async fn attempts_to_hang_up_are_a_second_apart() {
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
