//! A rate limiter that several processes share, in Redis or Valkey.
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
//! [`RedisRateLimiter`] is the whole module. It connects to one server with
//! [`connect`](RedisRateLimiter::connect), or uses a connection of yours with
//! [`from_connection_manager`](RedisRateLimiter::from_connection_manager), or
//! [`from_cluster`](RedisRateLimiter::from_cluster) for a cluster.

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

/// Counts in Redis 6.2 or later, or in Valkey, for all processes that ask the same server or cluster.
///
/// A decision is one round trip: a script takes the token by the server's own clock, so the clocks of
/// the processes don't matter. At the same times it decides as
/// [`LocalRateLimiter`](crate::rate_limit::LocalRateLimiter) does, to the nanosecond.
///
/// # What is kept
///
/// One key for each tenant and quota that was asked for of late,
/// `oauth-dcr:{TENANT}:rate:INTERVAL:BURST`, with a value of some 20 bytes. It expires when the
/// bucket is full again. The interval is the nanoseconds in which one token comes back. The braces are
/// part of it: in a cluster all of a tenant is in one slot. The quota is in the key so that a changed one
/// starts with a full bucket, while processes that don't agree yet can't empty or refill each other's; who
/// changes back goes on with the earlier bucket.
///
/// The key of a source's bucket is followed by the source, such as `:203.0.113.5`, `:2001:db8::/64` or
/// `:unknown`. There can be as many of them as sources were heard of while their buckets fill, so for a
/// quota for each source choose a burst that comes back within minutes.
///
/// A value that nobody can have written here counts as an empty bucket and is replaced; so does one
/// that was written when the server's clock was more than a second ahead of now, and a value of another
/// type, such as a list.
///
/// A key that is lost is a full bucket. So let the server evict none (`maxmemory-policy noeviction`),
/// and expect that a failover to a replica may give away what the replica had not heard of yet. A
/// user of the server's access control list needs `EVALSHA`, `SCRIPT LOAD`, `GET`, `SET` and `TIME`
/// on `oauth-dcr:*`.
///
/// # When Redis doesn't answer
///
/// No request waits longer than 250 ms, or as [`wait_at_most`](Self::wait_at_most) says. Then it fails
/// with [`BackendError`], and is refused, unless [`local_fallback`](Self::local_fallback) was chosen.
/// Until Redis answers again, one request at a time tries whether it does; the others fail, or fall
/// back, at once. A request that Redis counted when nobody waited for it any more has taken a token
/// all the same.
///
/// A server that answers but doesn't serve is an outage, too:
///
/// - one that is not the primary: `READONLY`, `MASTERDOWN`, `LOADING` and `NOREPLICAS`. After a failover
///   another server can have its address, so each attempt resolves the address and connects again.
/// - one that serves nobody: `CLUSTERDOWN`, `TRYAGAIN`, `BUSY`, `MISCONF` and `OOM`.
///
/// A server that doesn't answer is left as well, as soon as the connection to it is a second old.
///
/// A replica that may be written to (`replica-read-only no`) can't be told from a primary.
///
/// # In a cluster
///
/// When a server of a cluster fails, the requests of its tenants fail or fall back, and the other tenants
/// notice nothing. For this, choose the time limits of the connection as [`from_cluster`](Self::from_cluster)
/// says, and set `cluster-require-full-coverage no`: by default all servers refuse all requests while one
/// server is away for longer than `cluster-node-timeout`. During an outage one request at a time tries in
/// each slot, not in the whole cluster.
///
/// A user of the access control list needs `EVAL`, `CLUSTER SLOTS`, `PING` and `ASKING`, too.
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
    /// Counts in the server at `url`, such as `redis://:password@host:6379/0`.
    ///
    /// A server that can't be reached at this time is no error: requests fail until it can be, and
    /// meanwhile it is tried again and again; [`connect_error`](Self::connect_error) says why. It takes
    /// 250 ms at the most. For `rediss:` URLs, turn
    /// on a TLS feature of the crate `redis`.
    ///
    /// # Errors
    /// [`BackendError`] if `url` is not a valid URL, or a server answers that the user or the password is
    /// wrong, or that this user may not load scripts.
    ///
    /// The connections are made in the Tokio runtime that runs this call, so it has to run for as long as the
    /// limiter is used.
    ///
    /// # Panics
    /// Outside of a Tokio runtime.
    pub async fn connect(url: &str) -> Result<Self, BackendError> {
        connect::to_server(url).await.map(Self::connected)
    }

    /// Why [`connect`](Self::connect) did not reach the server; `None` if it did. It does not change when
    /// the server answers later. A host that starts can warn of it.
    pub fn connect_error(&self) -> Option<&BackendError> {
        self.connect_error.as_ref()
    }

    /// Counts over a connection that the host has already.
    ///
    /// The manager's own settings stay. With its defaults it waits ever longer between attempts to
    /// reconnect, and then gives up until it is asked again; [`connect`](Self::connect) chooses
    /// delays with which a server that is back is found within a second.
    ///
    /// A manager keeps its connection to a server that was demoted. The limiter closes the connection
    /// with `QUIT`, once a second at most, so that the manager makes a new one. Requests that you send over
    /// a clone of the manager at that moment can fail. The manager also keeps its connection to a server
    /// that doesn't answer, and the limiter can't close that.
    pub fn from_connection_manager(manager: ConnectionManager) -> Self {
        Self::over(Link::from(manager))
    }

    /// Counts in a cluster, over a connection that the host has already.
    ///
    /// The connection's own settings stay, except that no request waits longer than 250 ms for it. While
    /// it looks for the servers of the slots, it keeps all requests waiting: for a server whose machine is
    /// gone, it waits as long as its time limits say. By default these are longer than a request waits, so
    /// about a quarter of the requests to the other servers failed in a test. With these limits none did:
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

    /// What keys begin with, instead of `oauth-dcr`.
    ///
    /// Braces in it would take the place of those around the tenant, and put all tenants into one
    /// slot of a cluster.
    #[must_use]
    pub fn key_prefix(mut self, prefix: impl Into<String>) -> Self {
        self.key_prefix = prefix.into();
        self
    }

    /// How long a request waits for Redis, connecting included, instead of 250 ms; a minute at most.
    #[must_use]
    pub fn wait_at_most(mut self, limit: Duration) -> Self {
        self.time_limit = limit.min(MAX_TIME_LIMIT);
        self
    }

    /// Counts in this process while Redis doesn't answer, instead of refusing: `nodes` processes that
    /// do so admit about as much as the quota says, in all. Another error, such as for want of a right,
    /// is an answer: it refuses.
    ///
    /// Each has its share: the rate and `burst` divided by `nodes`, rounded down, but 1 at the
    /// least; so where there are more nodes than tokens, all together admit more than the quota. When
    /// an outage begins, a process's own bucket is as full as the last outage left it. Decisions
    /// say the share as their limit.
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
        let pass = pass.ok_or(Unanswered::Lately)?;
        let answer = match timeout(self.time_limit, self.link.send(&call)).await {
            Ok(reply) => reply.map_err(Unanswered::from),
            Err(_) => Err(Unanswered::TimedOut(self.time_limit)),
        };
        let answer = answer.and_then(|reply| Ok(bucket.decision(reply)?));
        self.note(pass, &call.key, answer.as_ref().err());
        answer
    }

    /// Keeps in mind whether Redis serves. The first failure of many acts for all of them.
    fn note(&self, pass: Pass, key: &str, failure: Option<&Unanswered>) {
        let Some(outage) = failure.and_then(Unanswered::outage) else {
            self.breaker.close(pass);
            return;
        };
        let is_news = self.breaker.open(pass, Instant::now());
        if is_news {
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
