use redis::{
    Cmd, RedisError, RedisResult, Script, ServerErrorKind, aio::ConnectionLike,
    cluster_async::ClusterConnection, cmd,
};

use crate::redis::bucket::{Bucket, Reply};

const TEXT: &str = include_str!("acquire.lua");

/// The script that takes a token from a bucket.
#[derive(Debug)]
pub(super) struct AcquireScript(Script);

impl AcquireScript {
    pub(super) fn new() -> Self {
        Self(Script::new(TEXT))
    }

    /// The call that takes a token from the bucket with this `key`.
    pub(super) fn call(&self, key: String, bucket: Bucket) -> Call {
        let command = command("EVALSHA", self.0.get_hash(), &key, bucket);
        Call {
            key,
            bucket,
            command,
        }
    }
}

fn command(name: &str, script: &str, key: &str, bucket: Bucket) -> Cmd {
    let mut command = cmd(name);
    command.arg(script).arg(1).arg(key);
    command.arg(bucket.period);
    command.arg(bucket.rest.as_secs());
    command.arg(bucket.rest.subsec_nanos());
    command
}

/// The command that loads the script, so that a server knows it by its hash.
pub(super) fn load() -> Cmd {
    let mut load = cmd("SCRIPT");
    load.arg("LOAD").arg(TEXT);
    load
}

/// A call of the script.
pub(super) struct Call {
    pub(super) key: String,
    bucket: Bucket,
    command: Cmd,
}

impl Call {
    /// Sends the call to a single server. Loads the script if the server doesn't know it.
    pub(super) async fn send(&self, connection: &mut impl ConnectionLike) -> RedisResult<Reply> {
        match self.command.query_async(connection).await {
            Err(error) if lacks_script(&error) => {
                load().exec_async(connection).await?;
                self.command.query_async(connection).await
            }
            answer => answer,
        }
    }

    /// Sends the call to the server of a cluster that has the key. If the server doesn't know the script, sends the text
    /// of the script with the call.
    ///
    /// `SCRIPT LOAD` is not used here: it can't follow a slot that moves, and the connection would send it to all
    /// servers, and wait for dead servers.
    pub(super) async fn send_to_cluster(
        &self,
        cluster: &mut ClusterConnection,
    ) -> RedisResult<Reply> {
        match self.command.query_async(cluster).await {
            Err(error) if lacks_script(&error) => {
                let with_text = command("EVAL", TEXT, &self.key, self.bucket);
                with_text.query_async(cluster).await
            }
            answer => answer,
        }
    }
}

/// Whether the server doesn't know the script.
fn lacks_script(error: &RedisError) -> bool {
    error.kind() == ServerErrorKind::NoScript.into()
}
