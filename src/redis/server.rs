use std::{
    mem,
    sync::{Mutex, MutexGuard, PoisonError},
};

use redis::{Client, RedisResult, aio::ConnectionManager, aio::ConnectionManagerConfig};

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
