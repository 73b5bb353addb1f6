//! Limits rates in Redis or Valkey, for several processes.
//!
//! ```no_run
//! use std::num::NonZeroU32;
//!
//! use oauth_dcr::{MemoryStore, Registrar, redis::RedisRateLimiter};
//!
//! # async fn start() -> Result<(), Box<dyn std::error::Error>> {
//! let limiter = RedisRateLimiter::connect("redis://127.0.0.1/").await?;
//! if let Some(error) = limiter.connect_error() {
//!     eprintln!("Redis can't be reached yet: {error}");
//! }
//! # #[cfg(feature = "memory")]
//! // While Redis does not answer, each of three processes admits a third of the quota.
//! let limiter = limiter.local_fallback(NonZeroU32::new(3).ok_or("no nodes")?);
//! let registrar = Registrar::builder(MemoryStore::new()).limiter(limiter).build()?;
//! # Ok(())
//! # }
//! ```
//!
//! [`RedisRateLimiter`] is the only item of this module. [`connect`](RedisRateLimiter::connect) connects it to one
//! server. [`from_connection_manager`](RedisRateLimiter::from_connection_manager) and, for a cluster,
//! [`from_cluster`](RedisRateLimiter::from_cluster) use a connection of yours.

mod breaker;
mod bucket;
mod call;
mod connect;
mod host_manager;
mod key;
mod link;
mod outage;
mod server;
#[cfg(feature = "memory")]
mod share;
mod slot;
mod unanswered;

use std::{fmt, time::Duration};

use redis::{aio::ConnectionManager, cluster_async::ClusterConnection};
use tokio::time::{Instant, timeout};

use self::{
    breaker::{Breaker, Pass},
    bucket::Bucket,
    call::AcquireScript,
    connect::Connected,
    link::{Link, TIME_LIMIT},
    unanswered::Unanswered,
};
use crate::{
    backend_error::BackendError,
    rate_limit::{DynRateLimiter, Quota, RateDecision, RateKey, RateLimiter},
};

/// The longest time limit that a host can set.
const MAX_TIME_LIMIT: Duration = Duration::from_mins(1);

/// Limits rates in Redis 6.2 or later, or in Valkey, for all processes that use the same server or cluster.
///
/// A decision takes one round trip. A script takes the token by the server's own clock, so the clocks of the
/// processes don't matter. Its decisions are the same as those of
/// [`LocalRateLimiter`](crate::rate_limit::LocalRateLimiter) at the same times, to the nanosecond.
///
/// # Stored keys
///
/// There is one key for each tenant and quota that was used recently: `oauth-dcr:{TENANT}:rate:INTERVAL:BURST`, with a
/// value of some 20 bytes. It expires when the bucket is full again. `INTERVAL` is the time in nanoseconds in which one
/// token is refilled. The braces are part of the key, so that all keys of a tenant are in one slot of a cluster.
///
/// The quota is in the key, so a changed quota starts with a full bucket. Processes that still have the old quota can't
/// empty or refill the new bucket. If you change back, the earlier bucket is used again.
///
/// The key of a source's bucket ends with the source, such as `:203.0.113.5`, `:2001:db8::/64` or `:unknown`. There is
/// one key for each source whose bucket is not full yet. So for a quota for each source, choose a burst that is refilled
/// within minutes.
///
/// A value that this crate can't have written counts as an empty bucket and is replaced. The same holds for a value that
/// was written when the server's clock was more than a second ahead of the present time, and for a value of another
/// type, such as a list.
///
/// A lost key counts as a full bucket. So let the server evict no keys (`maxmemory-policy noeviction`). A failover to a
/// replica may refill tokens whose use the replica did not receive in time. A user of the server's access control list
/// needs `EVALSHA`, `SCRIPT LOAD`, `GET`, `SET` and `TIME` on `oauth-dcr:*`.
///
/// # When Redis doesn't answer
///
/// No request waits longer than 250 ms, or than the time of [`wait_at_most`](Self::wait_at_most). Then it fails with
/// [`BackendError`] and is refused, unless [`local_fallback`](Self::local_fallback) is set. Until Redis answers again,
/// only one request at a time tries to reach it. The others fail or fall back at once. If Redis counts a request after
/// the request stopped waiting, the token is taken all the same.
///
/// A server that answers but can't serve requests counts as an outage, too:
///
/// - It is not the primary: `READONLY`, `MASTERDOWN`, `LOADING` and `NOREPLICAS`. After a failover, another server may
///   have the address, so each attempt resolves the address and connects again.
/// - It serves nobody: `CLUSTERDOWN`, `TRYAGAIN`, `BUSY`, `MISCONF` and `OOM`.
///
/// If a server doesn't answer, its connection is also replaced, but not within the connection's first second.
///
/// A writable replica (`replica-read-only no`) can't be distinguished from a primary.
///
/// # In a cluster
///
/// If a server of a cluster fails, the requests of its tenants fail or fall back, and other tenants are not affected.
/// For this, set the time limits of the connection as [`from_cluster`](Self::from_cluster) shows, and set
/// `cluster-require-full-coverage no`. By default, all servers refuse all requests while one server is away for longer
/// than `cluster-node-timeout`. During an outage, one request at a time tries in each slot, not in the whole cluster.
///
/// A user of the access control list also needs `EVAL`, `CLUSTER SLOTS`, `PING` and `ASKING`.
pub struct RedisRateLimiter {
    link: Link,
    script: AcquireScript,
    key_prefix: String,
    time_limit: Duration,
    breaker: Breaker,
    fallback: Option<Box<dyn DynRateLimiter>>,
    connect_error: Option<BackendError>,
}

impl RedisRateLimiter {
    /// Connects to the server at `url`, such as `redis://:password@host:6379/0`. This takes at most 250 ms.
    ///
    /// It is not an error if the server can't be reached: the limiter keeps trying to connect, requests fail meanwhile,
    /// and [`connect_error`](Self::connect_error) says why. For `rediss:` URLs, enable a TLS feature of the crate
    /// `redis`.
    ///
    /// The connections belong to the Tokio runtime that runs this call, so the runtime has to run for as long as the
    /// limiter is used.
    ///
    /// # Errors
    /// [`BackendError`] if `url` is not a valid URL, or if the server answers that the user or the password is wrong or
    /// that the user may not load scripts.
    ///
    /// # Panics
    /// Panics outside of a Tokio runtime.
    pub async fn connect(url: &str) -> Result<Self, BackendError> {
        connect::to_server(url).await.map(Self::connected)
    }

    /// Why [`connect`](Self::connect) did not reach the server. `None` if it did. The value does not change when the
    /// server answers later. A host can log it as a warning when it starts.
    pub fn connect_error(&self) -> Option<&BackendError> {
        self.connect_error.as_ref()
    }

    /// Uses a connection of the host.
    ///
    /// The settings of the manager do not change. With its defaults, it waits longer and longer between attempts to
    /// reconnect, and then gives up until the next request. With [`connect`](Self::connect), the limiter reconnects
    /// within a second after the server is back.
    ///
    /// A manager keeps its connection to a server that was demoted. The limiter closes the connection with `QUIT`, at
    /// most once a second, so that the manager opens a new one. Requests that you send over a clone of the manager at
    /// this moment can fail. The manager also keeps its connection to a server that doesn't answer. The limiter can't
    /// close this connection.
    pub fn from_connection_manager(manager: ConnectionManager) -> Self {
        Self::over(Link::from(manager))
    }

    /// Uses a cluster over a connection of the host.
    ///
    /// The settings of the connection do not change, except that no request waits longer than 250 ms. While the
    /// connection looks up the servers of the slots, all requests wait. If the machine of a server is gone, this takes as
    /// long as the time limits of the connection. By default these are longer than a request waits, so in a test about a
    /// quarter of the requests to the other servers failed. With these limits none failed:
    ///
    /// ```no_run
    /// use std::time::Duration;
    ///
    /// use oauth_dcr::redis::RedisRateLimiter;
    /// use redis::cluster::ClusterClient;
    ///
    /// # async fn start() -> Result<(), Box<dyn std::error::Error>> {
    /// let client = ClusterClient::builder(["redis://10.0.0.1/", "redis://10.0.0.2/"])
    ///     .connection_timeout(Duration::from_millis(50))
    ///     .response_timeout(Duration::from_millis(100))
    ///     .overall_response_timeout(None)
    ///     .build()?;
    /// let limiter = RedisRateLimiter::from_cluster(client.get_async_connection().await?);
    /// # Ok(())
    /// # }
    /// ```
    pub fn from_cluster(connection: ClusterConnection) -> Self {
        Self::over(Link::Cluster(connection))
    }

    fn connected((link, connect_error): Connected) -> Self {
        Self {
            connect_error,
            ..Self::over(link)
        }
    }

    fn over(link: Link) -> Self {
        Self {
            link,
            script: AcquireScript::new(),
            key_prefix: "oauth-dcr".to_owned(),
            time_limit: TIME_LIMIT,
            breaker: Breaker::default(),
            fallback: None,
            connect_error: None,
        }
    }

    /// Sets the prefix of all keys. Default: `oauth-dcr`.
    ///
    /// The prefix must not contain braces: Redis would use them instead of the braces around the tenant, and all tenants
    /// would be in one slot of a cluster.
    #[must_use]
    pub fn key_prefix(mut self, prefix: impl Into<String>) -> Self {
        self.key_prefix = prefix.into();
        self
    }

    /// Sets how long a request waits for Redis, including the time to connect. Default: 250 ms. At most a minute.
    #[must_use]
    pub fn wait_at_most(mut self, limit: Duration) -> Self {
        self.time_limit = limit.min(MAX_TIME_LIMIT);
        self
    }

    /// Counts in this process while Redis doesn't answer, instead of refusing requests. In total, `nodes` processes admit
    /// about as many requests as the quota allows. Other errors, such as a missing right, are answers of Redis: the
    /// request is refused.
    ///
    /// The share of each process is the rate and the burst divided by `nodes`, rounded down, but at least 1. So if there
    /// are more nodes than tokens, all nodes admit more than the quota in total. When an outage begins, the local bucket
    /// is as full as the last outage left it. The limit in decisions is the share.
    #[cfg(feature = "memory")]
    #[must_use]
    pub fn local_fallback(mut self, nodes: std::num::NonZeroU32) -> Self {
        self.fallback = Some(Box::new(share::Share::of(nodes)));
        self
    }

    async fn ask(&self, key: RateKey<'_>, quota: Quota) -> Result<RateDecision, Unanswered> {
        let bucket = Bucket::of(quota);
        let name = key::name(&self.key_prefix, key, quota);
        let call = self.script.call(name, bucket);
        let part = self.link.part(&call.key);
        let pass = self.breaker.pass(part, Instant::now(), self.time_limit);
        let pass = pass.ok_or(Unanswered::Suspended)?;
        let answer = match timeout(self.time_limit, self.link.send(&call)).await {
            Ok(reply) => reply.map_err(Unanswered::from),
            Err(_) => Err(Unanswered::TimedOut(self.time_limit)),
        };
        let answer = answer.and_then(|reply| Ok(bucket.decision(reply)?));
        self.record(pass, &call.key, answer.as_ref().err());
        answer
    }

    /// Records whether Redis serves requests. If many requests fail at the same time, only the first failure starts the
    /// recovery.
    fn record(&self, pass: Pass, key: &str, failure: Option<&Unanswered>) {
        let Some(outage) = failure.and_then(Unanswered::outage) else {
            self.breaker.close(pass);
            return;
        };
        let is_first_failure = self.breaker.open(pass, Instant::now());
        if is_first_failure {
            self.link.recover(outage, key);
        }
    }
}

impl RateLimiter for RedisRateLimiter {
    async fn acquire(&self, key: RateKey<'_>, quota: Quota) -> Result<RateDecision, BackendError> {
        match (self.ask(key, quota).await, &self.fallback) {
            (Ok(decision), _) => Ok(decision),
            (Err(unanswered), Some(fallback)) if unanswered.outage().is_some() => {
                fallback.acquire(key, quota).await
            }
            (Err(unanswered), _) => Err(unanswered.into()),
        }
    }
}

impl fmt::Debug for RedisRateLimiter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisRateLimiter")
            .field("key_prefix", &self.key_prefix)
            .field("falls_back", &self.fallback.is_some())
            .finish_non_exhaustive()
    }
}
