//! Calls of the shared limiter's script, with arguments that are made once.

use redis::{RedisResult, Script, aio::ConnectionManager};

/// The bucket of one tenant.
pub struct Baseline {
    script: Script,
    connection: ConnectionManager,
    key: String,
    period: u32,
    rest: (u64, u64),
}

impl Baseline {
    pub fn new(connection: ConnectionManager, tenant: u32, per_second: u32, burst: u32) -> Self {
        const SECOND: u32 = 1_000_000_000;
        let period = SECOND / per_second;
        let rest = u64::from(period) * u64::from(burst - 1);
        Self {
            script: Script::new(include_str!("../../../src/redis/acquire.lua")),
            connection,
            key: format!("oauth-dcr:{{tenant-{tenant}}}:rate:{period}:{burst}"),
            period,
            rest: (rest / u64::from(SECOND), rest % u64::from(SECOND)),
        }
    }

    /// Takes a token, and returns whether there was one.
    pub async fn acquire(&mut self) -> RedisResult<bool> {
        let (seconds, nanoseconds) = self.rest;
        let (admitted, _, _): (bool, u64, u32) = self
            .script
            .key(&self.key)
            .arg(self.period)
            .arg(seconds)
            .arg(nanoseconds)
            .invoke_async(&mut self.connection)
            .await?;
        Ok(admitted)
    }
}
