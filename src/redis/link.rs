use std::time::Duration;

use redis::{
    Client, ConnectionInfo, ErrorKind, RedisResult, aio::ConnectionManager,
    cluster_async::ClusterConnection,
};
use tokio::time::timeout;

use crate::redis::{
    bucket::Reply,
    call::Call,
    host_manager::HostManager,
    outage::Outage,
    server::{Server, with_our_settings},
    slot::slot_of,
    unanswered::Unanswered,
};

/// How long a request waits for Redis, connecting included, unless the host sets another limit.
pub(super) const TIME_LIMIT: Duration = Duration::from_millis(250);

/// The way to Redis. Each kind sends the requests of many callers over the same few sockets, takes
/// replies in their order, and so drops a reply whose caller has gone.
pub(super) enum Link {
    Server(Server),
    Manager(HostManager),
    /// The host's own, which the host may use for more.
    Cluster(ClusterConnection),
}

impl From<ConnectionManager> for Link {
    fn from(manager: ConnectionManager) -> Self {
        Self::Manager(HostManager::new(manager))
    }
}

impl Link {
    /// A way to the server that `info` names, with the script loaded if the server answers by now; and the
    /// error if it does not answer.
    pub(super) async fn to(info: ConnectionInfo) -> RedisResult<(Self, Option<Unanswered>)> {
        let server = Server::new(Client::open(with_our_settings(info))?);
        let unreached = unreached(server.load_script()).await?;
        Ok((Self::Server(server), unreached))
    }

    pub(super) async fn send(&self, call: &Call) -> RedisResult<Reply> {
        match self {
            Self::Server(server) => server.send(call).await,
            Self::Manager(manager) => manager.send(call).await,
            Self::Cluster(cluster) => settled(call.send_to_cluster(&mut cluster.clone()).await),
        }
    }

    /// The part of Redis that decides on `key`, and that can fail by itself.
    pub(super) fn part(&self, key: &str) -> u16 {
        match self {
            Self::Server(_) | Self::Manager(_) => 0,
            Self::Cluster(_) => slot_of(key),
        }
    }

    /// Does what can end the outage of the part that decides on `key`. A cluster's connection does so by itself.
    pub(super) fn recover(&self, outage: Outage, key: &str) {
        match (self, outage) {
            (Self::Server(server), Outage::Replica | Outage::Doubtful) => server.leave(),
            (Self::Server(server), Outage::Silent) => server.leave_silent(),
            (Self::Manager(manager), Outage::Replica) => manager.leave_replica(key),
            _ => {}
        }
    }
}

/// Why a server is not reached at present; nothing if it is.
///
/// # Errors
/// If it is reached and refuses.
async fn unreached(
    attempt: impl Future<Output = RedisResult<()>>,
) -> RedisResult<Option<Unanswered>> {
    match timeout(TIME_LIMIT, attempt).await {
        Ok(Ok(())) => Ok(None),
        Ok(Err(error)) if Outage::told_by(&error).is_none() => Err(error),
        Ok(Err(error)) => Ok(Some(error.into())),
        Err(_) => Ok(Some(Unanswered::TimedOut(TIME_LIMIT))),
    }
}

/// A slot that is still elsewhere after it was looked for has no server at present.
fn settled(answer: RedisResult<Reply>) -> RedisResult<Reply> {
    match answer {
        Err(error) if error.redirect_node().is_some() => {
            let kind = ErrorKind::ClusterConnectionNotFound;
            Err((kind, "the slot moves between servers").into())
        }
        answer => answer,
    }
}
