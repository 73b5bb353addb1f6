use redis::{Cmd, RedisError, RedisResult, Script, ServerErrorKind, aio::ConnectionLike, cmd};

use crate::redis::bucket::{Bucket, Reply};

const TEXT: &str = include_str!("acquire.lua");

/// The script that takes a token from a bucket.
#[derive(Debug)]
pub(super) struct AcquireScript(Script);

impl AcquireScript {
    pub(super) fn new() -> Self {
        Self(Script::new(TEXT))
    }

    /// Takes a token from the bucket that is kept under `key`.
    pub(super) fn call(&self, key: String, bucket: Bucket) -> Call {
        let mut command = cmd("EVALSHA");
        command.arg(self.0.get_hash()).arg(1).arg(&key);
        command.arg(bucket.period);
        command.arg(bucket.rest.as_secs());
        command.arg(bucket.rest.subsec_nanos());
        Call { key, command }
    }
}

/// Loads the script, so that a server knows it by its hash.
pub(super) fn load() -> Cmd {
    let mut load = cmd("SCRIPT");
    load.arg("LOAD").arg(TEXT);
    load
}

/// One call of the script.
pub(super) struct Call {
    pub(super) key: String,
    pub(super) command: Cmd,
}

impl Call {
    /// Sends it to a single server, and loads the script if the server doesn't know it.
    pub(super) async fn send(&self, connection: &mut impl ConnectionLike) -> RedisResult<Reply> {
        match self.command.query_async(connection).await {
            Err(error) if lacks_script(&error) => {
                load().exec_async(connection).await?;
                self.command.query_async(connection).await
            }
            answer => answer,
        }
    }
}

/// Whether the server doesn't know the script.
pub(super) fn lacks_script(error: &RedisError) -> bool {
    error.kind() == ServerErrorKind::NoScript.into()
}
