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

/// How long a request waits for Redis, including the time to connect, unless the host sets another limit.
pub(super) const TIME_LIMIT: Duration = Duration::from_millis(250);

/// A connection to Redis. Each kind sends the requests of many callers over the same few sockets, and matches replies to
/// requests by their order. So the reply to a caller that has gone is dropped.
pub(super) enum Link {
    Server(Server),
    Manager(HostManager),
    /// A connection of the host, which the host may also use for other requests.
    Cluster(ClusterConnection),
}

impl From<ConnectionManager> for Link {
    fn from(manager: ConnectionManager) -> Self {
        Self::Manager(HostManager::new(manager))
    }
}

impl Link {
    /// Connects to the server that `info` names, and loads the script. Also returns the reason if the server can't be
    /// reached yet.
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

    /// The part of Redis that has `key`. A part can fail independently of other parts.
    pub(super) fn part(&self, key: &str) -> u16 {
        match self {
            Self::Server(_) | Self::Manager(_) => 0,
            Self::Cluster(_) => slot_of(key),
        }
    }

    /// Tries to end the outage of the part that has `key`. A cluster's connection does this by itself.
    pub(super) fn recover(&self, outage: Outage, key: &str) {
        match (self, outage) {
            (Self::Server(server), Outage::Replica | Outage::Doubtful) => server.leave(),
            (Self::Server(server), Outage::Silent) => server.leave_silent(),
            (Self::Manager(manager), Outage::Replica) => manager.leave_replica(key),
            _ => {}
        }
    }
}

/// Why a server can't be reached now. `None` if it can.
///
/// # Errors
/// The error of a server that is reached and refuses the request.
async fn unreached(
    attempt: impl Future<Output = RedisResult<()>>,
) -> RedisResult<Option<Unanswered>> {
    match timeout(TIME_LIMIT, attempt).await {
        Ok(Ok(())) => Ok(None),
        Ok(Err(error)) if Outage::from_error(&error).is_none() => Err(error),
        Ok(Err(error)) => Ok(Some(error.into())),
        Err(_) => Ok(Some(Unanswered::TimedOut(TIME_LIMIT))),
    }
}

/// Turns a redirection into an outage: the connection has already followed redirections, so the slot has no server now.
fn settled(answer: RedisResult<Reply>) -> RedisResult<Reply> {
    match answer {
        Err(error) if error.redirect_node().is_some() => {
            let kind = ErrorKind::ClusterConnectionNotFound;
            Err((kind, "the slot moves between servers").into())
        }
        answer => answer,
    }
}
